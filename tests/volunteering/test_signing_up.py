"""Signing up: the last place, twice the same, clashes, stepping back, activities called off."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError

from app.kernel import clock
from app.kernel.db import in_transaction, session, transaction
from app.kernel.errors import Forbidden
from app.volunteering import queries
from app.volunteering.errors import (
    ActivityClosed,
    PublishedTooLate,
    RidersOnly,
    ShiftFull,
    ShiftOverlap,
    ShiftStarted,
    ShiftTimesWrong,
)
from app.volunteering.events import ActivityCancelled, SignedUp, SignUpCancelled
from app.volunteering.models import Activity, Shift
from app.volunteering.organising import (
    add_shift,
    cancel_activity,
    create_activity,
    end_activities,
    publish_activity,
)
from app.volunteering.signing_up import cancel_sign_up, sign_up
from tests import make as city
from tests.volunteering import make


def _take(where, by):
    with transaction():
        return sign_up(shift_id=where.id, by=by, at=clock.now())


def _taken(where):
    with transaction(write=False):
        return session.get(Shift, where.id, populate_existing=True).taken


def test_it_takes_a_place_once_however_often_it_is_asked(app):
    here, rider = make.setting(), make.new_rider()
    assert _take(here.shift, rider).id == _take(here.shift, rider).id
    assert _taken(here.shift) == 1


def test_it_gives_the_last_place_to_one_of_sixteen(app: Flask):
    here = make.setting(places=1)
    with transaction():
        riders = [make.a_rider(f"骑手{n}") for n in range(16)]
    won, lost, barrier = [], [], threading.Barrier(16)

    def reach(rider):
        with app.app_context():
            barrier.wait()
            try:
                won.append(
                    in_transaction(lambda: sign_up(shift_id=here.shift.id, by=rider, at=clock.now()).id)
                )
            except ShiftFull:
                lost.append(rider)

    threads = [threading.Thread(target=reach, args=(rider,)) for rider in riders]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert (len(won), len(lost), _taken(here.shift)) == (1, 15, 1)


def test_the_database_refuses_more_taken_than_places(app):
    make.setting(places=1)
    with pytest.raises(IntegrityError, match="places"), transaction():
        session.execute(sa.update(Shift).values(taken=2))


def test_it_refuses_a_shift_that_clashes_with_another_and_says_so_before(app):
    here, rider = make.setting(), make.new_rider()
    with transaction():
        other = make.shift(here.activity, here.organiser, starts_in=150)
        after = make.shift(here.activity, here.organiser, starts_in=180)
    _take(here.shift, rider)
    with pytest.raises(ShiftOverlap) as refused:
        _take(other, rider)
    assert refused.value.facts["at"] == here.shift.starts_at
    with transaction(write=False):
        assert queries.shift_view(other.id, rider.person_id).overlaps
        assert not queries.shift_view(after.id, rider.person_id).overlaps
    _take(after, rider)


def test_two_clashing_shifts_taken_at_once_leave_one(app: Flask):
    here, rider = make.setting(), make.new_rider()
    with transaction():
        other = make.shift(here.activity, here.organiser, starts_in=90)
    barrier, refused = threading.Barrier(2), []

    def reach(where):
        with app.app_context():
            barrier.wait()
            try:
                in_transaction(lambda: sign_up(shift_id=where.id, by=rider, at=clock.now()))
            except ShiftOverlap:
                refused.append(where.id)

    threads = [threading.Thread(target=reach, args=(where,)) for where in (here.shift, other)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(refused) == 1
    assert _taken(here.shift) + _taken(other) == 1


def test_stepping_back_frees_the_place_once_and_only_until_the_start(app):
    here, rider, other = make.setting(places=1), make.new_rider(), make.new_rider("赵师傅")
    _take(here.shift, rider)
    for _ in range(2):
        with transaction():
            cancel_sign_up(shift_id=here.shift.id, by=rider, at=clock.now())
    assert _taken(here.shift) == 0
    _take(here.shift, other)
    with pytest.raises(ShiftFull):
        _take(here.shift, rider)
    with pytest.raises(ShiftStarted), transaction():
        cancel_sign_up(shift_id=here.shift.id, by=other, at=here.shift.starts_at)
    with pytest.raises(ShiftStarted), transaction():
        sign_up(shift_id=here.shift.id, by=rider, at=here.shift.starts_at)


@pytest.mark.once
def test_taking_a_place_and_stepping_back_are_told_once_each(app):
    here, rider = make.setting(), make.new_rider()
    told = {"shift_id": here.shift.id, "person_id": rider.person_id, "at": clock.now()}
    with make.listening(SignedUp, SignUpCancelled) as heard:
        for _ in range(2):
            _take(here.shift, rider)
        for _ in range(2):
            with transaction():
                cancel_sign_up(shift_id=here.shift.id, by=rider, at=clock.now())
    assert heard == [SignedUp(**told), SignUpCancelled(**told)]


def test_a_place_given_back_can_be_taken_again(app):
    here, rider = make.setting(), make.new_rider()
    first = _take(here.shift, rider)
    with transaction():
        cancel_sign_up(shift_id=here.shift.id, by=rider, at=clock.now())
    assert _take(here.shift, rider).id == first.id
    assert _taken(here.shift) == 1


def test_only_riders_sign_up_and_only_for_published_activities(app):
    here, rider = make.setting(), make.new_rider()
    with pytest.raises(RidersOnly):
        _take(here.shift, here.organiser)
    with transaction():
        draft = create_activity(
            title_zh="草稿",
            category="care",
            region_code=city.COMMUNITY,
            place_words="社区",
            by=here.organiser,
            at=clock.now(),
        )
        hidden = make.shift(draft, here.organiser)
    with pytest.raises(ActivityClosed):
        _take(hidden, rider)


def test_calling_off_gives_places_back_and_tells_who_had_one(app):
    here, rider = make.setting(), make.new_rider()
    _take(here.shift, rider)
    with make.listening(ActivityCancelled) as heard, transaction():
        cancel_activity(activity_id=here.activity.id, by=here.organiser, at=clock.now())
    assert heard[0].person_ids == (rider.person_id,)
    assert _taken(here.shift) == 0
    with pytest.raises(ActivityClosed):
        _take(here.shift, rider)


def test_an_organiser_acts_in_his_own_region_only(app):
    here = make.setting()
    with transaction():
        elsewhere = city.actor(city.staff("organiser", region_code=city.QINHUAI, name="钱组织"))
    with pytest.raises(Forbidden), transaction():
        make.activity(elsewhere)
    with pytest.raises(Forbidden), transaction():
        make.shift(here.activity, elsewhere)


@pytest.mark.parametrize(
    "starts_in, minutes", [(60, 0), (60, -5), (60, 16 * 60 + 1), (-120, 60), (-16, 60), (-950, 951)]
)
def test_a_shift_ends_after_it_starts_and_lies_ahead(app, starts_in, minutes):
    here = make.setting()
    starts_at = clock.now() + timedelta(minutes=starts_in)
    with pytest.raises(ShiftTimesWrong), transaction():
        add_shift(
            activity_id=here.activity.id,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=minutes),
            places=1,
            by=here.organiser,
            at=clock.now(),
        )


def test_a_shift_may_be_added_while_people_stand_there_to_begin(app):
    here = make.setting()
    with transaction():
        assert make.shift(here.activity, here.organiser, starts_in=-15).places_left == 5


def test_what_begins_unseen_is_not_published_any_more(app):
    here = make.setting()
    with transaction():
        session.execute(sa.update(Activity).values(state="draft"))
    begun = here.shift.starts_at + timedelta(minutes=16)
    with pytest.raises(PublishedTooLate), transaction():
        publish_activity(activity_id=here.activity.id, by=here.organiser, at=begun)
    with transaction():
        publish_activity(activity_id=here.activity.id, by=here.organiser, at=here.shift.starts_at)
        again = publish_activity(activity_id=here.activity.id, by=here.organiser, at=begun)
    assert again.state == "open"


def test_an_activity_is_over_a_day_after_its_last_shift(app):
    here = make.setting()
    with transaction():
        over = here.shift.ends_at + timedelta(days=1)
        assert end_activities(at=here.shift.ends_at) == 0
        assert end_activities(at=over - timedelta(microseconds=1)) == 0
        assert end_activities(at=over) == 1


def test_open_shifts_come_soonest_first_page_by_page(app):
    here = make.setting()
    with transaction():
        later = [make.shift(here.activity, here.organiser, starts_in=300 - 30 * n) for n in range(4)]
    with transaction(write=False):
        first = queries.open_shifts(limit=3, at=clock.now())
        second = queries.open_shifts(limit=3, cursor=first.next_cursor, at=clock.now())
        elsewhere = queries.open_shifts(region_code=city.QINHUAI, at=clock.now())
        found = [each.shift.id for each in [*first.items, *second.items]]
    assert found == [here.shift.id, *(each.id for each in reversed(later))]
    assert second.next_cursor is None
    assert elsewhere.items == []
