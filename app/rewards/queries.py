"""Looking up rewards, stock and vouchers. What takes a lock says so in its name."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, func, or_, select
from sqlalchemy.orm import contains_eager

from app.identity import queries as people
from app.identity.models import Person
from app.kernel.bulk import by_key, one_of
from app.kernel.db import dialect_name, session
from app.kernel.paging import Page, page
from app.ledger.reconciling import settlement_of_each
from app.places.models import Region, Station
from app.places.queries import inside
from app.rewards.errors import (
    RewardNotOfferedHere,
    RewardUnknown,
    RewardWithdrawn,
    StockUnknown,
    VoucherOtherStation,
    VoucherUnknown,
)
from app.rewards.models import RESERVED, Reward, Stock, StockMovement, Voucher


@dataclass(frozen=True, slots=True)
class VoucherDetail:
    """A voucher with what it promises and where."""

    voucher: Voucher
    reward: Reward
    station: Station


@dataclass(frozen=True, slots=True)
class ShelfItem:
    """A reward in a station's stock."""

    stock: Stock
    reward: Reward


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
    chosen: Select[*tuple[Any, ...]] = select(Reward, Station, Region.path)
    found: Any = session.execute(offered_at(chosen, reward_id, station_id)).first()
    if found is None:
        raise RewardUnknown
    must_be_offered(*found)
    return found[0], found[1]


def offered_at(
    chosen: Select[*tuple[Any, ...]], reward_id: UUID, station_id: UUID
) -> Select[*tuple[Any, ...]]:
    """From a reward, the station it is asked for at, and that station's region; the latter two if they are there."""
    return (
        chosen.select_from(Reward)
        .outerjoin(Station, Station.id == station_id)
        .outerjoin(Region, Region.code == Station.region_code)
        .where(Reward.id == reward_id)
    )


def must_be_offered(offered: Reward, station: Station | None, path: str | None) -> None:
    """Raises RewardWithdrawn; RewardNotOfferedHere unless the station is active and inside the reward's region."""
    if not offered.active:
        raise RewardWithdrawn(reward=offered.name)
    if station is None or not station.active or f"/{offered.region_code}/" not in f"/{path}":
        raise RewardNotOfferedHere(reward=offered.name)


def catalogue(region_paths: Sequence[str], *, cursor: str | None = None, limit: int = 50) -> Page[Reward]:
    """Everything ever offered in these regions and below, newest first: what the department edits."""
    chosen = select(Reward).join(Region, Region.code == Reward.region_code)
    return page(chosen.where(inside(Region.path, region_paths)), Reward.id, cursor, limit)


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
    rewards = by_key(Reward, {each.reward_id for each in vouchers})
    stations = by_key(Station, {each.station_id for each in vouchers})
    return [VoucherDetail(each, rewards[each.reward_id], stations[each.station_id]) for each in vouchers]


def my_vouchers(person_id: UUID, cursor: str | None = None, limit: int = 20) -> Page[VoucherDetail]:
    """A rider's vouchers, newest first."""
    found = page(select(Voucher).where(Voucher.person_id == person_id), Voucher.id, cursor, limit)
    return Page(details_of(found.items), found.next_cursor)


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
    return wording(detail.reward, detail.station, some.id, slug)


def wording(reward: Reward, station: Station, voucher_id: UUID, slug: str) -> dict[str, Any]:
    """The same from what is at hand."""
    names = {"zh": reward.name_zh, "en": reward.name_en}
    return {"slug": slug, "reward": names, "station": station.name, "voucher_id": str(voucher_id)}


@dataclass(frozen=True, slots=True)
class HandingOver:
    """What must be known before a voucher is handed over, read in one statement and without a lock."""

    voucher: Voucher  # as it was then
    reward: Reward
    station: Station
    owed_to: UUID | None  # the station's account, if it was ever opened


_HANDING_OVER_ANY = (
    select(Voucher, Reward, Station, settlement_of_each(Station.__table__, Station.__table__.c.id))
    .join(Reward, Reward.id == Voucher.reward_id)
    .join(Station, Station.id == Voucher.station_id)
    .execution_options(populate_existing=True)
)
_HANDING_OVER = _HANDING_OVER_ANY.where(
    Voucher.id == bindparam("voucher_id"), Voucher.station_id == bindparam("station_id")
)


def handing_over(voucher_id: UUID, station_id: UUID) -> HandingOver | None:
    """What a voucher of this station is for, and who is owed for it."""
    found = session.execute(_HANDING_OVER, {"voucher_id": voucher_id, "station_id": station_id}).first()
    return HandingOver(*found) if found else None


def handing_over_all(voucher_ids: Collection[UUID]) -> dict[UUID, HandingOver]:
    """The same of many vouchers, whatever their stations."""
    found: Any = session.execute(_handing_over_all(dialect_name()), {"vouchers": list(voucher_ids)})
    return {row[0].id: HandingOver(*row) for row in found}


@cache
def _handing_over_all(dialect: str) -> Select[*tuple[Any, ...]]:
    return _HANDING_OVER_ANY.where(one_of(Voucher.id, "vouchers", dialect))


def masked_rider(person_id: UUID) -> str:
    """How staff at a counter see a rider: 王*明, and the tail of the phone number."""
    return masked(people.person(person_id))


def masked(someone: Person) -> str:
    """The same for a person already at hand."""
    tail = people.phone_tail(someone.phone)
    return f"{people.masked_of(someone)} {tail}".strip()


# --- shared --------------------------------------------------------------------------------------------------------


def _one(*conditions: ColumnElement[bool]) -> Voucher:
    found = session.scalar(select(Voucher).where(*conditions).execution_options(populate_existing=True))
    if found is None:
        raise VoucherUnknown
    return found


def _locked(statement: Select[Any]) -> Select[Any]:
    return statement.with_for_update().execution_options(populate_existing=True)
