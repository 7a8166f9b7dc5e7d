"""Looking into a station's books: the day's list, closed days, refunds, statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import aliased

from app.identity import queries as people
from app.identity.actors import Actor
from app.identity.models import Person
from app.kernel.clock import city_day, day_bounds
from app.kernel.db import session
from app.kernel.paging import Page, page
from app.places.models import Region, Station
from app.places.queries import inside
from app.rewards import queries
from app.rewards.books.models import DayClose, DayCount, DayLine, Refund, Settlement
from app.rewards.errors import DayCloseUnknown, RefundUnknown, SettlementUnknown
from app.rewards.models import (
    AT_THE_COUNTER,
    HAND_OVER,
    REFUND,
    RESERVED,
    UNDO,
    Reward,
    Stock,
    StockMovement,
    Voucher,
)
from app.rewards.queries import ShelfItem


@dataclass(frozen=True, slots=True)
class CounterLine:
    """One movement over the counter, with its rider as staff may see them."""

    movement: StockMovement
    voucher: Voucher
    reward: Reward
    rider: str

    @property
    def kind(self) -> str:
        return self.movement.kind

    @property
    def points(self) -> int:
        """What the station is owed for it: plus for a hand-over, minus for an undo or a refund."""
        return self.voucher.points if self.kind == HAND_OVER else -self.voucher.points


@dataclass(frozen=True, slots=True)
class Figures:
    """A day's list in numbers."""

    handed_over: int
    undone: int
    refunded: int
    points: int


@dataclass(frozen=True, slots=True)
class StationDay:
    """A station's running list: what went over the counter since the last closing, and what still waits."""

    day: date
    lines: list[CounterLine]
    handed_over: int
    undone: int
    refunded: int
    points: int
    waiting: int
    last_closed_on: date | None


@dataclass(frozen=True, slots=True)
class CountLine:
    """What was counted of a reward."""

    count: DayCount
    reward: Reward


@dataclass(frozen=True, slots=True)
class ClosedDay:
    """A closed day with its list and its counts."""

    close: DayClose
    lines: list[CounterLine]
    counts: list[CountLine]


@dataclass(frozen=True, slots=True)
class RefundDetail:
    """A refund with what it is about, for whoever decides."""

    refund: Refund
    voucher: Voucher
    reward: Reward
    station: Station
    rider: str
    asked_by: str
    region_path: str  # of the station: who may decide


# --- the day's list ------------------------------------------------------------------------------------------------


def turn_at(station_id: UUID) -> None:
    """Whoever closes or opens a station's days, settles with it or gives it to a merchant waits here for the others."""
    session.execute(select(Station.id).where(Station.id == station_id).with_for_update(key_share=True))


def books_to_change(station_id: UUID) -> list[ShelfItem]:
    """Everything on a station's shelf, locked until the unit of work ends; closings of one station wait in turn.

    Every movement over the counter touches its stock row, so none can be half-way while these are held.
    """
    turn_at(station_id)
    rows = session.execute(
        select(Stock, Reward)
        .join(Reward, Reward.id == Stock.reward_id)
        .where(Stock.station_id == station_id)
        .order_by(Stock.id)
        .with_for_update(of=Stock)
        .execution_options(populate_existing=True)
    )
    return [ShelfItem(stock, reward) for stock, reward in rows]


def today_at(station_id: UUID, at: datetime) -> StationDay:
    """The running list of a station since its last closing, newest first. Once today is closed it is tomorrow's."""
    last = last_close(station_id)
    day = max(city_day(at), last.day + timedelta(days=1)) if last else city_day(at)
    # Who closes days sees all that no list has yet, however old; who never did sees today.
    lines = open_lines(station_id, since=None if last else day_bounds(day)[0])
    found = figures(lines)
    waiting = select(func.count()).where(
        Voucher.station_id == station_id, Voucher.state == RESERVED, Voucher.expires_at > at
    )
    return StationDay(
        day=day,
        lines=lines,
        handed_over=found.handed_over,
        undone=found.undone,
        refunded=found.refunded,
        points=found.points,
        waiting=session.scalar(waiting) or 0,
        last_closed_on=last.day if last else None,
    )


