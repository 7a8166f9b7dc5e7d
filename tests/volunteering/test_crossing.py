"""Two at the same moment: nobody joins what is being called off, and of two words about the same hours one stands."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.kernel import events
from app.kernel.db import dialect_name, transaction
from app.volunteering import queries
from app.volunteering.attendance import LATE_SIGN_OUT, close_forgotten, scan_shift
from app.volunteering.confirming import confirm_attendance, confirm_hours, reject
from app.volunteering.events import ActivityCancelled
from app.volunteering.heads import Looked, confirm_counted, count_heads
from app.volunteering.organising import (
    add_shift,
    cancel_activity,
    create_activity,
    end_activities,
    publish_activity,
)
from app.volunteering.signing_up import cancel_sign_up, sign_up
from tests import make as city
from tests.crossing import crossed
from tests.volunteering import make


@pytest.fixture
def here(app, clock):
    return make.setting()


@pytest.fixture
def rider(here):
    return make.new_rider()


@pytest.fixture
def other(here):
    return make.new_staff("organiser", "钱组织")


def calls_off(here, at):
    return lambda: cancel_activity(activity_id=here.activity.id, by=here.organiser, at=at).state


def signs_up(shift, by, at):
    return lambda: sign_up(shift_id=shift.id, by=by, at=at).state


def scans(here, by, at):
    return lambda: scan_shift(shift_id=here.shift.id, by=by, at=at).out_how


def hours_of(rider):
    with transaction(write=False):
        return queries.my_hours(rider.person_id).items


# --- activities and places -------------------------------------------------------------------------------------------


def test_nobody_gets_a_place_on_what_is_being_called_off(here, rider, clock):
    both = crossed(calls_off(here, clock.at), signs_up(here.shift, rider, clock.at))
    assert both.then == "activity-closed"


def test_what_is_being_called_off_is_not_published(here, clock):
    with transaction():
        draft = create_activity(
            title_zh="草稿", category="care", region_code=city.COMMUNITY, place_words="社区", by=here.organiser,
            at=clock.at,
        )  # fmt: skip
    which = {"activity_id": draft.id, "by": here.organiser, "at": clock.at}
    both = crossed(lambda: cancel_activity(**which).state, lambda: publish_activity(**which).state)
    assert both.then == "activity-fixed"


def test_what_somebody_is_adding_a_shift_to_is_not_over(here, clock):
    later = clock.advance(days=3)
    added = {"starts_at": later + timedelta(hours=1), "ends_at": later + timedelta(hours=2), "places": 5}
    which = {"activity_id": here.activity.id, "by": here.organiser, "at": later}
    both = crossed(lambda: add_shift(**which, **added).places, lambda: end_activities(at=later))
    assert (both.first, both.then) == (5, 0)


def test_those_who_sign_up_for_two_shifts_of_one_activity_do_not_wait_for_each_other(here, rider, clock):
    with transaction():
        evening = make.shift(here.activity, here.organiser, starts_in=600)
    both = crossed(
        signs_up(here.shift, rider, clock.at), signs_up(evening, make.new_rider("李师傅"), clock.at)
    )
    assert (both.then, both.waited) == ("active", False)


def test_whoever_steps_back_at_that_moment_is_not_told_that_it_is_called_off(here, rider, clock):
    with transaction():
        sign_up(shift_id=here.shift.id, by=rider, at=clock.at)
    with make.listening(ActivityCancelled) as heard:
        crossed(
            lambda: cancel_sign_up(shift_id=here.shift.id, by=rider, at=clock.at), calls_off(here, clock.at)
        )
    assert [each.person_ids for each in heard] == [()]


def test_whoever_steps_back_while_scanning_in_takes_a_place_again(here, rider, clock):
    with transaction():
        sign_up(shift_id=here.shift.id, by=rider, at=clock.at)
    early = here.shift.starts_at - timedelta(minutes=10)
    crossed(
        lambda: cancel_sign_up(shift_id=here.shift.id, by=rider, at=early),
        lambda: scan_shift(shift_id=here.shift.id, by=rider, at=early),
    )
    with transaction(write=False):
        assert queries.shift(here.shift.id).taken == 1
        assert queries.sign_up_of(here.shift.id, rider.id).state == "active"


# --- attendance ------------------------------------------------------------------------------------------------------


def test_whoever_is_signing_out_is_not_signed_out_by_the_sweep(here, rider):
    make.scan(here.shift, rider, here.shift.starts_at)
    late = here.shift.ends_at + LATE_SIGN_OUT
    both = crossed(scans(here, rider, late), lambda: close_forgotten(at=late))
    assert (both.first, both.then, both.waited) == ("scanned", 0, False)


def test_whoever_is_being_signed_out_by_the_sweep_does_not_sign_out_again(here, rider, monkeypatch):
    monkeypatch.setattr(
        events, "_handlers", {}
    )  # hours or a notice of the rider would make the scan wait anyway
    make.scan(here.shift, rider, here.shift.ends_at - timedelta(seconds=59))
    late = here.shift.ends_at + LATE_SIGN_OUT
    both = crossed(lambda: close_forgotten(at=late), scans(here, rider, late))
    assert (both.first, both.then) == (1, "signed-out-already")


def test_whoever_is_signing_out_at_that_moment_can_be_confirmed(here, rider):
    attended, end = make.scan(here.shift, rider, here.shift.starts_at), here.shift.ends_at
    confirm = {"attendance_id": attended.id, "by": here.organiser, "at": end}
    both = crossed(scans(here, rider, end), lambda: confirm_attendance(**confirm).state)
    assert both.then == "confirmed"


def test_the_sweep_waits_for_nobody_who_changes_an_activity_and_leaves_it_for_the_next_time(here, rider):
    make.scan(here.shift, rider, here.shift.starts_at)
    late = here.shift.ends_at + LATE_SIGN_OUT
    both = crossed(calls_off(here, late), lambda: close_forgotten(at=late))
    assert not both.waited
    if dialect_name() == "postgresql":
        assert both.then == 0
    with transaction():
        close_forgotten(at=late)
    assert [each.state for each in hours_of(rider)] == ["pending"]


# --- hours -----------------------------------------------------------------------------------------------------------


def test_hours_that_are_being_confirmed_are_not_rejected(here, rider, other):
    make.attend(here.shift, rider)
    (hours,), at = hours_of(rider), here.shift.ends_at
    both = crossed(
        lambda: confirm_hours(hours_id=hours.id, by=here.organiser, at=at).state,
        lambda: reject(hours_id=hours.id, reason="没到场", by=other, at=at).state,
    )
    assert (both.first, both.then) == ("confirmed", "hours-decided")


def test_the_hours_and_the_attendance_they_come_from_are_confirmed_once(here, rider, other):
    attended = make.attend(here.shift, rider)
    (hours,), at = hours_of(rider), here.shift.ends_at
    both = crossed(
        lambda: confirm_hours(hours_id=hours.id, by=here.organiser, at=at).state,
        lambda: confirm_attendance(attendance_id=attended.id, by=other, at=at).state,
    )
    assert (both.first, both.then) == ("confirmed", "hours-decided")


def test_of_two_leaders_who_confirm_all_who_were_counted_the_second_finds_nothing_left(here, rider, other):
    shift = here.shift
    attended = make.scan(shift, rider, shift.starts_at)
    with transaction():
        seen = [Looked(attended.id, True)]
        count_heads(
            shift_id=shift.id,
            here=1,
            heads=seen,
            by=here.organiser,
            at=shift.starts_at + timedelta(minutes=9),
        )
    make.scan(shift, rider, shift.ends_at)
    both = crossed(
        *(
            lambda by=by: len(confirm_counted(shift_id=shift.id, by=by, at=shift.ends_at))
            for by in (here.organiser, other)
        )
    )
    assert (both.first, both.then) == (1, 0)
