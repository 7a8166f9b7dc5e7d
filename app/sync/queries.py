"""Looking up devices, leases, items and conflicts, and which riders an offline station may have seen."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from app.checkins.models import Checkin
from app.identity.actors import Actor
from app.identity.models import Person
from app.kernel.bulk import among, one_of
from app.kernel.clock import city_day, day_bounds
from app.kernel.db import Statement, dialect_name, session
from app.kernel.driving import rows
from app.kernel.paging import DEFAULT_LIMIT, Page, page
from app.places.models import Region, Station
from app.places.queries import inside
from app.sync.errors import ConflictUnknown, DeviceUnknown
from app.sync.models import (
    COUNTED,
    LATEST,
    REDEEM,
    REVIEW,
    SEEN_WITHIN,
    VOUCHER,
    WAITING,
    Conflict,
    Lease,
    StationDevice,
    SyncItem,
)

DISTRICT_DEPTH = 2  # city / district


@dataclass(frozen=True, slots=True)
class StationTrust:
    """What one station may lose without a signal, and what it has lost."""

    station: Station
    device: StationDevice
    lease: Lease
    waiting: int


def device(device_id: UUID) -> StationDevice:
    """The device with this id. Raises DeviceUnknown."""
    found = session.get(StationDevice, device_id)
    if found is None:
        raise DeviceUnknown
    return found


def device_to_change(device_id: UUID) -> StationDevice:
    """The same, locked until the unit of work ends."""
    found = session.scalar(select(StationDevice).where(StationDevice.id == device_id).with_for_update())
    if found is None:
        raise DeviceUnknown
    return found


def devices_of(station_id: UUID) -> Sequence[StationDevice]:
    """A station's devices, those in use first."""
    chosen = select(StationDevice).where(StationDevice.station_id == station_id)
    return session.scalars(
        chosen.order_by(StationDevice.revoked_at.is_not(None), StationDevice.id.desc())
    ).all()


def open_lease(station_id: UUID) -> Lease | None:
    """The lease now out at a station."""
    return session.scalar(select(Lease).where(Lease.station_id == station_id, Lease.closed_at.is_(None)))


def open_lease_to_change(station_id: UUID) -> Lease | None:
    """The same, locked until the unit of work ends."""
    chosen = select(Lease).where(Lease.station_id == station_id, Lease.closed_at.is_(None))
    return session.scalar(chosen.with_for_update().execution_options(populate_existing=True))


def lease_to_change(lease_id: UUID) -> Lease | None:
    """A lease, locked until the unit of work ends."""
    chosen = select(Lease).where(Lease.id == lease_id)
    return session.scalar(chosen.with_for_update().execution_options(populate_existing=True))


def count_of(lease_id: UUID) -> int:
    """How many entries of a lease's log have arrived."""
    counted = select(func.count()).select_from(SyncItem)
    return session.scalar(counted.where(SyncItem.lease_id == lease_id, SyncItem.seq.is_not(None))) or 0


def somebody_waits(lease_id: UUID, since: datetime) -> bool:
    """Whether an entry of this lease waits, or anything that happened after the device was last heard."""
    waiting = select(SyncItem.id).where(SyncItem.state == WAITING)
    mine, later = waiting.where(SyncItem.lease_id == lease_id), waiting.where(SyncItem.happened_at > since)
    return session.scalar(select(or_(mine.exists(), later.exists()))) or False


def missing_of(lease: Lease, limit: int = 50) -> list[int]:
    """The first places of a lease's log that have not arrived."""
    chosen = select(SyncItem.seq).where(SyncItem.lease_id == lease.id, SyncItem.seq.is_not(None))
    there = set(session.scalars(chosen))
    return [seq for seq in range(1, lease.told + 1) if seq not in there][:limit]


def hash_at(lease_id: UUID, seq: int) -> str | None:
    """The hash of the entry at one place of a lease's log; None while it has not arrived."""
    return session.scalar(select(SyncItem.hash).where(SyncItem.lease_id == lease_id, SyncItem.seq == seq))


