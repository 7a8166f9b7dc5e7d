"""The honour as a digital credential: Open Badges 3.0, a verifiable credential as a JWT signed with EdDSA.

It is the holder's own: only he fetches it, and it carries his name only while he agrees to it. Everybody verifies it
with the public key; that it was taken back is told by the verification page it names.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.codes import keys
from app.honours import queries
from app.honours.errors import HonourNotFound, HonourRevokedAlready
from app.honours.models import Selection
from app.identity.actors import Actor
from app.kernel import i18n, settings

CONTEXT = [
    "https://www.w3.org/ns/credentials/v2",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
]
_PURPOSE = "credential|ed25519"


def credential_of(*, honour_id: UUID, by: Actor, at: datetime) -> str:
    """The holder's credential as a compact JWT. Raises HonourNotFound, HonourRevokedAlready."""
    honour = queries.honour(honour_id)
    if honour.person_id != by.id or honour.token is None:
        raise HonourNotFound
    if honour.revoked_at is not None:
        raise HonourRevokedAlready
    listed, _, selection = queries.certified(honour.token)
    name = listed.name if listed is not None and listed.in_full else None
    document = _document(selection, honour.token, honour.granted_at, name)
    # iss, jti, nbf and sub repeat what the document says, as the JWT form of the standard asks.
    claims = {
        **document,
        "iss": document["issuer"]["id"],
        "jti": document["id"],
        "nbf": int(honour.granted_at.timestamp()),
        "sub": document["credentialSubject"]["id"],
    }
    headers = {"typ": "JWT", "kid": f"{_issuer()}#{keys.signing_epoch()}"}
    return jwt.encode(claims, _key(), algorithm="EdDSA", headers=headers)


def public_key() -> bytes:
    """The public key that verifies credentials signed now, raw."""
    return _key().public_key().public_bytes_raw()


def _key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(keys.signing_key(_PURPOSE))


def _issuer() -> str:
    return f"{settings.current().public_url}/honours/issuer"


def _document(selection: Selection, token: str, granted_at: datetime, name: str | None) -> dict[str, Any]:
    """The credential itself. Its subject is the certificate's address: no number of the person is in it."""
    page = f"{settings.current().public_url}/H/{token}"
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
        "validFrom": granted_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "credentialSubject": subject,
    }
