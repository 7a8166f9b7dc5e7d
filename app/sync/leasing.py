"""The one lease of a station: granted to one device, renewed with a signal, bounded in time and points."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app.identity.actors import Actor
from app.kernel.clock import city_day
from app.kernel.db import session
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
            holder = session.get_one(StationDevice, before.device_id)
            raise LeaseTaken(device=holder.name, ends_at=before.ends_at)
        if before.device_id == device_id and before.told == 0 and _same_day(before, at):
            before.ends_at, before.heard_at, before.asleep_at = at + LEASE_LIVES, at, None
            before.granted_to = by.person_id
            session.flush()
            return before
        _close(before, device_id, at)
    lease = Lease(
        device_id=device_id,
        station_id=device.station_id,
        granted_to=by.person_id,
        granted_at=at,
        ends_at=at + LEASE_LIVES,
        points_limit=bounding.left_on(device.station_id, at),
        heard_at=at,
    )
    session.add(lease)
    session.flush()
    return lease


def _close(lease: Lease, device_id: UUID, at: datetime) -> None:
    if lease.device_id == device_id and queries.count_of(lease.id) < lease.told:
        raise LogIncomplete
    lease.closed_at = at
    session.flush()


def _same_day(lease: Lease, at: datetime) -> bool:
    return city_day(lease.granted_at) == city_day(at)
