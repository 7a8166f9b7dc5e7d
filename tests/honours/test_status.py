"""Taken back, and known by a list: another implementation reads it, and nobody is asked about one person."""

from __future__ import annotations

import base64
import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from openbadgeslib.ob3 import OB3Verifier, check_credential_status
from openbadgeslib.ob3.verifier import OB3VerificationError
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from app.honours import announcing, credentials, queries, statuses
from app.honours.models import STATUS_BITS, Honour
from app.kernel import clock, randomness
from app.kernel.db import session, transaction
from tests.honours import make


def _bits(token: str) -> bytes:
    said = jwt.decode(token, options={"verify_signature": False})["credentialSubject"]["encodedList"]
    assert (said[0], said[-1] == "=") == ("u", False)
    packed = base64.urlsafe_b64decode(said[1:] + "=" * (-len(said[1:]) % 4))
    assert packed[4:8] == bytes(4)  # no time of packing: the same list is the same text
    return gzip.decompress(packed)


def _set(token: str) -> set[int]:
    return {
        place * 8 + bit for place, byte in enumerate(_bits(token)) for bit in range(8) if byte & (0x80 >> bit)
    }


def _list(app: Flask, address: str) -> bytes:
    answer = app.test_client().get(address.removeprefix("http://127.0.0.1:8000"))
    assert answer.status_code == 200
    assert answer.mimetype == "application/vc+jwt"
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    return answer.data


def _key(app: Flask, kid: str) -> Ed25519PublicKey:
    """The key of the issuer's document, read as any verifier would."""
    document: dict[str, Any] = json.loads(app.test_client().get("/honours/issuer").text)
    (method,) = [each for each in document["verificationMethod"] if each["id"] == kid]
    assert kid in document["assertionMethod"]
    text = method["publicKeyJwk"]["x"]
    return Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def test_another_implementation_finds_a_revocation_in_the_signed_list(app: Flask) -> None:
    here = make.setting(300, 200, 100)
    make.final(here)
    with transaction():  # the other library looks at its own clock
        session.execute(update(Honour).values(granted_at=datetime(2026, 1, 2, tzinfo=UTC)))
        mine, _ = queries.my_honours(here.riders[0].id)[0]
        other, _ = queries.my_honours(here.riders[1].id)[0]
    acting = [make.acting(each) for each in here.riders[:2]]
    with transaction(write=False):
        tokens = [
            credentials.credential_of(honour_id=each.id, by=by, at=clock.now())
            for each, by in zip((mine, other), acting, strict=True)
        ]
    key = _key(app, jwt.get_unverified_header(tokens[0])["kid"])
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    first, second = (OB3Verifier(pem).verify(each) for each in tokens)
    real = datetime.now(UTC)

    def fetch(address: str) -> bytes:
        _list(app, address)
        number = int(address.rsplit("/", 1)[-1])
        with transaction(write=False):
            return credentials.status_list(number=number, at=real).encode()

    for each in (first, second):
        check_credential_status(each, fetch, verify_list=True, list_pubkey_pem=pem)
    with transaction():
        announcing.revoke(honour_id=mine.id, reason="事迹不实", by=here.department, at=clock.now())
    check_credential_status(second, fetch, verify_list=True, list_pubkey_pem=pem)
    with pytest.raises(OB3VerificationError, match="'revocation' is set"):
        check_credential_status(first, fetch, verify_list=True, list_pubkey_pem=pem)
    assert _set(_list(app, "/honours/status/0").decode()) == {mine.status_index}


def test_a_list_tells_of_nobody_and_is_as_long_whoever_is_in_it(app: Flask) -> None:
    here = make.setting(300, names=["欧阳振华"])
    empty = app.test_client().get("/honours/status/0").text
    make.final(here)
    text = _list(app, "/honours/status/0").decode()
    assert len(_bits(text)) == len(_bits(empty)) == STATUS_BITS // 8
    assert _set(text) == set()
    assert "欧阳" not in json.dumps(jwt.decode(text, options={"verify_signature": False}), ensure_ascii=False)
    assert app.test_client().get("/honours/status/1").status_code == 404
    said = jwt.decode(text, options={"verify_signature": False})
    assert datetime.fromisoformat(said["validUntil"]) - datetime.fromisoformat(
        said["validFrom"]
    ) <= timedelta(hours=1)


def test_no_two_honours_share_a_place_and_a_full_half_begins_the_next_list(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statuses, "HELD", 2)
    here = make.setting(300, 200, 100)
    make.final(here)
    with transaction():
        honours = [queries.my_honours(each.id)[0][0] for each in here.riders]
        places = {(each.status_list, each.status_index) for each in honours}
        assert sorted(number for number, _ in places) == [0, 0, 1]
        first = honours[0]
    assert [app.test_client().get(f"/honours/status/{number}").status_code for number in (1, 2)] == [200, 404]
    with pytest.raises(IntegrityError), transaction():
        session.execute(
            update(Honour)
            .where(Honour.id != first.id)
            .values(status_list=first.status_list, status_index=first.status_index)
        )
    with pytest.raises(IntegrityError, match="status_index"), transaction():
        session.execute(update(Honour).values(status_index=STATUS_BITS))


def test_places_drawn_together_are_as_different_as_those_drawn_apart(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter((5, 5, 5, 6))
    monkeypatch.setattr(randomness, "below", lambda _bits: next(drawn))
    with transaction():
        assert list(statuses.places(2)) == [(0, 5), (0, 6)]


def test_a_list_is_left_with_room_for_chance() -> None:
    assert statuses.HELD <= STATUS_BITS // 2
