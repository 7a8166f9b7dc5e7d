"""Closing a station's day: what lies there is counted, what went over the counter is written on the day's list.

A closing takes up every movement over the counter that no list has yet, up to the end of its day. So a list never
changes once it is closed: an undo or a refund after it is a movement of its own and falls on the next list, as does a
hand-over that was just being committed. Nothing at the counter waits for a closing or asks whether there was one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import insert, update

from app.audit.recording import record
from app.identity.actors import Actor
from app.kernel.clock import city_day, day_bounds
from app.kernel.db import insert_if_absent, session
from app.kernel.ids import new_id
from app.rewards import queries, shelf
from app.rewards.books import queries as books
from app.rewards.books.models import DayClose, DayCount, DayLine
from app.rewards.books.queries import CounterLine
from app.rewards.errors import (
    DayClosed,
    DayNotOver,
    LaterDayClosed,
    ReasonNeeded,
    StockPromised,
    StockUncounted,
)
from app.rewards.models import COUNT
from app.rewards.queries import ShelfItem


@dataclass(frozen=True, slots=True)
class Counted:
    """How many of a reward somebody counted, and why it is not what the system says."""

    reward_id: UUID
    counted: int
    reason: str | None = None


def close_day(*, station_id: UUID, day: date, counts: Sequence[Counted], by: Actor, at: datetime) -> DayClose:
    """Close a day: each thing on the shelf is counted, a difference says why and becomes the new number.

    Raises DayNotOver for a day to come, DayClosed, StockUncounted, ReasonNeeded, StockPromised.
    """
    by.must("station.stock", station_id=station_id)
    if day > city_day(at):
        raise DayNotOver(day=day)
    stock = books.books_to_change(station_id)
    last = books.last_close(station_id)
    if last is not None and day <= last.day:
        raise DayClosed(day=last.day)
    given = {each.reward_id: each for each in counts}
    _must_be_whole(stock, given)
    _must_say_why(stock, counts)
    lines = books.open_lines(station_id, until=day_bounds(day)[1])
    close = _write(station_id, day, lines, by, at)
    for item in stock:
        _count(close, item, given.get(item.reward.id), by, at)
    for line in lines:
        session.add(DayLine(close_id=close.id, movement_id=line.movement.id))
    session.flush()
    return close


def reopen_day(*, close_id: UUID, reason: str, by: Actor, at: datetime) -> DayClose:
    """Open the last closed day again, by somebody other than who closed it. Its figures stay; its list is free again.

    Raises DayCloseUnknown, DayNotClosed, ClosedByYourself, LaterDayClosed.
    """
    close = books.close_to_change(close_id)
    by.must("station.stock", station_id=close.station_id)
    close.must_be_reopened_by_another_than(by.id)
    books.turn_at(close.station_id)  # or the next day is closed meanwhile, without what is free again
    last = books.last_close(close.station_id)
    if last is not None and last.id != close.id:
        raise LaterDayClosed(day=last.day)
    close.reopened_by, close.reopened_at, close.reopen_reason = by.id, at, reason
    session.flush()
    session.execute(update(DayLine).where(DayLine.close_id == close_id, DayLine.live).values(live=False))
    facts = {"day": close.day.isoformat(), "reason": reason}
    record(action="day.reopened", subject=f"station:{close.station_id}", facts=facts, by=by, at=at)
    return close


def _must_be_whole(stock: Sequence[ShelfItem], given: Mapping[UUID, Counted]) -> None:
    missing = [
        each.reward.name for each in stock if each.reward.of_kind.counted and each.reward.id not in given
    ]
    if missing:
        raise StockUncounted(fields={"counts": ["stock-uncounted"]}, rewards="、".join(missing))


def _must_say_why(stock: Sequence[ShelfItem], counts: Sequence[Counted]) -> None:
    """Every difference names its reason; those without are all named at once, by their place in what was sent."""
    system = {each.reward.id: each.stock.on_hand for each in stock}
    silent = [
        number
        for number, each in enumerate(counts)
        if each.reward_id in system and each.counted != system[each.reward_id] and not each.reason
    ]
    if silent:
        raise ReasonNeeded(fields={f"counts.{number}.reason": ["stock-reason-needed"] for number in silent})


def _write(station_id: UUID, day: date, lines: Sequence[CounterLine], by: Actor, at: datetime) -> DayClose:
    figures = books.figures(lines)
    close_id = new_id()
    written = {
        "id": close_id,
        "station_id": station_id,
        "day": day,
        "number": books.closes_of(station_id, day) + 1,
        "handed_over": figures.handed_over,
        "undone": figures.undone,
        "refunded": figures.refunded,
        "points": figures.points,
        "closed_by": by.id,
        "closed_at": at,
    }
    if not insert_if_absent(DayClose, written):
        raise DayClosed(day=day)  # somebody else closed it at the same moment
    return session.get_one(DayClose, close_id)


def _count(close: DayClose, item: ShelfItem, given: Counted | None, by: Actor, at: datetime) -> None:
    stock = item.stock
    system, counted = stock.on_hand, given.counted if given else stock.on_hand
    reason = given.reason if given and counted != system else None
    if counted < stock.held:
        raise StockPromised(reward=item.reward.name, held=stock.held)
    session.execute(
        insert(DayCount).values(
            close_id=close.id, stock_id=stock.id, system=system, counted=counted, reason=reason
        )
    )
    if counted != system:
        shelf.move(stock.id, COUNT, counted - system, reason=reason, by=by, at=at)


def shelf_to_count(station_id: UUID) -> list[ShelfItem]:
    """What must be counted to close a day, by name."""
    return [each for each in queries.station_stock(station_id) if each.reward.of_kind.counted]