def hashes_at(places: Collection[tuple[UUID, int]]) -> dict[tuple[UUID, int], str]:
    """The same of many places."""
    leases, seqs = {lease_id for lease_id, _ in places}, {seq for _, seq in places}
    found = session.execute(
        select(SyncItem.lease_id, SyncItem.seq, SyncItem.hash).where(
            SyncItem.lease_id.in_(leases), among(SyncItem.seq, seqs)
        )
    )
    return {
        (lease_id, seq): told for lease_id, seq, told in found if lease_id is not None and seq is not None
    }


def leases_named(ids: Collection[UUID]) -> dict[UUID, Lease]:
    """The leases with these ids."""
    return {each.id: each for each in session.scalars(select(Lease).where(Lease.id.in_(ids)))}


class Waiting(NamedTuple):
    """An item that is to be settled; the names are those of `SyncItem`, which costs ten times as much to read."""

    id: UUID
    kind: str
    body: str
    person_id: UUID | None
    station_id: UUID | None
    lease_id: UUID | None
    seq: int | None
    prev_hash: str | None
    hash: str
    signature: str | None
    clock_offset_s: int
    happened_at: datetime
    arrived_at: datetime

    @property
    def of_station(self) -> bool:
        """As `SyncItem.of_station`."""
        return self.lease_id is not None

    @property
    def of_goods(self) -> bool:
        """As `SyncItem.of_goods`."""
        return self.kind in (REDEEM, VOUCHER)


class Told(NamedTuple):
    """What is answered about an item; the names are those of `SyncItem`."""

    id: UUID
    seq: int | None
    kind: str
    state: str
    slug: str | None
    words: dict[str, str] | None
    points: int | None
    happened_at: datetime
    arrived_at: datetime
    checkin_id: UUID | None
    voucher_id: UUID | None


def waiting_named(ids: Sequence[UUID]) -> dict[UUID, Waiting]:
    """These items, as they are settled."""
    return {row[0]: Waiting(*row) for row in rows(_these(Waiting, dialect_name()), {"ids": list(ids)})}


def told_of(ids: Sequence[UUID]) -> dict[UUID, Told]:
    """These items, as they are answered."""
    return {row[0]: Told(*row) for row in rows(_these(Told, dialect_name()), {"ids": list(ids)})}


@cache
def _these(shape: type[Waiting | Told], dialect: str) -> Statement:
    looked_at = (getattr(SyncItem, name) for name in shape._fields)
    return select(*looked_at).where(one_of(SyncItem.id, "ids", dialect))


def items_named(ids: Sequence[UUID]) -> dict[UUID, SyncItem]:
    """The items with these ids, those that are there."""
    found = session.scalars(
        select(SyncItem).where(among(SyncItem.id, ids)).execution_options(populate_existing=True)
    )
    return {each.id: each for each in found}


