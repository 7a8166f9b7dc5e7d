"""Making a device one of a station's, with a code that is typed once, and taking it out of use."""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

from sqlalchemy import update

from app.audit.recording import record
from app.identity.actors import Actor
from app.kernel import randomness
from app.kernel.db import session
from app.sync import chain, queries
from app.sync.errors import EnrolmentCodeWrong
from app.sync.models import CODE_LIVES, EnrolmentCode, Lease, StationDevice

CODE_LENGTH = 8


def make_enrolment_code(*, station_id: UUID, by: Actor, at: datetime) -> str:
    """Eight characters (40 random bits) that make one device one of the station's. Only their hash is kept."""
    by.must("station.devices", station_id=station_id)
    code = randomness.crockford(CODE_LENGTH)
    session.add(
        EnrolmentCode(
            station_id=station_id,
            code_hash=_hash(code),
            made_by=by.person_id,
            made_at=at,
            expires_at=at + CODE_LIVES,
        )
    )
    session.flush()
    return code


def enrol_device(
    *, station_id: UUID, code: str, name: str, public_key: str, by: Actor, at: datetime
) -> StationDevice:
    """The device in hand becomes one of the station's. Of two that use one code, the first row locked wins."""
    by.must("station.scan", station_id=station_id)
    chain.key_of(public_key)
    used = session.scalar(
        update(EnrolmentCode)
        .where(
            EnrolmentCode.code_hash == _hash(code),
            EnrolmentCode.station_id == station_id,
            EnrolmentCode.used_at.is_(None),
            EnrolmentCode.expires_at > at,
        )
        .values(used_at=at)
        .returning(EnrolmentCode.id)
    )
    if used is None:
        raise EnrolmentCodeWrong
    device = StationDevice(
        station_id=station_id, name=name, public_key=public_key, enrolled_by=by.person_id, enrolled_at=at
    )
    session.add(device)
    session.flush()
    record(action="device.enrolled", subject=f"device:{device.id}", facts={"name": name}, by=by, at=at)
    return device


def revoke_device(*, device_id: UUID, by: Actor, at: datetime) -> StationDevice:
    """Take a lost or broken device out of use. What it sends from now on goes to a person, whatever it says."""
    device = queries.device_to_change(device_id)
    by.must("station.devices", station_id=device.station_id)
    if device.revoked_at is None:
        device.revoked_at, device.revoked_by = at, by.person_id
        session.execute(
            update(Lease).where(Lease.device_id == device_id, Lease.closed_at.is_(None)).values(closed_at=at)
        )
        session.flush()
        record(action="device.revoked", subject=f"device:{device.id}", facts={}, by=by, at=at)
    return device


def _hash(code: str) -> str:
    cleaned = (
        "".join(code.upper().split()).replace("-", "").replace("O", "0").replace("I", "1").replace("L", "1")
    )
    return hashlib.sha256(f"enrolment|{cleaned}".encode()).hexdigest()
