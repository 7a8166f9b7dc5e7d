"""Whose word it takes to let hours count, to reject them or to take them back, and how often one may give it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.kernel import clock
from app.kernel.db import session, transaction
from app.kernel.errors import Forbidden
from app.volunteering import confirming, waiting
from app.volunteering.confirming import (
    approve,
    back_fill,
    reject,
    void_hours,
    witness,
)
from app.volunteering.errors import BackfillTimesWrong
from app.volunteering.events import HoursRejected, HoursVoided
from app.volunteering.models import Hours
from tests import make as city
from tests.volunteering import make

pytestmark = pytest.mark.once


def _fill(here, rider, *, by=None, hours_ago=10, span=timedelta(hours=1), starts_at=None):
    starts_at = starts_at or clock.now() - timedelta(hours=hours_ago)
    with transaction():
        return back_fill(
            activity_id=here.activity.id,
            person_id=rider.person_id,
            starts_at=starts_at,
            ends_at=starts_at + span,
            reason="手机没电，没扫上码",
            by=by or here.organiser,
            at=clock.now(),
        )


def _state(hours):
    with transaction(write=False):
        return session.get_one(Hours, hours.id).state


def test_hours_entered_later_are_rejected_by_whoever_may_approve_them(app):
    here, rider = make.setting(), make.new_rider()
    entered = _fill(here, rider)
    with transaction():
        colleague = city.actor(city.staff("organiser", region_code=city.XUANWU, name="钱组织"))
    for organiser in (here.organiser, colleague):
        with pytest.raises(Forbidden), transaction():
            reject(hours_id=entered.id, reason="不对", by=organiser, at=clock.now())
    assert _state(entered) == "pending"


def test_what_scans_show_is_rejected_by_its_organiser(app):
    here, rider = make.setting(), make.new_rider()
    attended = make.attend(here.shift, rider)
    with transaction(write=False):
        (hours,) = waiting.to_confirm(here.organiser).items
    assert hours.attendance_id == attended.id
    with make.listening(HoursRejected) as heard, transaction():
        reject(hours_id=hours.id, reason="没干活", by=here.organiser, at=here.shift.ends_at)
    told = {"hours_id": hours.id, "person_id": rider.person_id, "reason": "没干活"}
    assert heard == [HoursRejected(**told, at=here.shift.ends_at)]
    with transaction(write=False):
        kept = session.get_one(Hours, hours.id)
        decided = (kept.state, kept.rejected_because, kept.confirmed_by, kept.confirmed_at)
    assert decided == ("rejected", "没干活", here.organiser.id, here.shift.ends_at)


@pytest.mark.parametrize("minutes", [1, 16 * 60])
def test_hours_entered_later_may_be_as_old_as_thirty_days_and_end_this_moment(app, minutes):
    here, rider = make.setting(), make.new_rider()
    span, oldest = timedelta(minutes=minutes), clock.now() - timedelta(days=30)
    for starts_at in (oldest, clock.now() - span):
        assert _fill(here, rider, starts_at=starts_at, span=span).minutes == minutes
    moment = timedelta(microseconds=1)
    for starts_at in (oldest - moment, clock.now() - span + moment):
        with pytest.raises(BackfillTimesWrong):
            _fill(here, rider, starts_at=starts_at, span=span)


def test_hours_on_one_persons_word_say_whose_and_of_which_shift(app):
    here, rider = make.setting(), make.new_rider()
    with transaction():
        words = {"person_id": rider.person_id, "reason": "我在现场", "by": here.organiser}
        hours = witness(shift_id=here.shift.id, **words, at=here.shift.ends_at)
    assert (hours.shift_id, hours.activity_id, hours.reason) == (here.shift.id, here.activity.id, "我在现场")
    by = here.organiser.id
    assert (hours.created_by, hours.confirmed_by, hours.approved_by) == (by, by, None)
    assert hours.created_at == hours.confirmed_at == here.shift.ends_at


def test_the_monthly_quota_of_entries_is_each_organisers_own(app, monkeypatch):
    monkeypatch.setattr(confirming, "BACKFILLS_PER_MONTH", 1)
    here, rider = make.setting(), make.new_rider()
    with transaction():
        colleague = city.actor(city.staff("organiser", region_code=city.XUANWU, name="钱组织"))
    _fill(here, rider)
    assert _fill(here, rider, by=colleague, hours_ago=5).state == "pending"


@pytest.mark.parametrize("state", ["pending", "rejected", "confirmed"])
def test_only_hours_that_count_are_found_void(app, state):
    here, rider, second = make.setting(), make.new_rider(), make.new_staff("department")
    hours = _fill(here, rider)
    with transaction():
        if state == "rejected":
            reject(hours_id=hours.id, reason="那天没有活动", by=second, at=clock.now())
        elif state == "confirmed":
            approve(hours_id=hours.id, by=second, at=clock.now())
    with make.listening(HoursVoided) as heard, transaction():
        minutes = void_hours(hours_id=hours.id, reason="查无此事", by=second, at=clock.now())
    counted = state == "confirmed"
    told = {"hours_id": hours.id, "person_id": rider.person_id, "reason": "查无此事"}
    assert (minutes, heard) == ((60, [HoursVoided(**told, at=clock.now())]) if counted else (0, []))
    assert _state(hours) == ("rejected" if counted else state)


def test_who_entered_hours_is_named_for_those_entered_later_only(app):
    here, rider = make.setting(), make.new_rider()
    with transaction():
        seen = witness(
            shift_id=here.shift.id,
            person_id=rider.person_id,
            reason="我在现场",
            by=here.organiser,
            at=here.shift.ends_at,
        )
    entered = _fill(here, rider)
    with transaction(write=False):
        named = [each.entered_by and each.entered_by.id for each in waiting.with_words([seen, entered])]
    assert named == [None, here.organiser.person_id]
