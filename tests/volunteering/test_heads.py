"""Heads are counted while a shift runs: the number and the names agree, and nobody is asked about themselves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import DBAPIError

from app.audit.models import AuditRecord
from app.identity import my_data
from app.identity.actors import SYSTEM
from app.identity.appointing import appoint
from app.identity.models import Person
from app.kernel.db import session, transaction
from app.kernel.errors import Forbidden
from app.volunteering import confirming, heads
from app.volunteering.errors import AttendanceNotFound, HeadsDiffer, OwnHours, ShiftNotRunning
from app.volunteering.heads import Looked
from app.volunteering.models import Head, HeadCount, Hours
from tests import make
from tests.owning import owning
from tests.volunteering import make as volunteering
from tests.volunteering.make import attend, new_rider, new_staff, scan, setting


def count(here, at, *looked, by=None, number=None):
    """Count; `looked` are pairs of an attendance and whether its rider is seen."""
    told = [Looked(attended.id, seen) for attended, seen in looked]
    number = sum(seen for _, seen in looked) if number is None else number
    with transaction():
        return heads.count_heads(
            shift_id=here.shift.id, here=number, heads=told, by=by or here.organiser, at=at
        )


def asked(here, at, by=None):
    with transaction(write=False):
        return [attended.id for attended, _ in heads.to_count(here.shift.id, by or here.organiser, at)]


def looks_of(attended):
    with transaction(write=False):
        chosen = select(Head.seen).where(Head.attendance_id == attended.id).order_by(Head.id)
        return session.scalars(chosen).all()


@pytest.fixture
def here(app):
    return setting()


@pytest.fixture
def two(here):
    """Two riders who are signed in, and the middle of their shift."""
    came = [scan(here.shift, new_rider(name), here.shift.starts_at) for name in ("王师傅", "李师傅")]
    return (*came, here.shift.starts_at + timedelta(minutes=50))


def test_the_number_and_who_is_missed_are_written_down(here, two):
    first, second, at = two
    made = count(here, at, (first, True), (second, False))
    assert (made.signed_in, made.here, made.counted_by) == (2, 1, here.organiser.id)
    assert (looks_of(first), looks_of(second)) == ([True], [False])
    with transaction(write=False):
        noted = session.scalars(select(AuditRecord).where(AuditRecord.action == "heads.counted")).one()
    assert (noted.subject, noted.facts) == (f"shift:{here.shift.id}", {"signed_in": 2, "here": 1})


@pytest.mark.parametrize("number", [0, 2])
def test_a_number_that_is_not_that_of_the_ticks_is_refused(here, two, number):
    first, second, at = two
    with pytest.raises(HeadsDiffer) as refused:
        count(here, at, (first, True), (second, False), number=number)
    assert set(refused.value.fields) == {"here"}
    with pytest.raises(HeadsDiffer):  # one named twice
        count(here, at, (first, True), (first, True), number=1)
    assert looks_of(first) == []


@pytest.mark.parametrize(("minutes", "runs"), [(-1, False), (0, True), (119, True), (120, False)])
def test_heads_are_counted_while_the_shift_runs(here, minutes, runs):
    came = scan(here.shift, new_rider(), here.shift.starts_at - timedelta(minutes=5))
    at = here.shift.starts_at + timedelta(minutes=minutes)
    assert asked(here, at) == ([came.id] if runs else [])
    if runs:
        count(here, at, (came, True))
    else:
        with pytest.raises(ShiftNotRunning):
            count(here, at, (came, True))


def test_whoever_was_missed_or_came_later_is_asked_about_again(here, two):
    first, second, at = two
    count(here, at, (first, True), (second, False))
    late = scan(here.shift, new_rider("张师傅"), at + timedelta(minutes=5))
    later = at + timedelta(minutes=10)
    assert asked(here, later) == [second.id, late.id]
    count(here, later, (second, True), (late, True))
    assert asked(here, later) == []
    assert looks_of(second) == [False, True]


def test_whoever_has_left_is_not_asked_about(here, two):
    first, second, at = two
    scan(here.shift, _rider_of(first), at)
    assert asked(here, at) == [second.id]
    for saw in (False, True):  # the list was drawn a minute ago
        made = count(here, at, (first, saw), (second, True))
        assert (made.signed_in, made.here) == (1, 1)
    assert looks_of(first) == []


def _rider_of(attended):
    with transaction(write=False):
        return make.actor(session.get_one(Person, attended.person_id))


def _leading_rider(at):
    """A rider who leads shifts and takes part in them."""
    with transaction():
        leader = make.rider("带队的")
        held = {"role": "organiser", "region_code": make.XUANWU, "station_id": None}
        appoint(person_id=leader.id, **held, by=SYSTEM, at=at)
        return make.actor(leader)


def test_nobody_is_asked_about_themselves(here, two):
    first, second, at = two
    by = _leading_rider(here.shift.starts_at)
    own = scan(here.shift, by, at)
    assert asked(here, at, by) == [first.id, second.id]
    with pytest.raises(OwnHours):
        count(here, at, (own, True), (first, True), by=by)


def test_heads_of_another_shift_are_not_counted_here(here, two):
    first, second, at = two
    with transaction():
        other = volunteering.shift(here.activity, here.organiser)
    elsewhere = scan(other, new_rider("张师傅"), at)
    with pytest.raises(AttendanceNotFound):
        count(here, at, (first, True), (second, True), (elsewhere, True))


def test_whoever_may_not_say_who_was_there_counts_nobody(here, two):
    first, second, at = two
    for by in (new_staff("department"), _rider_of(first)):
        with pytest.raises(Forbidden):
            count(here, at, (first, True), (second, True), by=by)
        with pytest.raises(Forbidden):
            asked(here, at, by)


def test_all_who_were_looked_for_are_confirmed_together_and_nobody_else(here, two):
    first, second, at = two
    count(here, at, (first, True), (second, False))
    late = scan(here.shift, new_rider("张师傅"), at)
    for each in (first, second, late):
        scan(here.shift, _rider_of(each), here.shift.ends_at)
    with transaction():
        done = heads.confirm_counted(shift_id=here.shift.id, by=here.organiser, at=here.shift.ends_at)
        assert {each.attendance_id for each in done} == {first.id, second.id}
    with transaction():
        assert heads.confirm_counted(shift_id=here.shift.id, by=here.organiser, at=here.shift.ends_at) == []
        waiting = session.scalars(select(Hours.attendance_id).where(Hours.state == "pending")).all()
    assert waiting == [late.id]


def test_together_confirms_one_shift_and_no_other(here, two):
    first, _, at = two
    with transaction():
        other = volunteering.shift(here.activity, here.organiser)
    elsewhere = scan(other, new_rider("张师傅"), at)
    for shift, each in ((here.shift, first), (other, elsewhere)):
        with transaction():
            looked = [Looked(each.id, True)]
            heads.count_heads(shift_id=shift.id, here=1, heads=looked, by=here.organiser, at=at)
        scan(shift, _rider_of(each), at + timedelta(minutes=30))
    with transaction():
        done = heads.confirm_counted(shift_id=here.shift.id, by=here.organiser, at=here.shift.ends_at)
        assert [each.attendance_id for each in done] == [first.id]


def test_together_confirms_nothing_of_whoever_confirms(here, two):
    first, second, at = two
    by = _leading_rider(here.shift.starts_at)
    own = scan(here.shift, by, at)
    count(here, at, (first, True), (second, True), (own, True))  # somebody else's count
    for each in (first, own):
        scan(here.shift, _rider_of(each), here.shift.ends_at)
    with transaction():
        done = heads.confirm_counted(shift_id=here.shift.id, by=by, at=here.shift.ends_at)
        assert [each.attendance_id for each in done] == [first.id]


def test_together_confirms_who_may_confirm_there_even_if_nothing_waits(here):
    with transaction():
        elsewhere = make.actor(make.staff("organiser", region_code=make.QINHUAI))
    with pytest.raises(Forbidden), transaction():
        heads.confirm_counted(shift_id=here.shift.id, by=elsewhere, at=here.shift.ends_at)


def test_where_nobody_counted_hours_are_confirmed_as_before(here):
    attended = attend(here.shift, new_rider())
    with transaction():
        confirming.confirm_attendance(attendance_id=attended.id, by=here.organiser, at=here.shift.ends_at)
        assert session.scalars(select(Hours.state)).all() == ["confirmed"]


@pytest.mark.parametrize("model", [Head, HeadCount])
def test_what_was_counted_is_never_changed(here, two, model):
    first, second, at = two
    count(here, at, (first, True), (second, False))
    for statement in (update(model).values(id=model.id), delete(model)):
        with owning(), pytest.raises(DBAPIError, match="append-only"), transaction():
            session.execute(statement)
    with transaction(write=False):
        assert session.scalar(select(func.count()).select_from(model)) > 0


def test_a_rider_is_told_in_their_own_file(here, two):
    first, second, at = two
    count(here, at, (first, True), (second, False))
    with transaction(write=False):
        told = my_data.rows_about(second.person_id)["heads"]
    assert [(row["attendance_id"], row["looked_at"], row["seen"]) for row in told] == [(second.id, at, False)]
