"""The one lease of a station: granted to one device, renewed with a signal, bounded in time and points."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app.identity.actors import Actor
from app.kernel.clock import city_day
from app.kernel.db import insert_if_absent, session
from app.kernel.errors import Conflict
from app.kernel.ids import new_id
from app.sync import bounding, queries
from app.sync.errors import LeaseTaken, LogIncomplete
from app.sync.models import LEASE_LIVES, Lease, StationDevice


def renew_lease(*, device_id: UUID, by: Actor, at: datetime) -> Lease:
    """The lease this device may work with from now on. An unused one of the same day goes on; another is begun anew.

    The station's row of open leases is unique: of two devices that ask at once, one gets it.
    """
    device = queries.device_to_change(device_id)
    by.must("station.scan", station_id=device.station_id)
    device.must_be_in_use()
    before = queries.open_lease_to_change(device.station_id)
    if before is not None:
        if before.device_id != device_id and at < before.ends_at:
            raise _taken_by(before)
        if before.device_id == device_id and before.told == 0 and _same_day(before, at):
            before.ends_at, before.heard_at, before.asleep_at = at + LEASE_LIVES, at, None
            before.granted_to = by.person_id
            session.flush()
            return before
        _close(before, device_id, at)
    return _grant(device, by, at)


def _grant(device: StationDevice, by: Actor, at: datetime) -> Lease:
    granted = {
        "id": new_id(),
        "device_id": device.id,
        "station_id": device.station_id,
        "granted_to": by.person_id,
        "granted_at": at,
        "ends_at": at + LEASE_LIVES,
        "points_limit": bounding.left_on(device.station_id, at),
        "heard_at": at,
    }
    if insert_if_absent(Lease, granted):
        return session.get_one(Lease, granted["id"])
    taken = queries.open_lease(device.station_id)  # by another device that asked at the same moment
    raise _taken_by(taken) if taken is not None else Conflict


def _taken_by(lease: Lease) -> LeaseTaken:
    holder = session.get_one(StationDevice, lease.device_id)
    return LeaseTaken(device=holder.name, ends_at=lease.ends_at)


def _close(lease: Lease, device_id: UUID, at: datetime) -> None:
    if lease.device_id == device_id and queries.count_of(lease.id) < lease.told:
        raise LogIncomplete
    lease.closed_at = at
    session.flush()


def _same_day(lease: Lease, at: datetime) -> bool:
    return city_day(lease.granted_at) == city_day(at)
