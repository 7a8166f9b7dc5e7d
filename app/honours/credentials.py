"""The honour as a digital credential: Open Badges 3.0, a verifiable credential as a JWT signed with EdDSA.

It is the holder's own: only he fetches it, and it carries his name only while he agrees to it. Everybody verifies it
with the keys of the issuer's document; whether it was taken back is one bit of a status list that is signed alike, so
nobody here learns whose credential is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.codes import keyring, keys
from app.codes.signatures import padless
from app.honours import queries, statuses
from app.honours.errors import HonourNotFound, HonourRevokedAlready
from app.honours.models import Honour, Selection
from app.identity.actors import Actor
from app.kernel import i18n, settings

CONTEXT = [
    "https://www.w3.org/ns/credentials/v2",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
]
_PURPOSE = "credential|ed25519"
LIST_KEPT = timedelta(hours=1)  # an old copy that says less proves nothing for longer
READ_AGAIN_S = 60  # what was taken back is known everywhere within a minute


def credential_of(*, honour_id: UUID, by: Actor, at: datetime) -> str:
    """The holder's credential as a compact JWT. Raises HonourNotFound, HonourRevokedAlready."""
    honour = queries.honour(honour_id)
    if honour.person_id != by.id or honour.token is None:
        raise HonourNotFound
    if honour.revoked_at is not None:
        raise HonourRevokedAlready
    listed, _, selection = queries.certified(honour.token)
    name = listed.name if listed is not None and listed.in_full else None
    document = _document(selection, honour, name)
    return _signed(document, honour.granted_at)


def status_list(*, number: int, at: datetime) -> str:
    """One of the lists that say which credentials were taken back, as a JWT like them. Raises HonourNotFound."""
    if number > statuses.newest_list():
        raise HonourNotFound
    address = _status_list(number)
    document = {
        "@context": CONTEXT[:1],
        "id": address,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": _issuer(),
        "validFrom": _moment(at),
        "validUntil": _moment(at + LIST_KEPT),
        "credentialSubject": {
            "id": f"{address}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": statuses.encoded(number),
        },
    }
    return _signed(document, at, {"exp": int((at + LIST_KEPT).timestamp())})


def issuer() -> dict[str, Any]:
    """The issuer's document: who it is, and the keys that verify. A key that was revoked verifies nothing any more."""
    methods = [
        {
            "id": f"{_issuer()}#{each.epoch}",
            "type": "JsonWebKey",
            "controller": _issuer(),
            "publicKeyJwk": {
                "kty": "OKP",
                "crv": "Ed25519",
                "alg": "EdDSA",
                "kid": f"{_issuer()}#{each.epoch}",
                "x": padless(_private(keys.derived(each.secret, _PURPOSE)).public_key().public_bytes_raw()),
            },
        }
        for each in keyring.current().usable()
        if each.secret is not None
    ]
    return {
        "@context": [*CONTEXT, "https://www.w3.org/ns/cid/v1"],
        "id": _issuer(),
        "type": ["Profile"],
        "name": i18n.say("honours.issuer", locale="zh"),
        "verificationMethod": methods,
        "assertionMethod": [each["id"] for each in methods],
    }


def _signed(document: dict[str, Any], since: datetime, more: Mapping[str, Any] | None = None) -> str:
    """A document as a JWT: iss, jti, nbf and sub repeat what it says, as the JWT form of the standard asks."""
    said_by = document["issuer"]
    claims = {
        **document,
        "iss": said_by if isinstance(said_by, str) else said_by["id"],
        "jti": document["id"],
        "nbf": int(since.timestamp()),
        "sub": document["credentialSubject"]["id"],
        **(more or {}),
    }
    headers = {"typ": "JWT", "kid": f"{_issuer()}#{keys.signing_epoch()}"}
    return jwt.encode(claims, _private(keys.signing_key(_PURPOSE)), algorithm="EdDSA", headers=headers)


def public_key() -> bytes:
    """The public key that verifies credentials signed now, raw."""
    return _private(keys.signing_key(_PURPOSE)).public_key().public_bytes_raw()


def _private(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)


def _issuer() -> str:
    return f"{settings.current().public_url}/honours/issuer"


def _status_list(number: int) -> str:
    return f"{settings.current().public_url}/honours/status/{number}"


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _document(selection: Selection, honour: Honour, name: str | None) -> dict[str, Any]:
    """The credential itself. Its subject is the certificate's address: no number of the person is in it."""
    page = f"{settings.current().public_url}/H/{honour.token}"
    subject: dict[str, Any] = {
        "id": page,
        "type": ["AchievementSubject"],
        "achievement": {
            "id": f"{settings.current().public_url}/honours/{selection.id}",
            "type": ["Achievement"],
            "name": selection.title_zh,
            "description": i18n.say("honours.credential-words", locale="zh", title=selection.title_zh),
            "criteria": {
                "narrative": i18n.say(
                    "honours.credential-criteria", locale="zh", sha256=selection.criteria_sha256
                )
            },
        },
    }
    if name is not None:
        subject["identifier"] = [
            {"type": "IdentityObject", "identityHash": name, "identityType": "name", "hashed": False}
        ]
    return {
        "@context": CONTEXT,
        "id": page,
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": selection.title_zh,
        "issuer": {"id": _issuer(), "type": ["Profile"], "name": i18n.say("honours.issuer", locale="zh")},
        "validFrom": _moment(honour.granted_at),
        "credentialSubject": subject,
        "credentialStatus": _status(honour),
    }


def _status(honour: Honour) -> dict[str, str]:
    assert honour.status_list is not None
    address = _status_list(honour.status_list)
    return {
        "id": f"{address}#{honour.status_index}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": str(honour.status_index),
        "statusListCredential": address,
    }
