"""A station with a shelf, its manager, a reward, and riders with points to spend on it."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import openpyxl
from flask import Flask

from app.audit.models import AuditRecord
from app.identity.actors import SYSTEM, Actor
from app.kernel import clock, events
from app.kernel.db import in_transaction, session, transaction
from app.kernel.errors import Problem
from app.kernel.events import Event
from app.kernel.geo import Position
from app.ledger import queries as ledger
from app.ledger import verify as ledger_verify
from app.ledger.accounts import settlement_of
from app.places.models import Station
from app.rewards import catalogue, expiring, ordering, queries, redemption, stocking
from app.rewards.books import statements
from app.rewards.models import Reward, Stock, Voucher
from tests import make
from tests.databases import built_once
from tests.ledger.make import give

T = TypeVar("T")

NEXT_DOOR = Position(32.0507, 118.7980)  # 800 m north of the usual station


@dataclass(slots=True)
class Scene:
    """Who and what a redemption needs. Each method is one unit of work."""

    station: Station
    manager: Actor
    rider: Actor
    reward: Reward

    def reserve(self, by: Actor | None = None, reward: Reward | None = None) -> Voucher:
        chosen = reward or self.reward
        return unit(lambda: reserve(chosen, self.station, by or self.rider))

    def hand_over(
        self, voucher: Voucher, at_station: Station | None = None, by: Actor | None = None
    ) -> Voucher:
        where = (at_station or self.station).id
        return unit(lambda: hand_over(voucher, where, by or self.manager))

    def undo(self, voucher: Voucher, by: Actor | None = None) -> Voucher:
        return unit(lambda: redemption.undo(voucher_id=voucher.id, by=by or self.manager, at=clock.now()))

    def cancel(self, voucher: Voucher, by: Actor | None = None) -> Voucher:
        return unit(lambda: ordering.cancel(voucher_id=voucher.id, by=by or self.rider, at=clock.now()))

    def stock(self, reward: Reward | None = None) -> tuple[int, int]:
        """(on hand, held)."""
        return stock_of(reward or self.reward, self.station)

    def balance(self, who: Actor | None = None) -> tuple[int, int]:
        """(usable, held)."""
        return balance_of(who or self.rider)

    def owed(self) -> int:
        """What the station is owed."""
        return unit(lambda: settlement_of(self.station.id).balance)


@built_once
def scene(*, stock: int = 5, points: int = 100, **of_reward: Any) -> Scene:
    """A station with `stock` bottles at 20 points, its manager, and a rider with `points`."""
    with transaction():
        make.regions()
        station = make.station()
        manager = make.actor(make.staff("station-manager", station_id=station.id))
        rider = a_rider(points=points)
        return Scene(station, manager, rider, reward(station, stock=stock, **of_reward))


def a_rider(nickname: str = "王师傅", *, points: int = 0, **more: Any) -> Actor:
    """A rider with points. Run inside a unit of work."""
    someone = make.rider(nickname, **more)
    if points:
        give(someone.id, points)
    return make.actor(someone)


def reward(*stations: Station, stock: int = 5, points: int = 20, **more: Any) -> Reward:
    """A reward of the city with `stock` items at each of these stations. Run inside a unit of work."""
    values: dict[str, Any] = {
        "name_zh": "矿泉水",
        "name_en": "Water",
        "kind": "goods",
        "region_code": make.CITY,
    } | more
    offered = catalogue.offer(**values, points=points, by=SYSTEM, at=clock.now())
    for station in stations if stock else ():
        stocking.deliver(
            reward_id=offered.id, station_id=station.id, quantity=stock, by=SYSTEM, at=clock.now()
        )
    return offered


def reserve(chosen: Reward, station: Station, by: Actor) -> Voucher:
    return ordering.reserve(reward_id=chosen.id, station_id=station.id, by=by, at=clock.now())


def hand_over(voucher: Voucher, station_id: UUID, by: Actor) -> Voucher:
    return redemption.hand_over(voucher_id=voucher.id, station_id=station_id, by=by, at=clock.now())


def expire() -> int:
    return unit(lambda: expiring.expire_due(at=clock.now()))


def unit(call: Callable[[], T]) -> T:
    return in_transaction(call)


def stock_of(chosen: Reward, station: Station) -> tuple[int, int]:
    with transaction(write=False):
        row = session.query(Stock).filter_by(reward_id=chosen.id, station_id=station.id).one()
        return row.on_hand, row.held


def balance_of(who: Actor) -> tuple[int, int]:
    with transaction(write=False):
        found = ledger.balance_of(who.id)
        return found.usable, found.held


def recorded(action: str) -> list[dict[str, Any]]:
    """What the audit log keeps of this, in the order in which it happened."""
    with transaction(write=False):
        kept = session.query(AuditRecord).filter_by(action=action).order_by(AuditRecord.id)
        return [{"subject": each.subject, **each.facts} for each in kept]


def sheets(made: Any) -> dict[str, list[tuple[Any, ...]]]:
    """A statement's workbook, sheet by sheet."""
    book = openpyxl.load_workbook(io.BytesIO(statements.statement_xlsx(made)))
    return {name: list(book[name].iter_rows(values_only=True)) for name in book.sheetnames}


def must_agree() -> None:
    """Stock is the sum of its movements and holds one item per open voucher; the book is sound."""
    with transaction(write=False):
        assert list(queries.stock_that_disagrees()) == []
        assert ledger_verify.verify() == []


def at_once(app: Flask, calls: Sequence[Callable[[], Any]]) -> tuple[list[Any], list[str]]:
    """Run every call in a unit of work of its own, all at the same moment: (what came back, slugs of refusals)."""
    start = threading.Barrier(len(calls))
    done: list[Any] = []
    refused: list[str] = []
    broken: list[BaseException] = []

    def run(call: Callable[[], Any]) -> None:
        with app.app_context():
            start.wait(timeout=30)
            try:
                done.append(in_transaction(call, tries=20))
            except Problem as problem:
                refused.append(problem.slug)
            except BaseException as error:  # noqa: BLE001 -- shown by the test, not swallowed by a thread
                broken.append(error)

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert broken == []
    assert len(done) + len(refused) == len(calls)
    return done, refused


@contextmanager
def listening(*types: type[Event]) -> Iterator[list[Any]]:
    """Everything of these types that is published while the block lasts."""
    heard: list[Any] = []
    before = {each: list(handlers) for each, handlers in events._handlers.items()}
    for each in types:
        events._handlers.setdefault(each, []).append(heard.append)
    try:
        yield heard
    finally:
        events._handlers.clear()
        events._handlers.update(before)