def open_lines(
    station_id: UUID, *, since: datetime | None = None, until: datetime | None = None
) -> list[CounterLine]:
    """The movements over a station's counter that no closed day has taken up, newest first."""
    taken_up = exists().where(DayLine.movement_id == StockMovement.id, DayLine.live)
    chosen = _counter_lines().where(Stock.station_id == station_id, ~taken_up)
    if since is not None:
        chosen = chosen.where(StockMovement.at >= since)
    if until is not None:
        chosen = chosen.where(StockMovement.at < until)
    return _lines(chosen)


def figures(lines: Sequence[CounterLine]) -> Figures:
    """A list in numbers: hand-overs that stand, what was taken back on it, and what it adds to the points owed."""
    undone = sum(line.kind == UNDO for line in lines)
    return Figures(
        handed_over=sum(line.kind == HAND_OVER for line in lines) - undone,
        undone=undone,
        refunded=sum(line.kind == REFUND for line in lines),
        points=sum(line.points for line in lines),
    )


def _counter_lines() -> Select[*tuple[Any, ...]]:
    chosen: Select[*tuple[Any, ...]] = select(StockMovement, Voucher, Reward, Person)
    return (
        chosen.join(Stock, Stock.id == StockMovement.stock_id)
        .join(Voucher, Voucher.id == StockMovement.voucher_id)
        .join(Reward, Reward.id == Voucher.reward_id)
        .join(Person, Person.id == Voucher.person_id)
        .where(StockMovement.kind.in_(AT_THE_COUNTER))
        .order_by(StockMovement.at.desc(), StockMovement.id.desc())
        .execution_options(populate_existing=True)
    )


def _lines(chosen: Select[*tuple[Any, ...]]) -> list[CounterLine]:
    rows = session.execute(chosen)
    return [
        CounterLine(movement, each, reward, queries.masked(rider)) for movement, each, reward, rider in rows
    ]


# --- closed days ---------------------------------------------------------------------------------------------------


def last_close(station_id: UUID) -> DayClose | None:
    """The last day a station closed and did not open again."""
    return session.scalar(
        select(DayClose)
        .where(DayClose.station_id == station_id, DayClose.reopened_at.is_(None))
        .order_by(DayClose.day.desc())
        .limit(1)
    )


def closes_of(station_id: UUID, day: date) -> int:
    """How often this day was closed."""
    same = select(func.count()).where(DayClose.station_id == station_id, DayClose.day == day)
    return session.scalar(same) or 0


