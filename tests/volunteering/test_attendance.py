"""Scanning in and out: when, twice by mistake, walk-ins, forgotten sign-outs."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.kernel import clock
from app.kernel.db import session, transaction
from app.kernel.ids import new_id
from app.volunteering import queries
from app.volunteering.attendance import close_forgotten, scan_shift
from app.volunteering.confirming import confirm_attendance
from app.volunteering.errors import (
    RidersOnly,
    ShiftFull,
    ShiftOver,
    ShiftTooEarly,
    SignedInAlready,
    SignedInElsewhere,
    SignedOutAlready,
    SignOutTimeWrong,
)
from app.volunteering.events import SignedIn, SignedOut
from app.volunteering.models import Activity, Attendance, Hours, Shift
from app.volunteering.signing_up import sign_up
from tests.volunteering import make


def test_the_first_scan_signs_in_and_a_later_one_signs_out_with_hours_at_once(app):
    here, rider = make.setting(), make.new_rider()
    make.scan(here.shift, rider, here.shift.starts_at + timedelta(minutes=10))
    out = make.scan(here.shift, rider, here.shift.starts_at + timedelta(minutes=70, seconds=59))
    assert out.basis == "proven"
    with transaction(write=False):
        (hours,) = queries.my_hours(rider.person_id).items
        assert (hours.minutes, hours.state, hours.basis) == (60, "pending", "proven")
        assert queries.hours_totals(rider.person_id).pending == 60


@pytest.mark.parametrize("before_start_s, allowed", [(30 * 60, True), (30 * 60 + 1, False)])
def test_signing_in_opens_half_an_hour_before(app, before_start_s, allowed):
    here, rider = make.setting(), make.new_rider()
    moment = here.shift.starts_at - timedelta(seconds=before_start_s)
    if allowed:
        assert make.scan(here.shift, rider, moment).signed_in_at == moment
    else:
        with pytest.raises(ShiftTooEarly):
            make.scan(here.shift, rider, moment)


def test_hours_are_clipped_to_the_shift(app):
    here, rider = make.setting(), make.new_rider()
    make.scan(here.shift, rider, here.shift.starts_at - timedelta(minutes=20))
    make.scan(here.shift, rider, here.shift.ends_at + timedelta(minutes=20))
    with transaction(write=False):
        (hours,) = queries.my_hours(rider.person_id).items
        assert (hours.starts_at, hours.ends_at, hours.minutes) == (
            here.shift.starts_at,
            here.shift.ends_at,
            120,
        )


@pytest.mark.parametrize(
    "minutes_later, state, waits",
    [
        (-60, "pending", True),  # they end as the shift begins
        (120, "pending", True),
        (-59, "pending", False),
        (119, "pending", False),
        (30, "rejected", True),
    ],
)
def test_hours_wait_after_signing_out_unless_others_that_count_overlap(app, minutes_later, state, waits):
    here, rider = make.setting(), make.new_rider()
    starts_at = here.shift.starts_at + timedelta(minutes=minutes_later)
    with transaction():
        session.execute(
            sa.insert(Hours).values(
                id=new_id(), person_id=rider.person_id, activity_id=here.activity.id, starts_at=starts_at,
                ends_at=starts_at + timedelta(minutes=60), minutes=60, basis="witnessed", state=state,
                created_at=starts_at,
            )
        )  # fmt: skip
    attended = make.attend(here.shift, rider)
    with transaction(write=False):
        waiting = [each for each in queries.my_hours(rider.person_id).items if each.attendance_id]
        assert [(each.attendance_id, each.minutes) for each in waiting] == [(attended.id, 120)] * waits


def test_a_second_scan_right_away_is_a_slip_and_not_a_sign_out(app):
    here, rider = make.setting(), make.new_rider()
    came = make.scan(here.shift, rider, here.shift.starts_at)
    with pytest.raises(SignedInAlready) as told:
        make.scan(here.shift, rider, here.shift.starts_at + timedelta(minutes=4, seconds=59))
    assert told.value.facts["at"] == came.signed_in_at
    with transaction(write=False):
        assert queries.attendance_of(here.shift.id, rider.person_id).signed_out_at is None
    assert make.scan(here.shift, rider, here.shift.starts_at + timedelta(minutes=5)).signed_out_at is not None


def test_after_signing_out_nothing_more_is_counted(app):
    here, rider = make.setting(), make.new_rider()
    make.scan(here.shift, rider, here.shift.starts_at)
    make.scan(here.shift, rider, here.shift.starts_at + timedelta(minutes=30))
    with pytest.raises(SignedOutAlready):
        make.scan(here.shift, rider, here.shift.starts_at + timedelta(minutes=60))


def test_nobody_signs_in_once_it_is_over_and_a_very_late_sign_out_proves_nothing(app):
    here, rider = make.setting(), make.new_rider()
    with pytest.raises(ShiftOver):
        make.scan(here.shift, rider, here.shift.ends_at)
    make.scan(here.shift, rider, here.shift.starts_at)
    with pytest.raises(ShiftOver):
        make.scan(here.shift, rider, here.shift.ends_at + timedelta(minutes=31))


def test_a_walk_in_takes_a_place_if_one_is_left(app):
    here, rider, late = make.setting(places=1), make.new_rider(), make.new_rider("赵师傅")
    make.scan(here.shift, rider, here.shift.starts_at)
    with transaction(write=False):
        assert session.get(Shift, here.shift.id).taken == 1
    with pytest.raises(ShiftFull):
        make.scan(here.shift, late, here.shift.starts_at)


def test_who_signed_up_needs_no_further_place(app):
    here, rider = make.setting(places=1), make.new_rider()
    with transaction():
        sign_up(shift_id=here.shift.id, by=rider, at=clock.now())
    make.scan(here.shift, rider, here.shift.starts_at)
    with transaction(write=False):
        assert session.get(Shift, here.shift.id).taken == 1


def test_nobody_is_signed_in_at_two_shifts_at_once(app):
    here, rider = make.setting(), make.new_rider()
    with transaction():
        other = make.shift(here.activity, here.organiser, starts_in=90)
    make.scan(here.shift, rider, here.shift.starts_at)
    with pytest.raises(SignedInElsewhere):
        make.scan(other, rider, here.shift.starts_at + timedelta(minutes=30))


@pytest.mark.once
def test_a_forgotten_sign_out_keeps_nobody_from_the_next_shift(app):
    here, rider = make.setting(minutes=60), make.new_rider()
    with transaction():
        following = make.shift(here.activity, here.organiser, starts_in=120)
    make.scan(here.shift, rider, here.shift.starts_at)
    with pytest.raises(SignedInElsewhere):
        make.scan(following, rider, here.shift.ends_at - timedelta(seconds=1))
    assert make.scan(following, rider, here.shift.ends_at).signed_in_at == following.starts_at


@pytest.mark.once
def test_a_sign_out_counts_until_half_an_hour_after_the_end(app):
    here, rider = make.setting(), make.new_rider()
    make.scan(here.shift, rider, here.shift.starts_at)
    last = here.shift.ends_at + timedelta(minutes=30)
    with pytest.raises(ShiftOver):
        make.scan(here.shift, rider, last + timedelta(microseconds=1))
    assert make.scan(here.shift, rider, last).basis == "proven"


def test_only_riders_are_scanned_in(app):
    here = make.setting()
    with pytest.raises(RidersOnly):
        make.scan(here.shift, here.organiser, here.shift.starts_at)


def test_a_forgotten_sign_out_closes_at_the_end_and_is_flagged(app):
    here, rider = make.setting(), make.new_rider()
    make.scan(here.shift, rider, here.shift.starts_at + timedelta(minutes=15))
    with transaction():
        assert close_forgotten(at=here.shift.ends_at) == 0
        assert close_forgotten(at=here.shift.ends_at + timedelta(minutes=30)) == 1
        assert close_forgotten(at=here.shift.ends_at + timedelta(minutes=31)) == 0
    with transaction(write=False):
        attended = queries.attendance_of(here.shift.id, rider.person_id)
        (hours,) = queries.my_hours(rider.person_id).items
        assert (attended.signed_out_at, attended.auto_closed) == (here.shift.ends_at, True)
        assert (hours.minutes, hours.basis, hours.state) == (105, "witnessed", "pending")


def test_a_forgotten_sign_out_of_a_made_up_activity_gives_no_hours(app):
    here, rider = make.setting(), make.new_rider()
    make.scan(here.shift, rider, here.shift.starts_at)
    with transaction():
        session.get_one(Activity, here.shift.activity_id).find_void("没有办过这场活动")
    with transaction():
        assert close_forgotten(at=here.shift.ends_at + timedelta(minutes=30)) == 1
    with transaction(write=False):
        assert queries.my_hours(rider.person_id).items == []


@pytest.mark.once
@pytest.mark.parametrize("forgotten", [False, True])
def test_coming_and_leaving_are_told_and_whether_the_scan_was_forgotten(app, forgotten):
    here, rider = make.setting(), make.new_rider()
    start, end = here.shift.starts_at, here.shift.ends_at + timedelta(minutes=30)
    with make.listening(SignedIn, SignedOut) as heard:
        attended = make.scan(here.shift, rider, start)
        with transaction():
            if forgotten:
                close_forgotten(at=end)
            else:
                scan_shift(shift_id=here.shift.id, by=rider, at=end)
    told = {"attendance_id": attended.id, "shift_id": here.shift.id, "person_id": rider.person_id}
    assert heard == [SignedIn(**told, at=start), SignedOut(**told, auto_closed=forgotten, at=end)]


def test_the_organiser_says_when_a_rider_really_left(app):
    here, rider = make.setting(), make.new_rider()
    attended = make.scan(here.shift, rider, here.shift.starts_at)
    with transaction():
        close_forgotten(at=here.shift.ends_at + timedelta(hours=1))
    left = here.shift.starts_at + timedelta(minutes=40)
    for wrong in (here.shift.starts_at, here.shift.ends_at + timedelta(minutes=1)):
        with pytest.raises(SignOutTimeWrong), transaction():
            confirm_attendance(
                attendance_id=attended.id, signed_out_at=wrong, by=here.organiser, at=here.shift.ends_at
            )
    with transaction():
        hours = confirm_attendance(
            attendance_id=attended.id, signed_out_at=left, by=here.organiser, at=here.shift.ends_at
        )
    assert (hours.minutes, hours.basis, hours.state) == (40, "witnessed", "confirmed")


def test_scans_are_not_corrected_by_hand(app):
    here, rider = make.setting(), make.new_rider()
    attended = make.attend(here.shift, rider)
    with pytest.raises(SignOutTimeWrong), transaction():
        confirm_attendance(
            attendance_id=attended.id,
            signed_out_at=here.shift.starts_at + timedelta(minutes=9),
            by=here.organiser,
            at=here.shift.ends_at,
        )


def test_leaving_before_the_start_leaves_no_hours(app):
    here, rider = make.setting(), make.new_rider()
    make.scan(here.shift, rider, here.shift.starts_at - timedelta(minutes=20))
    make.scan(here.shift, rider, here.shift.starts_at - timedelta(minutes=10))
    with transaction(write=False):
        assert queries.my_hours(rider.person_id).items == []
        assert session.query(Attendance).count() == 1
        assert session.query(Hours).count() == 0
