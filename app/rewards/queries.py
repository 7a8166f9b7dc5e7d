"""Looking up rewards, stock and vouchers. What takes a lock says so in its name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import contains_eager

from app.identity import queries as people
from app.identity.models import Person
from app.kernel import geo
from app.kernel.clock import city_day, day_bounds
from app.kernel.db import session
from app.kernel.paging import Page, page
from app.ledger import queries as ledger
from app.places.models import Region, Station
from app.places.queries import region_path
from app.rewards.errors import (
    RewardNotOfferedHere,
    RewardUnknown,
    RewardWithdrawn,
    StockUnknown,
    VoucherOtherStation,
    VoucherUnknown,
)
from app.rewards.models import HANDED_OVER, RESERVED, UNDONE, Reward, Stock, StockMovement, Voucher


@dataclass(frozen=True, slots=True)
class VoucherDetail:
    """A voucher with what it promises and where."""

    voucher: Voucher
    reward: Reward
    station: Station


@dataclass(frozen=True, slots=True)
class Place:
    """A station where a reward is free, how many, and how far away it is (None without a position)."""

    station: Station
    free: int
    distance_m: int | None


@dataclass(frozen=True, slots=True)
class ShopItem:
    """A reward on offer, where it lies (nearest first), and how many points the asking rider is short of it."""

    reward: Reward
    places: list[Place]
    short_by: int | None

    @property
    def free(self) -> int:
        return sum(place.free for place in self.places)


@dataclass(frozen=True, slots=True)
class ShelfItem:
    """A reward in a station's stock."""

    stock: Stock
    reward: Reward


@dataclass(frozen=True, slots=True)
class DayLine:
    """A voucher on a station's day list, with its rider as staff may see them."""

    voucher: Voucher
    reward: Reward
    rider: str


@dataclass(frozen=True, slots=True)
class StationDay:
    """What went over a station's counter on one city day, and what still waits there."""

    day: date
    lines: list[DayLine]
    handed_over: int
    undone: int
    points: int
    waiting: int


@dataclass(frozen=True, slots=True)
class NumbersTaken:
    """The open slots and the shares of a month that a rider has used up."""

    open_slots: set[int]
    month_nos: set[int]


# --- rewards -------------------------------------------------------------------------------------------------------


def reward(reward_id: UUID) -> Reward:
    """The reward with this id, offered or withdrawn. Raises RewardUnknown."""
    found = session.get(Reward, reward_id)
    if found is None:
        raise RewardUnknown
    return found


def reward_to_change(reward_id: UUID) -> Reward:
    """The same, locked until the unit of work ends."""
    found: Reward | None = session.scalar(_locked(select(Reward).where(Reward.id == reward_id)))
    if found is None:
        raise RewardUnknown
    return found


def on_offer_at(reward_id: UUID, station_id: UUID) -> tuple[Reward, Station]:
    """A reward offered now, and an active station inside its region. Otherwise refuses with the reason."""
    found: Any = session.execute(
        select(Reward, Station, Region.path)
        .select_from(Reward)
        .outerjoin(Station, Station.id == station_id)
        .outerjoin(Region, Region.code == Station.region_code)
        .where(Reward.id == reward_id)
    ).first()
    if found is None:
        raise RewardUnknown
    offered, station, path = found
    if not offered.active:
        raise RewardWithdrawn(reward=offered.name)
    if station is None or not station.active or f"/{offered.region_code}/" not in f"/{path}":
        raise RewardNotOfferedHere(reward=offered.name)
    return offered, station


def shop(
    *,
    region_code: str | None = None,
    near: geo.Position | None = None,
    person_id: UUID | None = None,
    cursor: str | None = None,
    limit: int = 20,
) -> Page[ShopItem]:
    """What is on offer (in a region), newest first, each with the stations that have it."""
    offered = select(Reward).where(Reward.active)
    if region_code:
        offered = offered.where(Reward.region_code.in_(region_path(region_code).strip("/").split("/")))
    found = page(offered, Reward.id, cursor, limit)
    return Page(_shop_items(found.items, near, person_id), found.next_cursor)


def shop_item(
    reward_id: UUID, *, near: geo.Position | None = None, person_id: UUID | None = None
) -> ShopItem:
    """One reward with every station that has it. A withdrawn one has no places any more."""
    return _shop_items([reward(reward_id)], near, person_id)[0]


