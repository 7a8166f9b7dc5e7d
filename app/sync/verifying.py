"""Re-checking on the server what a device accepted without a signal: first the rider's code, then the device's word.

A code that the rider's phone did not make is refused, whoever signed for it: nobody can invent a visit. A genuine code
in a log that cannot be fully believed goes to a person.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.codes import queries as codes
from app.codes import steps
from app.codes.enrolling import key_of
from app.codes.errors import (
    CodeForged,
    CodeFormat,
    CodeSkew,
    CodeUnknown,
    HandleExpired,
    HandleRevoked,
    NotARider,
    OwnCode,
)
from app.codes.kinds.personal import PersonalCode
from app.codes.models import GRACE, PersonalHandle, ScanSession
from app.identity import queries as people
from app.identity.models import Person
from app.kernel.db import insert_if_absent
from app.kernel.ids import new_id
from app.sync import chain, queries, resolving
from app.sync.errors import (
    ArrivedTooLate,
    ClockOff,
    CodeUsedTwice,
    DeviceRevoked,
    LogBroken,
    LogForked,
    OutsideLease,
)
from app.sync.models import LATEST, MAX_SKEW_S, Lease, StationDevice, SyncItem
from app.sync.queries import Waiting

Handle = PersonalHandle | codes.Known
Rider = Person | people.Standing
_SLACK = timedelta(seconds=MAX_SKEW_S)


@dataclass(frozen=True, slots=True)
class Shown:
    """A genuine code: whose, made in which step, and how far the phone's clock was from the device's."""

    handle: Handle
    step: int
    skew_s: int


def shown_code(
    text: str,
    happened_at: datetime,
    handle_named: Callable[[str], Handle | None] = codes.handle_named,
) -> Shown:
    """The rider's code, if the rider's phone made it when the log says. Raises CodeFormat, CodeUnknown, CodeForged."""
    code = resolving.scanned_in(text, happened_at)
    if not isinstance(code, PersonalCode):
        raise CodeFormat
    handle = handle_named(code.handle)
    if handle is None:
        raise CodeUnknown
    key = key_of(handle)
    if key is None:
        raise HandleExpired
    step = steps.nearest(code.step_shown, happened_at)
    if not code.is_made_by(key, handle.alg, step):
        raise CodeForged
    return Shown(handle, step, steps.skew_s(step, happened_at))


def must_be_good(
    shown: Shown, happened_at: datetime, lease: Lease, person: Callable[[UUID], Rider] = people.person
) -> None:
    """Refuse a code that was not good when it was shown. One that was taken back later was good then."""
    handle = shown.handle
    if handle.revoked_at is not None and handle.revoked_at <= happened_at:
        raise HandleRevoked
    if happened_at >= handle.expires_at + GRACE:
        raise HandleExpired
    if abs(shown.skew_s) > steps.MAX_SKEW_S:
        raise CodeSkew(skew_s=shown.skew_s, off_s=abs(shown.skew_s))
    if handle.person_id == lease.granted_to:
        raise OwnCode
    if not person(handle.person_id).is_rider:
        raise NotARider


def must_be_believed(
    item: SyncItem | Waiting,
    lease: Lease,
    at: datetime,
    hash_at: Callable[[UUID, int], str | None] = queries.hash_at,
    device_named: Callable[[UUID], StationDevice] = queries.device,
) -> None:
    """Refuse what the device's word alone cannot carry: a broken or forked log, a wrong clock, a device taken away."""
    device = device_named(lease.device_id)
    if item.seq is None:
        raise LogForked
    signed = chain.is_signed(device.public_key, item.hash, item.signature or "")
    if not signed or not _fits(item, lease, hash_at):
        raise LogBroken
    if device.revoked_at is not None and item.arrived_at >= device.revoked_at:
        raise DeviceRevoked
    if abs(item.clock_offset_s) > MAX_SKEW_S or item.happened_at > item.arrived_at + _SLACK:
        raise ClockOff(off_s=abs(item.clock_offset_s) or round((item.happened_at - at).total_seconds()))
    if item.arrived_at - item.happened_at > LATEST:
        raise ArrivedTooLate
    ends_at = min(lease.ends_at, lease.closed_at or lease.ends_at)
    if not lease.granted_at - _SLACK <= item.happened_at <= ends_at + _SLACK:
        raise OutsideLease


def _fits(item: SyncItem | Waiting, lease: Lease, hash_at: Callable[[UUID, int], str | None]) -> bool:
    if item.seq == 1:
        return item.prev_hash == lease.id.hex
    return hash_at(lease.id, (item.seq or 0) - 1) == item.prev_hash


def take_step(shown: Shown, station_id: UUID, lease: Lease, happened_at: datetime) -> None:
    """Use a step of a code at this station. Raises CodeUsedTwice if another station has it.

    The same unique constraint as for a scan with a signal: of any number of uses, one row can be written.
    """
    if insert_if_absent(ScanSession, use_of(shown, station_id, lease, happened_at)):
        return
    used = codes.use_of_step(shown.handle.id, shown.step)
    if used is None or used.station_id != station_id:
        raise CodeUsedTwice


def use_of(shown: Shown, station_id: UUID, lease: Lease, happened_at: datetime) -> dict[str, Any]:
    """The row that uses a step."""
    return {
        "id": new_id(),
        "handle_id": shown.handle.id,
        "step": shown.step,
        "person_id": shown.handle.person_id,
        "station_id": station_id,
        "opened_by": lease.granted_to,
        "opened_at": happened_at,
    }
