"""Two who say something of one doubt at the same moment: what the first said stands, and no points wait for nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.cases import triage
from app.doubts.deciding import find_in_order, find_wanting, lapse_due
from app.doubts.models import LOOK_WITHIN
from app.doubts.setting_aside import set_aside_due
from tests.crossing import crossed
from tests.doubts import make


@pytest.fixture
def town(app, clock):
    return make.town()


def in_order(town, doubt, at):
    return lambda: find_in_order(doubt_id=doubt.id, words="站长见过他", by=town.first, at=at).state


def wanting(town, doubt, at):
    return lambda: find_wanting(doubt_id=doubt.id, words="不在场", by=town.second, at=at).state


@pytest.fixture
def doubted(town, clock):
    """Of two reports of the same thing the later one."""
    town.report()
    again = town.report(metres=20)
    (doubt,) = make.look(clock)
    return doubt, again


def test_of_two_who_decide_about_one_doubt_the_second_is_told_that_it_is_settled(town, clock, doubted):
    doubt, again = doubted
    town.accept(again)
    both = crossed(in_order(town, doubt, clock.at), wanting(town, doubt, clock.at))
    assert (both.first, both.then) == ("cleared", "doubt-settled")


def test_a_doubt_of_which_something_was_just_said_does_not_lapse(town, clock, doubted):
    doubt, again = doubted
    town.accept(again)
    at = clock.advance(seconds=(LOOK_WITHIN + timedelta(hours=1)).total_seconds())
    both = crossed(wanting(town, doubt, at), lambda: lapse_due(at=at))
    assert (both.then, both.waited) == (0, False)
    assert [each.state for each in make.doubts()] == ["asked"]


def test_a_doubt_that_was_just_cleared_is_not_void_because_the_report_ends(town, clock, doubted):
    doubt, again = doubted
    reject = {"case_id": again, "reason": "照片看不清", "by": town.dispatcher, "at": clock.at}
    crossed(in_order(town, doubt, clock.at), lambda: triage.reject(**reject))
    assert [each.state for each in make.doubts()] == ["cleared"]


def test_nothing_is_set_aside_for_a_doubt_that_is_being_cleared(town, clock, doubted):
    doubt, again = doubted
    town.accept(again)
    both = crossed(in_order(town, doubt, clock.at), lambda: set_aside_due(at=clock.at))
    assert (both.then, both.waited) == (0, False)
    assert (town.balance().usable, town.balance().held) == (10, 0)


def test_what_is_being_set_aside_is_given_free_by_whoever_clears_the_doubt(town, clock, doubted):
    doubt, again = doubted
    town.accept(again)
    both = crossed(lambda: set_aside_due(at=clock.at), in_order(town, doubt, clock.at))
    assert (both.first, both.then) == (1, "cleared")
    assert (town.balance().usable, town.balance().held) == (10, 0)