def places_with(reward_id: UUID, *, near: geo.Position | None, but_not: UUID | None = None) -> list[Place]:
    """The stations where one is free, nearest first."""
    found = _places([reward_id], near).get(reward_id, [])
    return [place for place in found if place.station.id != but_not]


def _shop_items(
    rewards: Sequence[Reward], near: geo.Position | None, person_id: UUID | None
) -> list[ShopItem]:
    places = _places([each.id for each in rewards if each.active], near)
    usable = ledger.balance_of(person_id).usable if person_id else None
    return [
        ShopItem(each, places.get(each.id, []), None if usable is None else max(0, each.points - usable))
        for each in rewards
    ]


def _places(reward_ids: Sequence[UUID], near: geo.Position | None) -> dict[UUID, list[Place]]:
    found: dict[UUID, list[Place]] = {}
    rows = session.execute(
        select(Stock.reward_id, Stock.on_hand - Stock.held, Station)
        .join(Station, Station.id == Stock.station_id)
        .where(Stock.reward_id.in_(reward_ids), Stock.on_hand > Stock.held, Station.active)
        .order_by(Station.name, Station.id)
    )
    for reward_id, free, station in rows:
        distance = round(geo.distance_m(near, station.position)) if near else None
        found.setdefault(reward_id, []).append(Place(station, free, distance))
    for places in found.values():
        places.sort(key=lambda place: place.distance_m or 0)
    return found


# --- stock ---------------------------------------------------------------------------------------------------------


def stock_to_change(reward_id: UUID, station_id: UUID) -> Stock:
    """The stock row, locked until the unit of work ends. Raises StockUnknown."""
    here = select(Stock).where(Stock.reward_id == reward_id, Stock.station_id == station_id)
    found: Stock | None = session.scalar(_locked(here))
    if found is None:
        raise StockUnknown
    return found


def station_stock(station_id: UUID) -> list[ShelfItem]:
    """Everything a station has or ever had, by name."""
    rows = session.execute(
        select(Stock, Reward)
        .join(Reward, Reward.id == Stock.reward_id)
        .where(Stock.station_id == station_id)
        .order_by(Reward.name_zh, Reward.id)
        .execution_options(populate_existing=True)
    )
    return [ShelfItem(stock, reward) for stock, reward in rows]


def movements_at(station_id: UUID, cursor: str | None = None, limit: int = 20) -> Page[StockMovement]:
    """Every change of a station's stock, newest first."""
    here = select(StockMovement).join(StockMovement.stock).where(Stock.station_id == station_id)
    return page(here.options(contains_eager(StockMovement.stock)), StockMovement.id, cursor, limit)


def stock_that_disagrees() -> Sequence[Stock]:
    """Stock rows that are not the sum of their movements or do not hold one item per open voucher: none, or alarm."""
    moved = select(func.coalesce(func.sum(StockMovement.quantity), 0)).where(
        StockMovement.stock_id == Stock.id
    )
    promised = select(func.count()).where(Voucher.stock_id == Stock.id, Voucher.state == RESERVED)
    wrong = or_(Stock.on_hand != moved.scalar_subquery(), Stock.held != promised.scalar_subquery())
    return session.scalars(select(Stock).where(wrong)).all()


# --- vouchers ------------------------------------------------------------------------------------------------------


def voucher(voucher_id: UUID) -> Voucher:
    """The voucher as the database has it now. Raises VoucherUnknown."""
    return _one(Voucher.id == voucher_id)


def voucher_by_serial(serial: str) -> Voucher:
    """The voucher with this 13-digit serial. Raises VoucherUnknown."""
    return _one(Voucher.serial == serial)


def voucher_at(station_id: UUID, *, voucher_id: UUID | None = None, serial: str | None = None) -> Voucher:
    """A voucher that is good at this station. Raises VoucherUnknown, or VoucherOtherStation saying which one it is."""
    which = Voucher.id == voucher_id if voucher_id is not None else Voucher.serial == serial
    found = session.execute(
        select(Voucher, Station)
        .join(Station, Station.id == Voucher.station_id)
        .where(which)
        .execution_options(populate_existing=True)
    ).first()
    if found is None:
        raise VoucherUnknown
    wanted, station = found
    if wanted.station_id != station_id:
        raise VoucherOtherStation(station=station.name, station_id=station.id)
    return wanted


def detail_of(some: Voucher) -> VoucherDetail:
    """One voucher with its reward and station."""
    return details_of([some])[0]