def close_to_change(close_id: UUID) -> DayClose:
    """A closed day, locked until the unit of work ends. Raises DayCloseUnknown."""
    found = session.scalar(
        select(DayClose)
        .where(DayClose.id == close_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise DayCloseUnknown
    return found


def closed_day(close_id: UUID, *, by: Actor) -> ClosedDay:
    """A closed day with its list and counts, for the station and the department. Raises DayCloseUnknown."""
    close = session.get(DayClose, close_id)
    if close is None or not may_look(close.station_id, by):
        raise DayCloseUnknown
    lines = _counter_lines().join(DayLine, DayLine.movement_id == StockMovement.id)
    counts = session.execute(
        select(DayCount, Reward)
        .join(Stock, Stock.id == DayCount.stock_id)
        .join(Reward, Reward.id == Stock.reward_id)
        .where(DayCount.close_id == close_id)
        .order_by(Reward.name_zh, Reward.id)
    )
    listed = _lines(lines.where(DayLine.close_id == close_id))
    return ClosedDay(close, listed, [CountLine(count, reward) for count, reward in counts])


def closed_days(station_id: UUID, cursor: str | None = None, limit: int = 20) -> Page[DayClose]:
    """A station's closed days, newest first, those that were opened again too."""
    return page(select(DayClose).where(DayClose.station_id == station_id), DayClose.id, cursor, limit)


# --- refunds -------------------------------------------------------------------------------------------------------


def refund_to_change(refund_id: UUID) -> Refund:
    """A refund, locked until the unit of work ends. Raises RefundUnknown."""
    found = session.scalar(
        select(Refund)
        .where(Refund.id == refund_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise RefundUnknown
    return found


def refund_of(voucher_id: UUID) -> Refund | None:
    """The last refund somebody asked for, of this voucher."""
    asked = select(Refund).where(Refund.voucher_id == voucher_id)
    return session.scalar(asked.order_by(Refund.id.desc()).limit(1))


def refunds(
    *, by: Actor, state: str | None = None, cursor: str | None = None, limit: int = 20
) -> Page[RefundDetail]:
    """Refunds that the caller may decide or has asked for at a station of theirs, newest first."""
    chosen = select(Refund).where(Refund.station_id.in_(_stations_of(by)))
    if state:
        chosen = chosen.where(Refund.state == state)
    found = page(chosen, Refund.id, cursor, limit)
    return Page(_refund_details(found.items), found.next_cursor)


def _refund_details(asked: Sequence[Refund]) -> list[RefundDetail]:
    """What they are about, in one statement however many they are."""
    asker = aliased(Person)
    rows = session.execute(
        select(Refund, Voucher, Reward, Station, Person, asker, Region.path)
        .join(Voucher, Voucher.id == Refund.voucher_id)
        .join(Reward, Reward.id == Voucher.reward_id)
        .join(Station, Station.id == Voucher.station_id)
        .join(Region, Region.code == Station.region_code)
        .join(Person, Person.id == Voucher.person_id)
        .join(asker, asker.id == Refund.asked_by)
        .where(Refund.id.in_([each.id for each in asked]))
        .execution_options(populate_existing=True)
    )
    order = {each.id: number for number, each in enumerate(asked)}
    found = [
        RefundDetail(refund, some, reward, station, queries.masked(rider), people.display_name(by), path)
        for refund, some, reward, station, rider, by, path in rows
    ]
    return sorted(found, key=lambda each: order[each.refund.id])


# --- statements ----------------------------------------------------------------------------------------------------


def settlement_to_change(settlement_id: UUID) -> Settlement:
    """A statement, locked until the unit of work ends. Raises SettlementUnknown."""
    found = session.scalar(
        select(Settlement)
        .where(Settlement.id == settlement_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise SettlementUnknown
    return found


def settlement(settlement_id: UUID, *, by: Actor) -> Settlement:
    """A statement, for its station and the department. Raises SettlementUnknown, also where the caller may not look."""
    found = session.get(Settlement, settlement_id, populate_existing=True)
    if found is None or not may_look(found.station_id, by):
        raise SettlementUnknown
    return found


def last_settlement(station_id: UUID) -> Settlement | None:
    """A station's newest statement."""
    mine = select(Settlement).where(Settlement.station_id == station_id)
    return session.scalar(mine.order_by(Settlement.month.desc()).limit(1))


def is_carried_over(made: Settlement) -> bool:
    """Whether a later statement opens with what this one closes with."""
    last = last_settlement(made.station_id)
    return last is not None and last.id != made.id


def settlements(
    *, by: Actor, station_id: UUID | None = None, cursor: str | None = None, limit: int = 20
) -> Page[Settlement]:
    """Statements of the stations the caller answers for, newest first."""
    chosen = select(Settlement).where(Settlement.station_id.in_(_stations_of(by)))
    if station_id is not None:
        chosen = chosen.where(Settlement.station_id == station_id)
    return page(chosen, Settlement.id, cursor, limit)


# --- who may look --------------------------------------------------------------------------------------------------


def may_look(station_id: UUID, by: Actor) -> bool:
    """Whoever keeps the station's shelf, manages rewards there or reads the ledger."""
    return any(
        by.can(permission, station_id=station_id)
        for permission in ("station.stock", "rewards.manage", "ledger.read")
    )


def _stations_of(by: Actor) -> Select[Any]:
    permissions = ("station.stock", "rewards.manage", "ledger.read")
    paths = {path for permission in permissions for path in by.scopes(permission).region_paths}
    mine = Station.id.in_(by.scopes("station.stock").station_ids)
    return (
        select(Station.id)
        .join(Region, Region.code == Station.region_code)
        .where(or_(mine, inside(Region.path, paths)))
    )
