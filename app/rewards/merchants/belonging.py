"""Merchants: who is settled with for several stations, and from which month on a station is theirs.

A station belongs to one party at a time, from the first day of a month on: what was handed over in a month is settled
with whoever has the station in it. A month that is settled stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.orm import aliased

from app.audit.recording import record
from app.identity.actors import Actor
from app.kernel import randomness
from app.kernel.db import insert_if_absent, session
from app.kernel.ids import new_id
from app.kernel.paging import Page, page
from app.places import queries as places
from app.places.models import Region, Station
from app.rewards.books import queries as books
from app.rewards.errors import MerchantNamed, MerchantUnknown, MonthSettled, StationNotTheirs
from app.rewards.merchants.models import Merchant, MerchantStation

MAY_LOOK = ("rewards.manage", "ledger.read")


def name_merchant(*, name: str, region_code: str, by: Actor, at: datetime) -> Merchant:
    """Name somebody who is settled with. Raises MerchantNamed if the region has one of that name."""
    by.must("rewards.manage", region_path=places.region_path(region_code))
    merchant_id = new_id()
    written = {
        "id": merchant_id,
        "name": name,
        "short_code": randomness.crockford(6),
        "region_code": region_code,
        "named_by": by.id,
        "named_at": at,
    }
    if not insert_if_absent(Merchant, written):
        raise MerchantNamed(fields={"name": ["merchant-named"]})
    record(action="merchant.named", subject=f"merchant:{merchant_id}", facts={"name": name}, by=by, at=at)
    return session.get_one(Merchant, merchant_id)


def attach(
    *, merchant_id: UUID, station_id: UUID, from_month: date, by: Actor, at: datetime
) -> MerchantStation:
    """From this month on the station is settled with this merchant. Raises MerchantUnknown, MonthSettled."""
    merchant = merchant_for(merchant_id, by)
    by.must("rewards.manage", region_path=places.region_path(merchant.region_code))
    facts = {"station": places.station(station_id).name}
    return _turn(merchant, station_id, merchant_id, from_month, "merchant.station-joined", facts, by, at)


def release(
    *, merchant_id: UUID, station_id: UUID, from_month: date, by: Actor, at: datetime
) -> MerchantStation:
    """From this month on the station is settled with for itself again. Raises StationNotTheirs, MonthSettled."""
    merchant = merchant_for(merchant_id, by)
    books.turn_at(station_id)  # nobody gives it to another meanwhile
    if holder_of(station_id, from_month) != merchant_id:
        raise StationNotTheirs
    facts = {"station": places.station(station_id).name}
    return _turn(merchant, station_id, None, from_month, "merchant.station-left", facts, by, at)


def _turn(
    merchant: Merchant,
    station_id: UUID,
    holder_id: UUID | None,
    from_month: date,
    action: str,
    facts: dict[str, str],
    by: Actor,
    at: datetime,
) -> MerchantStation:
    by.must("rewards.manage", station_id=station_id)
    month = from_month.replace(day=1)
    books.books_to_change(station_id)  # nobody settles it meanwhile
    last = books.last_settlement(station_id)
    if last is not None and month <= last.month:
        raise MonthSettled(month=last.month.strftime("%Y-%m"))
    turn = session.get(MerchantStation, (station_id, month), populate_existing=True)
    if turn is None:
        turn = MerchantStation(station_id=station_id, from_month=month)
        session.add(turn)
    turn.merchant_id, turn.set_by, turn.set_at = holder_id, by.id, at
    session.flush()
    facts |= {"since": f"{month:%Y-%m}"}
    record(action=action, subject=f"merchant:{merchant.id}", facts=facts, by=by, at=at)
    return turn


# --- looking ---------------------------------------------------------------------------------------------------------


def merchant_for(merchant_id: UUID, by: Actor) -> Merchant:
    """A merchant of the caller's regions. Raises MerchantUnknown."""
    found = session.scalar(select(Merchant).where(Merchant.id == merchant_id, _within(by)))
    if found is None:
        raise MerchantUnknown
    return found


def merchants(*, by: Actor, cursor: str | None = None, limit: int = 20) -> Page[Merchant]:
    """Those of the caller's regions, newest first."""
    return page(select(Merchant).where(_within(by)), Merchant.id, cursor, limit)


def holder_of(station_id: UUID, month: date) -> UUID | None:
    """With whom a station is settled in a month; None: with itself."""
    newest_first = (
        select(MerchantStation.merchant_id)
        .where(MerchantStation.station_id == station_id, MerchantStation.from_month <= month.replace(day=1))
        .order_by(MerchantStation.from_month.desc())
    )
    return session.scalar(newest_first.limit(1))


def merchant_in(station_id: UUID, month: date) -> Merchant | None:
    """The same as the merchant; what a station may know of whom it is settled with."""
    holder_id = holder_of(station_id, month)
    return session.get(Merchant, holder_id) if holder_id is not None else None


def stations_in(merchant_id: UUID, month: date) -> Sequence[tuple[Station, date]]:
    """The stations that are settled with this merchant in a month, by name, and since which month."""
    chosen = (
        select(Station, MerchantStation.from_month)
        .join(MerchantStation, MerchantStation.station_id == Station.id)
        .where(MerchantStation.merchant_id == merchant_id, _in_force(month))
        .order_by(Station.name, Station.id)
    )
    return [(station, since) for station, since in session.execute(chosen)]


def merchants_with_stations(month: date) -> Select[UUID | None]:
    """Those with whom any station is settled in a month."""
    return select(MerchantStation.merchant_id).where(
        MerchantStation.merchant_id.is_not(None), _in_force(month)
    )


def _in_force(month: date) -> ColumnElement[bool]:
    """Of each station's turns, the last one that began by this month."""
    first, later = month.replace(day=1), aliased(MerchantStation)
    superseded = select(later.from_month).where(
        later.station_id == MerchantStation.station_id,
        later.from_month > MerchantStation.from_month,
        later.from_month <= first,
    )
    return and_(MerchantStation.from_month <= first, ~superseded.exists())


def _within(by: Actor) -> ColumnElement[bool]:
    paths = {path for permission in MAY_LOOK for path in by.scopes(permission).region_paths}
    return Merchant.region_code.in_(select(Region.code).where(places.inside(Region.path, paths)))
