"""Where "the same spot", "at once" and "a fortnight" end, and which of several earlier reports is the one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.kernel.db import transaction
from tests import make as people
from tests.doubts import make

pytestmark = pytest.mark.once
HOUR, DAY = 3600, 24 * 3600


@pytest.fixture
def town(app, clock):
    return make.town()


def tell(town, clock, *reports):
    """Reports of a rider of their own, each so many seconds after now and metres to the north. Their ids."""
    began, told = clock.at, []
    with transaction():
        rider = people.rider("李师傅", name="李大力")
    for seconds, metres in reports:
        clock.at = began + timedelta(seconds=seconds)
        told.append(town.report(by=rider, metres=metres))
    clock.at = began
    return told


def looked_at(clock, days=1):
    """Of which reports a second look is wanted, when all is told."""
    clock.advance(days=days)
    return {each.fact_id for each in make.look(clock)}


def test_at_once_is_half_an_hour_and_the_same_spot_two_hundred_metres(town, clock):
    still = tell(town, clock, (0, 0), (HOUR / 2, 200))
    tell(town, clock, (0, 0), (HOUR / 2 + 1, 200))
    tell(town, clock, (0, 0), (HOUR / 2, 202))
    assert looked_at(clock) == {still[1]}


def test_the_second_time_it_is_the_street_within_the_hour_and_the_spot_on_the_day(town, clock):
    def second_pair(seconds, metres):
        return tell(town, clock, (0, 0), (HOUR, 100), (DAY, 0), (DAY + seconds, metres))[3]

    one = {second_pair(HOUR, 500), second_pair(12 * HOUR, 200)}
    for seconds, metres in ((HOUR, 502), (HOUR + 1, 500), (12 * HOUR, 202), (12 * HOUR + 1, 200)):
        second_pair(seconds, metres)
    assert looked_at(clock, days=2) == one


@pytest.mark.parametrize(("seconds", "is_one"), [(0, True), (1, False)])
def test_a_fortnight_is_fourteen_days_though_every_report_is_looked_at_as_it_comes(
    town, clock, seconds, is_one
):
    """The earlier pair is known with both its reports, even if its first one is more than a fortnight ago."""
    began, pairs = clock.at, [(0, 0), (2 * HOUR, 100), (14 * DAY + HOUR, 3_000)]
    for after, metres in pairs:
        clock.at = began + timedelta(seconds=after)
        town.report(metres=metres)
        assert make.look(clock) == []
    clock.at = began + timedelta(seconds=14 * DAY + 2 * HOUR + seconds)
    last = town.report(metres=3_100)
    assert [each.fact_id for each in make.look(clock)] == ([last] if is_one else [])


def test_something_a_street_away_in_between_hides_nothing(town, clock):
    told = tell(town, clock, (0, 0), (300, 600), (600, 150))
    clock.advance(days=1)
    (found,) = make.look(clock)
    assert (found.fact_id, found.against["other"]) == (told[2], str(told[0]))


def test_of_several_the_latest_is_named_and_what_lies_between_in_metres_and_seconds(town, clock):
    told = tell(town, clock, (0, 0), (600, 50), (1_000, 150))
    clock.advance(days=1)
    found = {each.fact_id: each.against for each in make.look(clock)}
    assert [found[told[2]][name] for name in ("other", "metres", "seconds")] == [str(told[1]), 100, 400]


def test_of_what_is_brought_later_the_one_that_was_seen_later_is_looked_at(town, clock):
    """By then it has been looked at alone: it is the pair that is new."""
    sent = town.report(metres=20)
    assert make.look(clock) == []
    town.report(happened_at=clock.at - timedelta(minutes=15))
    (found,) = make.look(clock)
    assert (found.fact_id, found.person_id) == (sent, town.rider.id)
    assert found.happened_at == clock.at - timedelta(minutes=10)
