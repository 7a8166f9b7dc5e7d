"""Which facts do not go together, and which do: a second look is for contradictions, never for a person's habits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.checkins.annulling import annul_check_in
from app.doubts import looking
from app.doubts.models import Doubt
from app.kernel import clock as clock_module
from app.kernel.db import session, transaction
from tests import make as people
from tests.doubts import make


@pytest.fixture
def town(app, clock):
    return make.town()


def kinds(found: list[Doubt]) -> list[str]:
    return [f"{each.ground} {each.fact_kind}" for each in found]


# --- two places ------------------------------------------------------------------------------------------------------


def test_nobody_is_at_two_stations_fifteen_kilometres_apart_within_three_minutes(town, clock):
    first = town.check_in(town.here)
    clock.advance(minutes=3)
    second = town.check_in(town.there)
    found = make.look(clock)
    assert kinds(found) == ["two-places checkin"] * 2
    assert {each.fact_id for each in found} == {first, second}
    assert all(each.against["seconds"] == 180 and 14_900 < each.against["metres"] < 15_100 for each in found)


def test_whoever_rides_there_is_not_doubted(town, clock):
    town.check_in(town.here)
    clock.advance(
        minutes=9
    )  # 15 km in 9 minutes: fast, but the first two kilometres are the benefit of the doubt
    town.check_in(town.there)
    assert make.look(clock) == []


def test_the_round_may_come_between_the_two(town, clock):
    town.check_in(town.here)
    assert make.look(clock) == []
    town.check_in(town.there)
    assert len(make.look(clock)) == 2


def test_what_was_brought_later_carries_a_phones_idea_of_the_time(town, clock):
    town.check_in(town.here)
    clock.advance(hours=1)
    town.check_in(town.there, happened_at=clock.at - timedelta(hours=1))
    assert make.look(clock) == []


def test_a_scan_that_was_taken_back_contradicts_nothing(town, clock):
    made = town.check_in(town.here)
    with transaction():
        annul_check_in(
            checkin_id=made, station_id=town.here.id, reason="扫错了", by=town.at_the_counter, at=clock.at
        )
    town.check_in(town.there)
    assert make.look(clock) == []


def test_two_riders_are_two_riders(town, clock):
    town.check_in(town.here)
    with transaction():
        other = people.rider("李师傅", name="李大力")
    town.rider = other
    town.check_in(town.there)
    assert make.look(clock) == []


# --- away from the shift ---------------------------------------------------------------------------------------------


def test_hours_and_a_check_in_far_away_in_the_middle_of_them(town, clock):
    hours_id = town.volunteer(clock, town.here, elsewhere_after_min=60)
    found = make.look(clock)
    assert kinds(found) == ["away-from-shift hours"]
    assert found[0].fact_id == hours_id


@pytest.mark.parametrize("minutes", [10, 110])
def test_coming_from_somewhere_and_going_on_is_not_being_away(town, clock, minutes):
    town.volunteer(clock, town.here, elsewhere_after_min=minutes)
    assert make.look(clock) == []


def test_a_break_at_the_station_of_the_shift_is_fine(town, clock):
    town.volunteer(clock, town.here)
    town.check_in(town.here)
    assert make.look(clock) == []


# --- one matter ------------------------------------------------------------------------------------------------------


def test_the_same_thing_told_three_times_in_ten_minutes(town, clock):
    first = town.report()
    told = []
    for metres in (30, 60):
        clock.advance(minutes=5)
        told.append(town.report(metres=metres))
    found = make.look(clock)
    assert kinds(found) == ["one-matter report"] * 2
    assert {each.fact_id for each in found} == set(told)
    assert first not in {each.fact_id for each in found}


@pytest.mark.parametrize(
    ("minutes", "metres", "category"),
    [(5, 30, "street-light"), (5, 600, "pothole"), (90, 30, "pothole"), (5, 400, "pothole")],
    ids=["another kind", "another street", "an hour later, once", "down the street, once"],
)
def test_two_things_on_one_way_are_two_things(town, clock, minutes, metres, category):
    town.report()
    clock.advance(minutes=minutes)
    town.report(metres=metres, category=category)
    assert make.look(clock) == []


def test_the_second_such_pair_in_a_fortnight_is_looked_at(town, clock):
    town.report()
    clock.advance(hours=2)
    town.report(metres=100)
    clock.advance(days=3)
    town.report(metres=3_000)
    clock.advance(hours=2)
    last = town.report(metres=3_100)
    assert [each.fact_id for each in make.look(clock)] == [last]


def test_a_street_told_piece_by_piece_is_looked_at(town, clock):
    told = [town.report()]
    for number in range(1, 4):
        clock.advance(minutes=15)
        told.append(town.report(metres=300 * number))
    assert [each.fact_id for each in make.look(clock)] == told[2:]


def test_what_was_mended_and_is_there_again_is_worth_a_report(town, clock):
    told = town.report()
    town.accept(told)
    town.resolve(told)
    clock.advance(minutes=20)
    town.report(metres=10)
    assert make.look(clock) == []


def test_two_riders_who_tell_of_the_same_thing_are_two_witnesses(town, clock):
    with transaction():
        other = people.rider("李师傅", name="李大力")
    town.report()
    clock.advance(minutes=2)
    town.report(by=other)
    assert make.look(clock) == []


# --- rounds ----------------------------------------------------------------------------------------------------------


def test_of_one_fact_there_is_one_doubt_however_often_it_is_looked_at(town, clock):
    town.check_in(town.here)
    town.check_in(town.there)
    assert len(make.look(clock)) == 2
    with transaction():
        session.query(looking.LookedUntil).delete()
    assert len(make.look(clock)) == 2


def test_a_long_backlog_is_taken_in_parts(town, clock, monkeypatch):
    monkeypatch.setattr(looking, "AT_MOST", 1)
    town.check_in(town.here)
    town.check_in(town.there)
    assert [len(make.look(clock)) for _ in range(3)][-1] == 2


def test_what_is_still_being_written_is_not_passed_over(town, clock):
    town.check_in(town.here)
    town.check_in(town.there)
    with transaction():
        assert looking.look_for_doubts(at=clock_module.now()) == 0
    assert len(make.look(clock)) == 2
