"""Filling an empty database with the demo city, step by step, through the same use cases as everybody else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from sqlalchemy import select

from app.cli.demo import data
from app.cli.demo.cast import Cast
from app.cli.demo.history import live_two_weeks
from app.identity import appointing
from app.identity.actors import SYSTEM
from app.identity.models import Consent, Person
from app.kernel import clock, randomness
from app.kernel.clock import city_day, city_midnight
from app.kernel.db import session, transaction
from app.kernel.geo import Position
from app.ledger.accounts import quarter
from app.ledger.budgets import fund_budget
from app.places.models import Station
from app.places.opening import open_station
from app.rewards import catalogue, stocking
from app.rules.starter import publish_starter
from app.volunteering import organising

DAYS_BEFORE = 21
BUDGET_POINTS = 200_000


def is_loaded() -> bool:
    """Whether the demo city stands already."""
    with transaction(write=False):
        return session.scalar(select(Station.id).where(Station.is_demo).limit(1)) is not None


def steps(*, seed: int, at: datetime) -> Iterator[str]:
    """Load the city, saying what was done. Each step is one unit of work in the city's own past."""
    cast = Cast(began_at=at - timedelta(days=DAYS_BEFORE))
    plan: list[tuple[str, Callable[[Cast], None]]] = [
        (f"{len(data.STAFF)} members of staff", _hire),
        (f"{len(data.STATIONS)} stations", _open_stations),
        (f"{len(data.RIDERS)} riders", _enrol),
        ("a budget and the starter rules", _fund),
        (f"{len(data.REWARDS)} rewards with stock", _stock),
        (f"{len(data.ACTIVITIES)} activities", lambda cast: _plan_activities(cast, at)),
    ]
    with randomness.use(randomness.Seeded(f"demo:{seed}")):
        for words, step in plan:
            with clock.use(lambda: cast.began_at), transaction():
                step(cast)
            yield words
        yield live_two_weeks(cast, until=at)


def _hire(cast: Cast) -> None:
    for username, name, role, place in data.STAFF:
        someone = appointing.add_staff(
            username=username, password=data.PASSWORD, name=name, by=SYSTEM, at=cast.began_at, is_demo=True
        )
        cast.staff[username] = someone.id
        if place == "city" or isinstance(place, str):
            code = data.CITY if place == "city" else place
            appointing.appoint(
                person_id=someone.id,
                role=role,
                region_code=code,
                station_id=None,
                by=SYSTEM,
                at=cast.began_at,
            )


def _open_stations(cast: Cast) -> None:
    for each in data.STATIONS:
        station = open_station(
            name=each.name,
            region_code=each.community,
            address=f"{each.address}（演示）",
            position=Position(each.lat, each.lng),
            hours=each.hours,
            facilities=list(each.facilities),
            is_demo=True,
            at=cast.began_at,
        )
        cast.stations.append(station.id)
    for username, _name, role, place in data.STAFF:
        if isinstance(place, int):
            appointing.appoint(
                person_id=cast.staff[username], role=role, region_code=None, station_id=cast.stations[place],
                by=SYSTEM, at=cast.began_at,
            )  # fmt: skip


def _enrol(cast: Cast) -> None:
    at = cast.began_at
    for number, (nickname, name, occupation, platform, home) in enumerate(data.RIDERS):
        rider = Person(
            nickname=nickname, name=name, phone=data.phone_of(number), occupation=occupation, platform=platform,
            home_region_code=home, enrolled_at=at, created_at=at, is_demo=True,
        )  # fmt: skip
        session.add(rider)
        session.flush()
        session.add(Consent(person_id=rider.id, purpose="core", version=1, given=True, at=at))
        cast.riders.append(rider.id)
    session.flush()


def _fund(cast: Cast) -> None:
    department, rules = cast.actor("department"), cast.actor("rules")
    later = cast.began_at + timedelta(days=DAYS_BEFORE + 60)
    for period in sorted({quarter(cast.began_at), quarter(later)}):
        fund_budget(
            region_code=data.CITY, period=period, points=BUDGET_POINTS, source=f"demo:{period}",
            by=department, at=cast.began_at,
        )  # fmt: skip
    publish_starter(region_code=data.CITY, written_by=rules, reviewed_by=department, at=cast.began_at)


def _stock(cast: Cast) -> None:
    department = cast.actor("department")
    for zh, en, kind, points, limit, words_zh, words_en in data.REWARDS:
        reward = catalogue.offer(
            name_zh=zh, name_en=en, kind=kind, points=points, region_code=data.CITY, words_zh=words_zh,
            words_en=words_en, limit_count=limit, is_demo=True, by=department, at=cast.began_at,
        )  # fmt: skip
        cast.rewards.append(reward.id)
    for username, place in (("station", 0), ("station2", 3)):
        for number, reward_id in enumerate(cast.rewards):
            stocking.deliver(
                reward_id=reward_id, station_id=cast.stations[place], quantity=(60, 20, 12, 8, 99, 2)[number],
                reason="demo", by=cast.actor(username), at=cast.began_at,
            )  # fmt: skip


def _plan_activities(cast: Cast, at: datetime) -> None:
    organiser = cast.actor("organiser")
    for zh, en, category, community, place, words, days, hour, hours, places in data.ACTIVITIES:
        activity = organising.create_activity(
            title_zh=zh, title_en=en, words=words, category=category, region_code=community, place_words=place,
            is_demo=True, by=organiser, at=cast.began_at,
        )  # fmt: skip
        if hour is None:  # the one that is going on while somebody tries the demo
            begins, ends = at - timedelta(minutes=20), at + timedelta(hours=6)
        else:
            begins = city_midnight(city_day(at) + timedelta(days=days)) + timedelta(hours=hour)
            ends = begins + timedelta(hours=hours)
        organising.add_shift(
            activity_id=activity.id, starts_at=begins, ends_at=ends, places=places,
            by=organiser, at=cast.began_at,
        )  # fmt: skip
        past = cast.began_at + timedelta(days=4 + days)
        shift = organising.add_shift(
            activity_id=activity.id, starts_at=past, ends_at=past + timedelta(hours=2), places=places,
            by=organiser, at=cast.began_at,
        )  # fmt: skip
        cast.past_shifts.append(shift.id)
        organising.publish_activity(activity_id=activity.id, by=organiser, at=cast.began_at)
