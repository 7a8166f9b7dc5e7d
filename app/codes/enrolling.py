"""Giving a phone what it needs to make codes by itself, and taking that back."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TypeGuard
from uuid import UUID

from sqlalchemy import update

from app.codes import keys
from app.codes.errors import NotARider
from app.codes.macs import CURRENT
from app.codes.models import LIVES, PHONE, SERVER, PersonalHandle
from app.codes.queries import InUse, Known, handle_in_use
from app.identity import queries as identity
from app.identity.actors import Actor
from app.identity.events import NumberMoved, PhoneEnded, RiderReturned
from app.identity.sessions import Claim, actor_for
from app.kernel import randomness
from app.kernel.db import insert_if_absent, session
from app.kernel.errors import Unavailable
from app.kernel.ids import new_id


def enrol_phone(
    *, device_name: str, claim: str | None = None, by: Actor, at: datetime
) -> tuple[PersonalHandle | InUse, bytes]:
    """A new handle for the rider's phone, and its key. Any other phone's handle ends.

    `claim`: what the phone makes up for this one request and shows to nobody else. The answer may get lost on the way;
    who asks again with the same claim gets the same handle and key, as long as they are in use.
    """
    _in_turn(by)
    digest = None if claim is None else digest_of(claim)
    found = None if digest is None else handle_in_use(by.id, PHONE)
    if is_good(found, at) and found.claim == digest:
        return found, _key_of_good(found)
    return _replace(by, PHONE, device_name, at, digest)


def renew_server_handle(*, by: Actor, at: datetime) -> PersonalHandle | InUse:
    """The handle for codes that the server draws for a browser which cannot make its own; a new one each week."""
    handle = handle_in_use(by.id, SERVER)
    if is_good(handle, at):
        return handle
    _in_turn(by)
    handle = handle_in_use(by.id, SERVER)  # of two pages opened at the same moment the second finds it
    return handle if is_good(handle, at) else _replace(by, SERVER, "server", at, None)[0]


def revoke_handles(*, person_id: UUID, at: datetime) -> int:
    """End every code of a person (a lost phone, another number). Returns how many handles ended.

    A phone that is being enrolled at this moment has been, and ends as well; or it waits, and finds its session ended.
    """
    identity.person_to_change(person_id)
    ended = session.execute(
        update(PersonalHandle)
        .where(PersonalHandle.person_id == person_id, PersonalHandle.revoked_at.is_(None))
        .values(revoked_at=at)
    )
    return int(ended.rowcount)  # type: ignore[attr-defined]


def on_phone_gone(event: PhoneEnded | NumberMoved | RiderReturned) -> None:
    """A lost phone was ended, the account has another number, or its rider came back on another phone.

    No phone that was enrolled before makes codes any more.
    """
    revoke_handles(person_id=event.person_id, at=event.at)


def is_good(handle: InUse | None, at: datetime) -> TypeGuard[InUse]:
    """Whether a handle need not be replaced: younger than a week, and its key has not been revoked."""
    return handle is not None and handle.is_fresh(at) and keys.is_usable(handle.epoch)


def key_of(handle: PersonalHandle | InUse | Known) -> bytes | None:
    """Kr, the key a handle's codes are made with; None once its epoch has been taken out of the settings."""
    return keys.key(handle.epoch, f"personal|{handle.handle}|{handle.id.hex}")


def _key_of_good(handle: PersonalHandle | InUse) -> bytes:
    key = key_of(handle)
    assert key is not None
    return key


def digest_of(claim: str) -> str:
    """What is kept of a claim, in hexadecimal: neither the database nor a stolen session can show it."""
    return hashlib.sha256(claim.encode()).hexdigest()


def decoy_key(digits: str) -> bytes:
    """A key for a handle that does not exist, so that looking for it takes as long as for one that does."""
    return keys.signing_key(f"decoy|{digits}|{UUID(int=0).hex}")


def _in_turn(by: Actor) -> None:
    """Only riders have codes; two phones that enrol at the same moment take turns."""
    if not by.is_rider:
        raise NotARider
    identity.self_to_change(by)
    if by.family_id is not None:  # whoever waited for the phone to be ended enrols it no more
        actor_for(Claim(by.id, by.family_id))


def _replace(
    by: Actor, maker: str, device_name: str, at: datetime, claim: str | None
) -> tuple[PersonalHandle, bytes]:
    session.execute(
        update(PersonalHandle)
        .where(
            PersonalHandle.person_id == by.id,
            PersonalHandle.maker == maker,
            PersonalHandle.revoked_at.is_(None),
        )
        .values(revoked_at=at)
    )
    handle = _with_new_number(by.id, maker, device_name, at, claim)
    return handle, _key_of_good(handle)


def _with_new_number(
    person_id: UUID, maker: str, device_name: str, at: datetime, claim: str | None
) -> PersonalHandle:
    for _ in range(8):  # ten random digits: taken once in a hundred thousand, with a hundred thousand handles
        values = {
            "id": new_id(),
            "person_id": person_id,
            "maker": maker,
            "device_name": device_name,
            "claim": claim,
            "handle": randomness.digits(10),
            "alg": CURRENT,
            "epoch": keys.signing_epoch(),
            "created_at": at,
            "expires_at": at + LIVES,
        }
        if insert_if_absent(PersonalHandle, values):
            return session.get_one(PersonalHandle, values["id"])
    raise Unavailable
