"""The city that is measured: districts with budgets and rules, stations with staff and goods, made by the use cases."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from app.identity import appointing
from app.identity.actors import SYSTEM, Actor
from app.identity.models import Person
from app.identity.queries import actor_of, person
from app.kernel import clock
from app.kernel.db import session, transaction
from app.kernel.geo import Position
from app.ledger.accounts import issuance_of, quarter, settlement_of
from app.ledger.budgets import fund_budget
from app.places.hours import every_day
from app.places.models import Region, Station
from app.places.opening import open_station
from app.rewards import catalogue, stocking
from app.rewards.models import Reward, Stock
from app.rules.starter import publish_starter

CITY = "3201"
DISTRICTS = tuple(f"3201{number:02}" for number in range(2, 14))
PRICE, ON_SHELF, FUNDS = 20, 1_000_000, 500_000_000


@dataclass(frozen=True, slots=True)
class Counter:
    """A station, who stands there, and the shelf of its one good."""

    station: Station
    staff_id: UUID
    stock_id: UUID


@dataclass(slots=True)
class City:
    """What stands before the first rider comes."""

    at: datetime
    department: UUID
    editor: UUID
    reward: Reward
    period: str
    counters: list[Counter] = field(default_factory=list)
    issuance_id: UUID | None = None


def found(stations: int) -> City:
    """Build the city in an empty, migrated database."""
    at = clock.now()
    with transaction():
        _regions()
        department, editor = staff("department", at, region=CITY), staff("rule-editor", at, region=CITY)
    with transaction():
        boss, writer = actor_of(person(department)), actor_of(person(editor))
        period = quarter(at)
        for code in DISTRICTS:
            fund_budget(region_code=code, period=period, points=FUNDS, source=f"bench:{code}", by=boss, at=at)
        publish_starter(region_code=CITY, written_by=writer, reviewed_by=boss, at=at)
        reward = catalogue.offer(
            name_zh="水", name_en="Water", kind="goods", points=PRICE, region_code=CITY, by=boss, at=at
        )
        city = City(at, department, editor, reward, period, issuance_id=issuance_of(CITY, "bench").id)
    for first in range(0, stations, 50):
        with transaction():
            city.counters += [
                _counter(number, reward, at) for number in range(first, min(first + 50, stations))
            ]
    return city


def staff(role: str, at: datetime, *, region: str | None = None, station_id: UUID | None = None) -> UUID:
    """A member of staff with this role, there."""
    someone = Person(name=role, created_at=at)
    session.add(someone)
    session.flush()
    appointing.appoint(
        person_id=someone.id, role=role, region_code=region, station_id=station_id, by=SYSTEM, at=at
    )
    return someone.id


def _regions() -> None:
    session.add(Region(code=CITY, name="南京市", level="city", parent_code=None, path=f"{CITY}/"))
    session.flush()
    for code in DISTRICTS:
        path = f"{CITY}/{code}/"
        session.add(Region(code=code, name=f"{code} 区", level="district", parent_code=CITY, path=path))
    session.flush()


def _counter(number: int, reward: Reward, at: datetime) -> Counter:
    station = open_station(
        name=f"驿站 {number}", region_code=DISTRICTS[number % len(DISTRICTS)], address="—",
        position=Position(31.9 + number % 40 / 100, 118.6 + number // 40 / 100), hours=every_day(), facilities=[],
        at=at,
    )  # fmt: skip
    staff_id = staff("station-manager", at, station_id=station.id)
    settlement_of(station.id)
    by: Actor = actor_of(person(staff_id))
    stock: Stock = stocking.deliver(
        reward_id=reward.id, station_id=station.id, quantity=ON_SHELF, by=by, at=at
    )
    return Counter(station, staff_id, stock.id)
