"""How far is away, how late is too late to be compared, how long a picture is remembered."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.checkins.models import Checkin
from app.doubts.models import LookedUntil
from app.kernel.db import session, transaction
from app.kernel.geo import Position
from tests import make as people
from tests.doubts import make
from tests.media.make import encoded, scene

pytestmark = pytest.mark.once
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def town(app, clock):
    return make.town()


def away(town, metres: float) -> None:
    """From now on the other station is so far away."""
    with transaction():
        spot = Position(people.STATION_POSITION.lat + metres / 111_195, people.STATION_POSITION.lng)
        town.there = people.station("近处驿站", position=spot)


def grounds(clock) -> list[str]:
    return [each.ground for each in make.look(clock)]


@pytest.mark.parametrize(("metres", "expected"), [(1_950, []), (2_050, ["two-places"] * 2)])
def test_two_stations_in_one_quarter_contradict_nothing(town, clock, metres, expected):
    away(town, metres)
    town.check_in(town.here)
    town.check_in(town.there)
    assert grounds(clock) == expected


@pytest.mark.parametrize(("late", "count"), [(10 * MINUTE, 2), (10 * MINUTE + SECOND, 0)])
def test_what_comes_up_to_ten_minutes_late_was_seen_as_it_happened(town, clock, late, count):
    town.check_in(town.here)
    happened_at = clock.at
    clock.at += late
    town.check_in(town.there, happened_at=happened_at)
    assert len(make.look(clock)) == count


@pytest.mark.parametrize(
    ("metres", "after", "is_away"),
    [
        (1_950, 60 * MINUTE, False),
        (2_050, 60 * MINUTE, True),
        (9_000, 15 * MINUTE, False),
        (9_000, 15 * MINUTE + SECOND, True),
        (9_000, 105 * MINUTE - SECOND, True),
        (9_000, 105 * MINUTE, False),
    ],
)
def test_away_is_two_kilometres_and_a_quarter_of_an_hour_from_both_ends(town, clock, metres, after, is_away):
    away(town, metres)
    town.volunteer(clock, town.here, elsewhere_after_min=after / MINUTE)
    assert grounds(clock) == (["away-from-shift"] if is_away else [])


@pytest.mark.parametrize(("age", "count"), [(timedelta(days=182), 1), (timedelta(days=182) + SECOND, 0)])
def test_a_picture_is_remembered_for_half_a_year(town, clock, age, count):
    first = clock.at
    town.report(photos=[encoded(scene(1))])
    make.look(clock)
    clock.at = first + age
    town.report(metres=5_000, category="street-light", photos=[encoded(scene(1))])
    assert len(make.look(clock)) == count


def test_a_report_that_came_to_nothing_before_anybody_compared_is_not_doubted(town, clock):
    """Neither for its picture nor for what its rider told before; and it makes no other one doubtful."""
    photo = encoded(scene(1))
    town.report(photos=[photo])
    clock.advance(minutes=5)
    town.reject(town.report(metres=20, photos=[photo]))
    clock.advance(minutes=5)
    town.reject(town.report(metres=3_000))
    town.report(metres=3_000)
    assert make.look(clock) == []


def test_what_was_looked_at_is_not_looked_at_again(town, clock):
    for station in (town.here, town.there, town.here):
        town.check_in(station)
        clock.advance(hours=5)
    make.look(clock)
    with transaction(write=False):
        assert session.get_one(LookedUntil, "checkins").until_id == session.scalar(
            select(Checkin.id).order_by(Checkin.id.desc()).limit(1)
        )
        assert session.scalar(select(func.count()).select_from(LookedUntil)) == 1
