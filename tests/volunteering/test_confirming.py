"""Hours: how they are known, who confirms, a second person, a quota, and never two at once."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError

from app.kernel import clock
from app.kernel.db import in_transaction, session, transaction, violated
from app.kernel.errors import Forbidden
from app.kernel.ids import new_id
from app.volunteering import confirming, queries, waiting
from app.volunteering.confirming import approve, back_fill, confirm_attendance, confirm_hours, reject, witness
from app.volunteering.errors import (
    AttendanceKnown,
    AttendanceOpen,
    BackfillQuotaUsed,
    BackfillTimesWrong,
    HoursDecided,
    HoursOverlap,
    NeedsApproval,
    NothingToWitness,
    OwnHours,
    SecondPersonNeeded,
    ShiftNotOver,
)
from app.volunteering.events import HoursConfirmed, HoursRejected
from app.volunteering.guards import OVERLAP
from app.volunteering.models import Activity, Hours
from app.volunteering.organising import end_activities
from tests import make as city
from tests.volunteering import make


def _fill(here, rider, *, hours_ago=10, minutes=60, by=None):
    starts_at = clock.now() - timedelta(hours=hours_ago)
    with transaction():
        return back_fill(
            activity_id=here.activity.id,
            person_id=rider.person_id,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=minutes),
            reason="手机没电，没扫上码",
            by=by or here.organiser,
            at=clock.now(),
        )


def _row(here, rider, starts_at, minutes, **more):
    values = {
        "id": new_id(),
        "person_id": rider.person_id,
        "activity_id": here.activity.id,
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=minutes),
        "minutes": minutes,
        "basis": "witnessed",
        "state": "pending",
        "created_at": starts_at,
    }
    return values | more


def _enters_and_approves():
    """An organiser of the city who may approve as well, as an actor."""
    with transaction():
        someone = make.staff_person("department")
        city.appoint(
            person_id=someone.id,
            role="organiser",
            region_code=city.CITY,
            station_id=None,
            by=city.SYSTEM,
            at=clock.now(),
        )
        return city.actor(someone)


def _organises_and_rides():
    """A rider who is an organiser of the city as well, as an actor."""
    with transaction():
        both = city.rider("两头忙")
        city.appoint(
            person_id=both.id,
            role="organiser",
            region_code=city.CITY,
            station_id=None,
            by=city.SYSTEM,
            at=clock.now(),
        )
        return city.actor(both)


def test_two_scans_confirmed_by_the_organiser_are_proven_hours(app):
    here, rider = make.setting(), make.new_rider()
    attended = make.attend(here.shift, rider)
    with make.listening(HoursConfirmed) as heard, transaction():
        hours = confirm_attendance(attendance_id=attended.id, by=here.organiser, at=here.shift.ends_at)
    (told,) = heard
    assert (hours.basis, hours.state, hours.minutes, hours.confirmed_by) == (
        "proven",
        "confirmed",
        120,
        here.organiser.id,
    )
    assert (told.hours_id, told.person_id, told.category, told.region_code, told.minutes, told.basis) == (
        hours.id, rider.person_id, "safety", city.COMMUNITY, 120, "proven",
    )  # fmt: skip


def test_hours_are_confirmed_once(app):
    here, rider = make.setting(), make.new_rider()
    attended = make.attend(here.shift, rider)
    with transaction():
        hours = confirm_attendance(attendance_id=attended.id, by=here.organiser, at=here.shift.ends_at)
    with make.listening(HoursConfirmed) as heard:
        with pytest.raises(HoursDecided), transaction():
            confirm_attendance(attendance_id=attended.id, by=here.organiser, at=here.shift.ends_at)
        with pytest.raises(HoursDecided), transaction():
            confirm_hours(hours_id=hours.id, by=here.organiser, at=here.shift.ends_at)
    assert heard == []


def test_nobody_confirms_his_own_hours_and_the_database_agrees(app):
    here, himself = make.setting(), _organises_and_rides()
    attended = make.attend(here.shift, himself)
    with pytest.raises(OwnHours), transaction():
        confirm_attendance(attendance_id=attended.id, by=himself, at=here.shift.ends_at)
    with pytest.raises(IntegrityError, match="not_by_himself"), transaction():
        session.execute(sa.update(Hours).values(confirmed_by=himself.person_id))


def test_the_desk_lists_nobodys_own_hours(app):
    here, himself = make.setting(), _organises_and_rides()
    make.attend(here.shift, himself)
    with transaction(write=False):
        assert waiting.to_confirm(himself).items == []
        assert [each.person_id for each in waiting.to_confirm(here.organiser).items] == [himself.person_id]


def test_confirming_takes_the_permission_in_that_region(app):
    here, rider = make.setting(), make.new_rider()
    attended = make.attend(here.shift, rider)
    with transaction():
        elsewhere = city.actor(city.staff("organiser", region_code=city.QINHUAI))
    with pytest.raises(Forbidden), transaction():
        confirm_attendance(attendance_id=attended.id, by=elsewhere, at=here.shift.ends_at)
    with transaction(write=False):
        assert waiting.to_confirm(elsewhere).items == []
        assert len(waiting.to_confirm(here.organiser).items) == 1


def test_an_open_attendance_waits_for_its_sign_out(app):
    here, rider = make.setting(), make.new_rider()
    attended = make.scan(here.shift, rider, here.shift.starts_at)
    with pytest.raises(AttendanceOpen), transaction():
        confirm_attendance(attendance_id=attended.id, by=here.organiser, at=here.shift.ends_at)


def test_presence_without_scans_is_witnessed_once_the_shift_is_over(app):
    here, rider = make.setting(), make.new_rider()
    words = {
        "shift_id": here.shift.id,
        "person_id": rider.person_id,
        "reason": "我在现场",
        "by": here.organiser,
    }
    with pytest.raises(ShiftNotOver), transaction():
        witness(**words, at=here.shift.starts_at)
    with transaction():
        hours = witness(**words, at=here.shift.ends_at)
    assert (hours.basis, hours.state, hours.minutes) == ("witnessed", "confirmed", 120)
    with pytest.raises(HoursOverlap), transaction():
        witness(**words, at=here.shift.ends_at)


@pytest.mark.parametrize("state", ["draft", "cancelled"])
def test_what_was_not_published_or_was_called_off_is_not_witnessed(app, state):
    here, rider = make.setting(), make.new_rider()
    with transaction():
        session.execute(sa.update(Activity).values(state=state))
    with pytest.raises(NothingToWitness), transaction():
        witness(
            shift_id=here.shift.id,
            person_id=rider.person_id,
            reason="在场",
            by=here.organiser,
            at=here.shift.ends_at,
        )


def test_presence_is_still_witnessed_when_the_activity_is_over(app):
    here, rider = make.setting(), make.new_rider()
    later = here.shift.ends_at + timedelta(days=2)
    with transaction():
        assert end_activities(at=later) == 1
        hours = witness(
            shift_id=here.shift.id, person_id=rider.person_id, reason="在场", by=here.organiser, at=later
        )
    assert hours.state == "confirmed"


def test_scans_are_confirmed_not_witnessed(app):
    here, rider = make.setting(), make.new_rider()
    make.attend(here.shift, rider)
    with pytest.raises(AttendanceKnown), transaction():
        witness(
            shift_id=here.shift.id,
            person_id=rider.person_id,
            reason="在场",
            by=here.organiser,
            at=here.shift.ends_at,
        )


def test_hours_entered_later_count_only_after_a_second_person(app):
    here, rider, second = make.setting(), make.new_rider(), make.new_staff("department")
    hours = _fill(here, rider)
    with transaction(write=False):
        assert queries.hours_totals(rider.person_id).confirmed == 0
        assert waiting.to_confirm(here.organiser).items == []
        assert [each.id for each in waiting.to_confirm(second).items] == [hours.id]
    with pytest.raises(NeedsApproval), transaction():
        confirm_hours(hours_id=hours.id, by=second, at=clock.now())
    with make.listening(HoursConfirmed) as heard, transaction():
        approve(hours_id=hours.id, by=second, at=clock.now())
    assert heard[0].basis == "backfilled"
    with transaction(write=False):
        totals = queries.hours_totals(rider.person_id)
    assert (totals.backfilled, totals.proven, totals.witnessed) == (60, 0, 0)


def test_whoever_entered_hours_does_not_approve_them_and_the_database_agrees(app):
    here, rider, both = make.setting(), make.new_rider(), _enters_and_approves()
    hours = _fill(here, rider, by=both)
    with pytest.raises(SecondPersonNeeded), transaction():
        approve(hours_id=hours.id, by=both, at=clock.now())
    with pytest.raises(IntegrityError, match="second_person"), transaction():
        session.execute(
            sa.update(Hours).values(
                state="confirmed",
                approved_by=both.person_id,
                confirmed_by=both.person_id,
                confirmed_at=clock.now(),
            )
        )


def test_the_desk_lists_no_hours_that_one_entered_oneself(app):
    here, rider = make.setting(), make.new_rider()
    first, second = _enters_and_approves(), _enters_and_approves()
    hours = _fill(here, rider, by=first)
    with transaction(write=False):
        assert waiting.to_confirm(first).items == []
        assert [each.id for each in waiting.to_confirm(second).items] == [hours.id]


@pytest.mark.parametrize("hours_ago, minutes", [(1, 61), (24 * 31, 60), (40, 16 * 60 + 1), (10, 0)])
def test_hours_entered_later_lie_in_the_recent_past(app, hours_ago, minutes):
    here, rider = make.setting(), make.new_rider()
    with pytest.raises(BackfillTimesWrong):
        _fill(here, rider, hours_ago=hours_ago, minutes=minutes)


def test_an_organiser_enters_no_more_than_a_monthly_quota(app, clock, monkeypatch):
    monkeypatch.setattr(confirming, "BACKFILLS_PER_MONTH", 2)
    here, rider = make.setting(), make.new_rider()
    _fill(here, rider, hours_ago=20)
    _fill(here, rider, hours_ago=10)
    with pytest.raises(BackfillQuotaUsed):
        _fill(here, rider, hours_ago=5)
    clock.advance(days=7)
    _fill(here, rider, hours_ago=5)


def test_the_quota_is_new_with_the_first_minute_of_the_citys_month(app, clock, monkeypatch):
    monkeypatch.setattr(confirming, "BACKFILLS_PER_MONTH", 1)
    here, rider = make.setting(), make.new_rider()
    clock.at = datetime(2026, 11, 30, 15, 59, tzinfo=UTC)
    _fill(here, rider, hours_ago=20)
    with pytest.raises(BackfillQuotaUsed):
        _fill(here, rider, hours_ago=10)
    clock.advance(minutes=1)
    assert _fill(here, rider, hours_ago=10).state == "pending"
    with pytest.raises(BackfillQuotaUsed):
        _fill(here, rider, hours_ago=5)


def test_witnessing_uses_up_no_quota_of_entries(app, clock, monkeypatch):
    monkeypatch.setattr(confirming, "BACKFILLS_PER_MONTH", 1)
    here, rider = make.setting(starts_in=60, minutes=60), make.new_rider()
    clock.advance(hours=2)
    with transaction():
        words = {"person_id": rider.person_id, "reason": "我在现场", "by": here.organiser, "at": clock.at}
        witness(shift_id=here.shift.id, **words)
    assert _fill(here, rider).state == "pending"


def test_rejected_hours_give_their_time_free_and_keep_the_reason(app):
    here, rider, second = make.setting(), make.new_rider(), make.new_staff("department")
    hours = _fill(here, rider)
    with pytest.raises(HoursOverlap):
        _fill(here, rider)
    with make.listening(HoursRejected) as heard, transaction():
        reject(hours_id=hours.id, reason="那天没有这个活动", by=second, at=clock.now())
    assert heard[0].reason == "那天没有这个活动"
    with pytest.raises(HoursDecided), transaction():
        approve(hours_id=hours.id, by=second, at=clock.now())
    assert _fill(here, rider).state == "pending"


def test_signing_out_works_even_when_other_hours_stand_in_the_way(app, clock):
    here, rider = make.setting(), make.new_rider()
    make.scan(here.shift, rider, here.shift.starts_at)
    clock.advance(hours=2)
    _fill(here, rider, hours_ago=1, minutes=30)
    attended = make.scan(here.shift, rider, here.shift.ends_at)
    assert attended.signed_out_at == here.shift.ends_at
    with pytest.raises(HoursOverlap), transaction():
        confirm_attendance(attendance_id=attended.id, by=here.organiser, at=here.shift.ends_at)


# --- the database holds it -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "offset, clash", [(-59, True), (0, True), (30, True), (59, True), (60, False), (-60, False)]
)
def test_the_database_refuses_two_intervals_of_one_person_that_overlap(app, offset, clash):
    here, rider, other = make.setting(), make.new_rider(), make.new_rider("赵师傅")
    start = clock.now()
    with transaction():
        session.execute(sa.insert(Hours).values(_row(here, rider, start, 60)))
        session.execute(sa.insert(Hours).values(_row(here, other, start, 60)))
    second = sa.insert(Hours).values(_row(here, rider, start + timedelta(minutes=offset), 60))
    if clash:
        with pytest.raises(IntegrityError) as refused, transaction():
            session.execute(second)
        assert violated(refused.value, OVERLAP)
    else:
        with transaction():
            session.execute(second)


def test_two_whose_ids_are_half_alike_may_serve_at_the_same_time(app):
    here = make.setting()
    halves = ("0" * 15 + "1", "1" * 16), ("0" * 15 + "1", "2" * 16), ("3" * 16, "1" * 16)
    riders = [make.new_rider(id=UUID(first + second)) for first, second in halves]
    with transaction():
        for each in riders:
            session.execute(sa.insert(Hours).values(_row(here, each, clock.now(), 60)))


def test_the_database_refuses_an_overlap_made_by_an_update(app):
    here, rider = make.setting(), make.new_rider()
    start = clock.now()
    with transaction():
        session.execute(sa.insert(Hours).values(_row(here, rider, start, 60)))
        session.execute(sa.insert(Hours).values(_row(here, rider, start, 60, state="rejected")))
    for change in ({"state": "confirmed", "confirmed_at": start}, {"state": "pending"}):
        with pytest.raises(IntegrityError, match=OVERLAP), transaction():
            session.execute(sa.update(Hours).where(Hours.state == "rejected").values(**change))


def test_of_intervals_written_at_once_one_passes(app: Flask):
    here, rider = make.setting(), make.new_rider()
    start, barrier, passed, refused = clock.now(), threading.Barrier(8), [], []

    def write(n):
        row = _row(here, rider, start + timedelta(minutes=n), 60)
        with app.app_context():
            barrier.wait()
            try:
                in_transaction(lambda: session.execute(sa.insert(Hours).values(row)))
                passed.append(n)
            except IntegrityError as error:
                refused.append(violated(error, OVERLAP))

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(passed) == 1
    assert refused == [True] * 7
