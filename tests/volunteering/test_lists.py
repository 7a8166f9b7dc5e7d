"""What is listed for whom: open shifts, a rider's own sign-ups, and whom an organiser reads of."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.identity.models import Person
from app.kernel import clock
from app.kernel.db import session, transaction
from app.kernel.geo import Position
from app.volunteering import queries
from app.volunteering.errors import ShiftNotFound
from app.volunteering.models import Hours
from app.volunteering.organising import create_activity
from app.volunteering.queries import HoursTotals
from app.volunteering.signing_up import cancel_sign_up, sign_up
from tests import make as city
from tests.volunteering import make

pytestmark = pytest.mark.once


def _take(where, by):
    with transaction():
        return sign_up(shift_id=where.id, by=by, at=clock.now())


def _listed(at=None, **wanted):
    with transaction(write=False):
        return [each.shift.id for each in queries.open_shifts(at=at or clock.now(), **wanted).items]


def test_a_shift_is_listed_and_mine_until_it_is_over(app):
    here, rider = make.setting(), make.new_rider()
    _take(here.shift, rider)
    end = here.shift.ends_at
    for at, seen in ((end - timedelta(seconds=1), [here.shift.id]), (end, [])):
        with transaction(write=False):
            mine = [each.shift.id for each in queries.my_sign_ups(rider.person_id, at=at)]
        assert _listed(at) == mine == seen


@pytest.mark.parametrize(
    "region, seen", [(city.CITY, 1), (city.XUANWU, 1), (city.COMMUNITY, 1), (city.QINHUAI, 0)]
)
def test_a_region_lists_the_shifts_of_all_that_lies_in_it(app, region, seen):
    here = make.setting()
    assert _listed(region_code=region) == [here.shift.id] * seen


def test_shifts_that_begin_together_are_all_listed_from_page_to_page(app):
    here = make.setting()
    with transaction():
        together = {make.shift(here.activity, here.organiser).id for _ in range(3)} | {here.shift.id}
    found, cursor = [], None
    with transaction(write=False):
        for _ in range(4):
            page = queries.open_shifts(limit=1, cursor=cursor, at=clock.now())
            found += [each.shift.id for each in page.items]
            cursor = page.next_cursor
    assert (len(found), set(found), cursor) == (4, together, None)


def test_the_list_says_of_each_shift_whether_it_clashes_with_one_of_mine(app):
    here, rider = make.setting(starts_in=60, minutes=120), make.new_rider()
    with transaction():
        before, after, within = (
            make.shift(here.activity, here.organiser, starts_in=starts_in, minutes=60)
            for starts_in in (0, 180, 150)
        )
    _take(here.shift, rider)
    with transaction(write=False):
        views = queries.open_shifts(person_id=rider.person_id, at=clock.now()).items
    clashing = {each.shift.id: each.overlaps for each in views}
    assert clashing == {here.shift.id: False, before.id: False, after.id: False, within.id: True}


def test_a_shift_of_a_draft_is_not_there_for_riders(app, client):
    here, rider = make.setting(), make.new_rider()
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
    with pytest.raises(ShiftNotFound), transaction(write=False):
        queries.shift_view(hidden.id, rider.person_id)
    assert client.get(f"/api/v1/shifts/{hidden.id}").status_code == 404
    assert client.get(f"/shifts/{hidden.id}").status_code == 404
    assert _listed() == [here.shift.id]


def test_whoever_stepped_back_is_not_expected(app):
    here, rider, stepped_back = make.setting(), make.new_rider(), make.new_rider("赵师傅")
    for each in (rider, stepped_back):
        _take(here.shift, each)
    with transaction():
        cancel_sign_up(shift_id=here.shift.id, by=stepped_back, at=clock.now())
    with transaction(write=False):
        expected = queries.attendance_list(here.shift.id, here.organiser)
    assert [each.person.id for each in expected] == [rider.person_id]


def test_no_closed_account_is_offered_as_a_rider_of_an_activity(app):
    here, rider, gone = make.setting(), make.new_rider(), make.new_rider("赵师傅")
    for each in (rider, gone):
        _take(here.shift, each)
    with transaction():
        session.get_one(Person, gone.person_id).closed_at = clock.now()
    with transaction(write=False):
        assert [each.id for each in queries.riders_of(here.activity.id)] == [rider.person_id]


def test_around_a_place_lists_what_is_near_it(app):
    here = make.setting()
    with transaction():
        near = make.activity(here.organiser, position=city.STATION_POSITION)
        where = make.shift(near, here.organiser).id
    lat, lng = city.STATION_POSITION.lat, city.STATION_POSITION.lng
    assert _listed(near=city.STATION_POSITION) == [where]  # what has no position is near nowhere
    for metres, seen in ((4_900, [where]), (5_200, [])):
        for there in (
            Position(lat + metres / 111_195, lng),
            Position(lat - metres / 111_195, lng),
            Position(lat, lng + metres / 94_250),
            Position(lat, lng - metres / 94_250),
        ):
            assert _listed(near=there) == seen


def test_ones_hours_are_added_up_by_how_they_are_known_and_without_those_of_others(app):
    here, rider, other = make.setting(), make.new_rider(), make.new_rider("赵师傅")
    known = [("proven", "confirmed", 1), ("witnessed", "confirmed", 2), ("backfilled", "confirmed", 4)]
    known += [(basis, "pending", 8) for basis, *_ in known]
    known += [(basis, "rejected", 50) for basis, *_ in known[:3]]
    with transaction():
        for whose, times in ((rider, 1), (other, 10)):
            for number, (basis, state, minutes) in enumerate(known):
                starts_at = clock.now() - timedelta(days=number + 1)
                session.add(
                    Hours(
                        person_id=whose.person_id, activity_id=here.activity.id, basis=basis, state=state,
                        starts_at=starts_at, ends_at=starts_at + timedelta(hours=1), minutes=minutes * times,
                        reason="手机没电", created_by=here.organiser.id, created_at=clock.now(),
                        confirmed_by=here.organiser.id, confirmed_at=clock.now(),
                        approved_by=other.person_id if whose is rider else rider.person_id,
                    )
                )  # fmt: skip
    with transaction(write=False):
        mine, theirs = (queries.hours_totals(each.person_id) for each in (rider, other))
    assert mine == HoursTotals(proven=1, witnessed=2, backfilled=4, pending=24)
    assert (mine.confirmed, theirs.confirmed) == (7, 70)