def details_of(vouchers: Sequence[Voucher]) -> list[VoucherDetail]:
    """Vouchers with their rewards and stations, in the same order."""
    rewards = _by_id(Reward, {each.reward_id for each in vouchers})
    stations = _by_id(Station, {each.station_id for each in vouchers})
    return [VoucherDetail(each, rewards[each.reward_id], stations[each.station_id]) for each in vouchers]


def my_vouchers(person_id: UUID, cursor: str | None = None, limit: int = 20) -> Page[VoucherDetail]:
    """A rider's vouchers, newest first."""
    found = page(select(Voucher).where(Voucher.person_id == person_id), Voucher.id, cursor, limit)
    return Page(details_of(found.items), found.next_cursor)


def today_at(station_id: UUID, at: datetime) -> StationDay:
    """A station's own day list: what was handed over on the city day of `at`, newest first, and what waits."""
    day = city_day(at)
    begin, end = day_bounds(day)
    rows = session.execute(
        select(Voucher, Reward, Person)
        .join(Reward, Reward.id == Voucher.reward_id)
        .join(Person, Person.id == Voucher.person_id)
        .where(
            Voucher.station_id == station_id, Voucher.handed_over_at >= begin, Voucher.handed_over_at < end
        )
        .order_by(Voucher.handed_over_at.desc(), Voucher.id.desc())
        .execution_options(populate_existing=True)
    )
    lines = [DayLine(each, reward, masked(rider)) for each, reward, rider in rows]
    stands = [line.voucher for line in lines if line.voucher.state == HANDED_OVER]
    waiting = select(func.count()).where(
        Voucher.station_id == station_id, Voucher.state == RESERVED, Voucher.expires_at > at
    )
    return StationDay(
        day=day,
        lines=lines,
        handed_over=len(stands),
        undone=sum(line.voucher.state == UNDONE for line in lines),
        points=sum(each.points for each in stands),
        waiting=session.scalar(waiting) or 0,
    )


def numbers_taken(person_id: UUID, reward_id: UUID, month: date) -> NumbersTaken:
    """What a rider's limits have been used for."""
    used = session.execute(
        select(Voucher.open_slot, Voucher.month_no, Voucher.reward_id, Voucher.month).where(
            Voucher.person_id == person_id,
            or_(
                Voucher.open_slot.is_not(None),
                (Voucher.reward_id == reward_id) & (Voucher.month == month) & Voucher.month_no.is_not(None),
            ),
        )
    ).all()
    shares = {row.month_no for row in used if row.reward_id == reward_id and row.month == month}
    return NumbersTaken({row.open_slot for row in used} - {None}, shares - {None})


def facts_of(some: Voucher) -> dict[str, Any]:
    """What events say about a voucher."""
    return {
        "voucher_id": some.id,
        "person_id": some.person_id,
        "station_id": some.station_id,
        "reward_id": some.reward_id,
        "points": some.points,
    }


def words_about(some: Voucher, slug: str) -> dict[str, Any]:
    """What the ledger keeps as the reason of an entry: which reward, where."""
    detail = detail_of(some)
    names = {"zh": detail.reward.name_zh, "en": detail.reward.name_en}
    return {"slug": slug, "reward": names, "station": detail.station.name, "voucher_id": str(some.id)}


def masked_rider(person_id: UUID) -> str:
    """How staff at a counter see a rider: 王*明, and the tail of the phone number."""
    return masked(people.person(person_id))


def masked(someone: Person) -> str:
    """The same for a person already at hand."""
    tail = people.phone_tail(someone.phone)
    return f"{people.masked_name(someone.name or someone.nickname)} {tail}".strip()


# --- shared --------------------------------------------------------------------------------------------------------


def _one(*conditions: ColumnElement[bool]) -> Voucher:
    found = session.scalar(select(Voucher).where(*conditions).execution_options(populate_existing=True))
    if found is None:
        raise VoucherUnknown
    return found


def _locked(statement: Select[Any]) -> Select[Any]:
    return statement.with_for_update().execution_options(populate_existing=True)


def _by_id(model: Any, ids: Iterable[UUID]) -> dict[UUID, Any]:
    loaded = {}
    missing = []
    for key in ids:
        at_hand = session.identity_map.get(session.identity_key(model, key))
        if at_hand is None:
            missing.append(key)
        else:
            loaded[key] = at_hand
    if missing:
        loaded |= {each.id: each for each in session.scalars(select(model).where(model.id.in_(missing)))}
    return loaded
