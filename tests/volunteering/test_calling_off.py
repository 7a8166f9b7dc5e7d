"""Calling an activity off, and when it is over: whose place is given back, who is told, and what stays as it was."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.kernel import clock
from app.kernel.db import session, transaction
from app.notices import queries as inbox
from app.notices.telling import text_of
from app.volunteering import queries
from app.volunteering.errors import ActivityClosed
from app.volunteering.models import Activity, Shift
from app.volunteering.organising import cancel_activity, create_activity, end_activities
from app.volunteering.signing_up import cancel_sign_up, sign_up
from app.web.rider.leading import page_of
from tests import make as city
from tests.volunteering import make

pytestmark = pytest.mark.once


def _take(where, by, at=None):
    with transaction():
        return sign_up(shift_id=where.id, by=by, at=at or clock.now())


def _call_off(about, by, at=None):
    with transaction():
        return cancel_activity(activity_id=about.id, by=by, at=at or clock.now())


def _drafted(here):
    with transaction():
        draft = create_activity(
            title_zh="草稿",
            category="care",
            region_code=city.COMMUNITY,
            place_words="社区",
            by=here.organiser,
            at=clock.now(),
        )
        return draft, make.shift(draft, here.organiser)


def _told(rider, locale):
    with transaction(write=False):
        found = inbox.inbox(rider.person_id).items
        return [(each.slug, text_of(each, locale), page_of(each)) for each in found]


def test_whoever_had_a_place_reads_once_that_it_is_called_off(app):
    here, rider, stepped_back, stranger = make.setting(), *(make.new_rider(name) for name in "甲乙丙")
    with transaction():
        evening = make.shift(here.activity, here.organiser, starts_in=600)
    for where in (here.shift, evening):
        _take(where, rider)
    _take(here.shift, stepped_back)
    with transaction():
        cancel_sign_up(shift_id=here.shift.id, by=stepped_back, at=clock.now())
    for _ in range(2):
        _call_off(here.activity, here.organiser)
    zh, en = (_told(rider, locale) for locale in ("zh", "en"))
    words = "“路口文明劝导”取消了，你的名额已退，不用去了。看看别的活动吧。"
    assert zh == [("activity-cancelled", words, "/activities")]
    assert en[0][1].startswith("“路口文明劝导” was called off and your place given back")
    assert _told(stepped_back, "zh") == _told(stranger, "zh") == []


def test_the_notice_names_the_activity_in_the_readers_language(app):
    here, rider = make.setting(), make.new_rider()
    with transaction():
        session.get_one(Activity, here.activity.id).title_en = "Crossing guards"
    _take(here.shift, rider)
    _call_off(here.activity, here.organiser)
    assert "“Crossing guards”" in _told(rider, "en")[0][1]
    assert "“路口文明劝导”" in _told(rider, "zh")[0][1]


def test_a_place_on_a_shift_that_has_begun_is_not_given_back(app):
    here, came, later = make.setting(), make.new_rider(), make.new_rider("赵师傅")
    with transaction():
        evening = make.shift(here.activity, here.organiser, starts_in=600)
    _take(here.shift, came)
    _take(evening, later)
    make.scan(here.shift, came, here.shift.starts_at)
    _call_off(here.activity, here.organiser, at=here.shift.starts_at + timedelta(minutes=30))
    assert make.scan(here.shift, came, here.shift.ends_at).signed_out_at == here.shift.ends_at
    with transaction(write=False):
        assert [session.get_one(Shift, each.id).taken for each in (here.shift, evening)] == [1, 0]
        (listed,) = queries.attendance_list(here.shift.id, here.organiser)
        assert (listed.sign_up.state, listed.hours[0].minutes) == ("active", 120)
    assert _told(came, "zh") == []
    assert [slug for slug, *_ in _told(later, "zh")] == ["activity-cancelled"]


def test_a_place_on_a_shift_that_begins_this_moment_is_not_given_back(app):
    here, rider = make.setting(), make.new_rider()
    _take(here.shift, rider)
    _call_off(here.activity, here.organiser, at=here.shift.starts_at)
    with transaction(write=False):
        assert session.get_one(Shift, here.shift.id).taken == 1
    assert _told(rider, "zh") == []


def test_whoever_had_come_early_is_on_the_list_of_what_was_called_off(app):
    here, early = make.setting(), make.new_rider()
    attended = make.scan(here.shift, early, here.shift.starts_at - timedelta(minutes=20))
    _call_off(here.activity, here.organiser, at=here.shift.starts_at - timedelta(minutes=10))
    with transaction(write=False):
        (listed,) = queries.attendance_list(here.shift.id, here.organiser)
        assert (listed.person.id, listed.sign_up, listed.hours) == (early.person_id, None, [])
        assert listed.attendance.id == attended.id


@pytest.mark.parametrize("state", ["draft", "cancelled"])
def test_nobody_signs_in_at_what_is_not_published_or_was_called_off(app, state):
    here, rider = make.setting(), make.new_rider()
    about, where = (here.activity, here.shift) if state == "cancelled" else _drafted(here)
    if state == "cancelled":
        _call_off(about, here.organiser)
    with pytest.raises(ActivityClosed):
        make.scan(where, rider, where.starts_at)


def test_only_what_was_published_becomes_over(app):
    here = make.setting()
    draft, _shift = _drafted(here)
    with transaction():
        called_off = make.activity(here.organiser, title_zh="取消的")
        make.shift(called_off, here.organiser)
    _call_off(called_off, here.organiser)
    with transaction():
        assert end_activities(at=clock.now() + timedelta(days=3)) == 1
    with transaction(write=False):
        states = [session.get_one(Activity, each.id).state for each in (here.activity, draft, called_off)]
    assert states == ["ended", "draft", "cancelled"]