def my_items(person_id: UUID, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> Page[SyncItem]:
    """What a rider did without a signal, newest first."""
    return page(select(SyncItem).where(SyncItem.person_id == person_id), SyncItem.id, cursor, limit)


def redeemed_on(person_id: UUID, at: datetime) -> int:
    """How many rewards the rider got without a voucher and without a signal on that city day."""
    first, last = day_bounds(city_day(at))
    counted = select(func.count()).where(
        SyncItem.person_id == person_id,
        SyncItem.kind == REDEEM,
        SyncItem.state.in_((COUNTED, REVIEW)),
        SyncItem.happened_at >= first,
        SyncItem.happened_at < last,
    )
    return session.scalar(counted) or 0


def is_out(at: datetime) -> ColumnElement[bool]:
    """Whether a lease's device may still hold entries nobody has seen: not put away, not closed, not given up."""
    return and_(
        Lease.closed_at.is_(None),
        Lease.asleep_at.is_(None),
        Lease.heard_at < at,
        Lease.ends_at > at - LATEST,
    )


def leases_out(at: datetime) -> Sequence[Lease]:
    """The leases that are out."""
    return session.scalars(select(Lease).where(is_out(at))).all()


# --- whom an offline station may see ------------------------------------------------------------------------


def district_of(station: Station) -> str:
    """The path of the district a station lies in."""
    path: str = session.scalar(select(Region.path).where(Region.code == station.region_code)) or ""
    return "/".join(path.split("/")[:DISTRICT_DEPTH]) + "/"


def riders_of(station: Station, at: datetime) -> Select[UUID]:
    """Riders of the station's district, and those seen at the station within 30 days: all others are online only."""
    home = select(Region.code).where(inside(Region.path, [district_of(station)]))
    seen = select(Checkin.person_id).where(
        Checkin.station_id == station.id, Checkin.happened_at >= at - SEEN_WITHIN
    )
    return select(Person.id).where(
        Person.enrolled_at.is_not(None),
        Person.closed_at.is_(None),
        or_(Person.home_region_code.in_(home), Person.id.in_(seen)),
    )


def may_have_been_seen(lease: Lease, person_ids: Collection[UUID]) -> set[UUID]:
    """Those of these riders whose code the device with this lease could have taken."""
    station = session.get_one(Station, lease.station_id)
    return set(session.scalars(riders_of(station, lease.granted_at).where(Person.id.in_(person_ids))))


# --- the conflict desk --------------------------------------------------------------------------------------


def conflicts_for(
    by: Actor, *, decided: bool = False, cursor: str | None = None, limit: int = DEFAULT_LIMIT
) -> Page[Conflict]:
    """The conflicts this person may decide, newest first."""
    chosen = select(Conflict).where(
        Conflict.decided_at.is_not(None) if decided else Conflict.decided_at.is_(None), _within(by, Conflict)
    )
    return page(chosen, Conflict.id, cursor, limit)


def conflict_for(by: Actor, conflict_id: UUID) -> Conflict:
    """One conflict this person may decide. Raises ConflictUnknown, also for one that lies elsewhere."""
    found = session.scalar(select(Conflict).where(Conflict.id == conflict_id, _within(by, Conflict)))
    if found is None:
        raise ConflictUnknown
    return found


def conflict_to_change(conflict_id: UUID) -> Conflict:
    """A conflict, locked until the unit of work ends. Raises ConflictUnknown."""
    found = session.scalar(
        select(Conflict)
        .where(Conflict.id == conflict_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise ConflictUnknown
    return found


def trust_for(by: Actor) -> Sequence[StationTrust]:
    """The open leases of the stations this person oversees, with what is at stake."""
    rows = session.execute(
        select(Lease, Station, StationDevice)
        .join(Station, Station.id == Lease.station_id)
        .join(StationDevice, StationDevice.id == Lease.device_id)
        .where(Lease.closed_at.is_(None), _within(by, Station))
        .order_by(Station.name, Station.id)
    ).all()
    return [StationTrust(station, device, lease, _waiting(lease)) for lease, station, device in rows]


def lost_since(by: Actor, since: datetime) -> int:
    """Points that were given on trust at this person's stations and that nobody's wallet paid."""
    lost = select(func.coalesce(func.sum(Lease.points_lost), 0)).join(Station, Station.id == Lease.station_id)
    return session.scalar(lost.where(Lease.granted_at >= since, _within(by, Station))) or 0


def _waiting(lease: Lease) -> int:
    counted = select(func.count()).where(SyncItem.lease_id == lease.id, SyncItem.state == WAITING)
    return session.scalar(counted) or 0


def _within(by: Actor, model: type[Conflict] | type[Station]) -> ColumnElement[bool]:
    scopes = by.scopes("station.manage")
    station_id = Conflict.station_id if model is Conflict else Station.id
    regions = select(Region.code).where(inside(Region.path, scopes.region_paths))
    return or_(station_id.in_(scopes.station_ids), model.region_code.in_(regions))
