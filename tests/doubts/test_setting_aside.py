"""What is set aside for a doubt and what is not, and what is no doubt because somebody has spoken already."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.cases import working
from app.doubts import looking
from app.doubts.queries import entry_behind
from app.kernel import clock as clock_module
from app.kernel.db import session, transaction
from app.ledger import reversing
from app.ledger.accounts import wallet_of
from app.ledger.posting import entry_of
from app.media.accepting import accept_photo
from app.media.cleaning import clean
from app.rules.models import Award
from app.rules.paying import source_of
from app.rules.unwinding import ask_to_unwind, decide_unwinding
from app.volunteering import confirming
from tests import make as people
from tests.doubts import make
from tests.media.make import encoded, scene
from tests.rewards import make as rewards
from tests.rules.make import rule

pytestmark = pytest.mark.once


def points(town):
    """Usable and set aside."""
    balance = town.balance()
    return balance.usable, balance.held


def told_twice(town):
    """A report, and the same thing once more, which is accepted. The second one."""
    town.report()
    again = town.report(metres=20)
    town.accept(again)
    return again


def asked(town, fact_id, kind="checkin"):
    """Somebody of the department says that a fact does not hold, not because of any doubt."""
    with transaction():
        return ask_to_unwind(
            fact_kind=kind, fact_id=fact_id, reason="不在场", by=town.first, at=clock_module.now()
        )


def answered(town, unwinding, approved):
    with transaction():
        decide_unwinding(unwinding_id=unwinding.id, approved=approved, by=town.second, at=clock_module.now())


def test_what_was_found_void_needs_no_second_look(town, clock):
    answered(town, asked(town, told_twice(town), "report"), approved=True)
    assert make.look(clock) == []


def test_a_check_in_that_was_found_void_contradicts_nothing(town, clock):
    void = town.check_in(town.here)
    answered(town, asked(town, void), approved=True)
    town.check_in(town.there)
    assert make.look(clock) == []
    assert points(town) == (5, 0)


@pytest.mark.parametrize("is_void", [False, True])
def test_time_is_not_doubted_for_a_check_in_that_was_found_void(town, clock, is_void):
    attended = town.attend(clock, town.here, elsewhere_after_min=60)
    if is_void:
        with transaction(write=False):
            void = session.scalars(select(Award.fact_id).where(Award.fact_kind == "checkin")).one()
        answered(town, asked(town, void), approved=True)
    with transaction():
        confirming.confirm_attendance(attendance_id=attended.id, by=town.organiser, at=clock.at)
    assert [each.fact_kind for each in make.look(clock)] == ([] if is_void else ["hours"])


def test_a_refusal_that_no_doubt_asked_for_leaves_the_doubt_open(town, clock):
    first = town.check_in(town.here)
    town.check_in(town.there)
    unwinding = asked(town, first)
    make.look(clock)
    answered(town, unwinding, approved=False)
    assert [each.state for each in make.doubts()] == ["open", "open"]
    assert points(town) == (0, 10)


def test_what_may_still_be_on_its_way_is_looked_at_two_minutes_later(town, clock):
    town.check_in(town.here)
    town.check_in(town.there)
    found = []
    for seconds in (119, 2):
        clock.advance(seconds=seconds)
        with transaction():
            found.append(looking.look_for_doubts(at=clock.at))
    assert found == [0, 2]


def test_points_that_staff_took_back_are_not_set_aside_as_well(town, clock):
    first = town.check_in(town.here)
    with transaction():
        award = session.scalars(select(Award).where(Award.fact_id == first)).one()
        line = entry_of(source_of(award, "given"), wallet_of(town.rider.id).id)
        reversing.ask_to_reverse(entry_id=line, reason="记了两遍", by=town.first, at=clock.at)
    town.check_in(town.there)
    clock.advance(hours=3)
    town.check_in(town.here)  # five points that nobody doubts
    make.look(clock)
    assert points(town) == (5, 5)


def test_what_a_fact_found_in_order_gives_later_is_usable_at_once(town, clock):
    town.report()
    again = town.report(metres=20)
    (doubt,) = make.look(clock)
    make.in_order(doubt, town.first)
    town.accept(again)
    make.look(clock)
    assert points(town) == (10, 0)


def test_of_points_that_are_partly_spent_the_rest_waits(town, clock):
    told_twice(town)
    with transaction():
        reward = rewards.reward(town.here, stock=3, points=4)
        shelf = rewards.Scene(town.here, town.at_the_counter, people.actor(town.rider), reward)
    shelf.hand_over(shelf.reserve())
    make.look(clock)
    assert points(town) == (0, 6)


def test_a_doubt_names_the_line_in_which_the_points_became_usable(app, clock):
    town = make.town(others=[rule("R-03", "report", 10, usable="on_outcome")])
    town.resolve(told_twice(town))
    (doubt,) = make.look(clock)
    with transaction():
        award = session.scalars(select(Award)).one()
        settled = entry_of(source_of(award, "settled"), wallet_of(town.rider.id).id)
        assert entry_behind(doubt) == settled


def test_a_picture_that_a_handler_put_to_a_report_is_not_the_riders(town, clock):
    for metres, picture in (
        (0, encoded(scene(1))),
        (5_000, encoded(scene(1).resize((400, 300)), quality=40)),
    ):
        told = town.report(metres=metres)
        town.accept(told)
        with transaction():
            photo = accept_photo(data=clean(picture), purpose="report", by=town.dispatcher, at=clock.at)
            working.resolve(
                case_id=told, note="补好了", photo_ids=[photo.id], by=town.dispatcher, at=clock.at
            )
        clock.advance(days=2)
    assert make.look(clock) == []
