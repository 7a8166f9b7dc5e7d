"""Counting heads: while a shift runs, whoever leads it says how many are there, and whom of those signed in they miss.

A picture of the shift's screen signs in whoever is not there; it puts nobody on the spot. So hours of somebody who was
not seen contradict the count (`app/doubts`), and those who were looked for are confirmed together.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from app.audit.recording import record
from app.identity.actors import Actor
from app.identity.models import Person
from app.kernel.db import session
from app.places.queries import region_path
from app.volunteering import queries
from app.volunteering.confirming import confirm_hours
from app.volunteering.errors import AttendanceNotFound, HeadsDiffer, OwnHours, ShiftNotRunning
from app.volunteering.models import Attendance, Head, HeadCount, Hours, Shift


@dataclass(frozen=True, slots=True)
class Looked:
    """One who is signed in, and whether the leader sees them."""

    attendance_id: UUID
    seen: bool


def count_heads(*, shift_id: UUID, here: int, heads: Sequence[Looked], by: Actor, at: datetime) -> HeadCount:
    """Write down how many of those signed in are there, and who is not. The number and the names must agree.

    Asked are those on the list as the leader saw it: whoever signs out meanwhile is not asked about, whoever signs in
    is asked about next time. Raises ShiftNotRunning, HeadsDiffer, AttendanceNotFound, OwnHours.
    """
    shift = _shift_for("hours.witness", shift_id, by)
    if not runs(shift, at):
        raise ShiftNotRunning(at=shift.starts_at)
    seen = {each.attendance_id: each.seen for each in heads}
    if here != sum(seen.values()) or len(seen) != len(heads):
        raise HeadsDiffer(fields={"here": ["heads-differ"]})
    asked = _of_shift(shift_id, seen, by)
    inside = [each for each in asked if each.signed_out_at is None]
    counted = HeadCount(
        shift_id=shift_id,
        counted_at=at,
        counted_by=by.id,
        signed_in=len(inside),
        here=sum(seen[each.id] for each in inside),
    )
    session.add(counted)
    session.flush()
    for each in inside:
        session.add(Head(count_id=counted.id, attendance_id=each.id, looked_at=at, seen=seen[each.id]))
    session.flush()
    facts = {"signed_in": counted.signed_in, "here": counted.here}
    record(action="heads.counted", subject=f"shift:{shift_id}", facts=facts, by=by, at=at)
    return counted


def to_count(shift_id: UUID, by: Actor, at: datetime) -> list[tuple[Attendance, Person]]:
    """Who is signed in now and was not seen yet, in the order they came; nobody is asked about themselves."""
    if not runs(_shift_for("hours.witness", shift_id, by), at):
        return []
    inside = session.execute(
        select(Attendance, Person)
        .join(Person, Person.id == Attendance.person_id)
        .where(
            Attendance.shift_id == shift_id,
            Attendance.signed_out_at.is_(None),
            Attendance.person_id.is_distinct_from(by.person_id),
        )
        .order_by(Attendance.signed_in_at, Attendance.id)
    ).all()
    looks = queries.last_looks([attended.id for attended, _ in inside])
    return [
        (attended, someone)
        for attended, someone in inside
        if (look := looks.get(attended.id)) is None or not look.seen
    ]


def confirm_counted(*, shift_id: UUID, by: Actor, at: datetime) -> list[Hours]:
    """Confirm in one go the hours of all who were looked for, seen or not; nobody's own.

    Hours of whoever was not seen are doubted: their points wait until somebody else has looked. What nobody looked at
    is confirmed one by one.
    """
    queries.activity_to_join(_shift_for("hours.confirm", shift_id, by).activity_id).must_be_believed()
    # Locked: what somebody else is deciding about right now is pending no longer, and in nobody's way.
    pending = session.scalars(
        select(Hours)
        .where(Hours.shift_id == shift_id, Hours.state == "pending", Hours.attendance_id.is_not(None))
        .order_by(Hours.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    looks = queries.last_looks([each.attendance_id for each in pending if each.attendance_id])
    return [
        confirm_hours(hours_id=each.id, by=by, at=at)
        for each in pending
        if each.attendance_id in looks and each.person_id != by.person_id
    ]


def may_count(shift: Shift, by: Actor) -> bool:
    """Whether this is one who may say who was there."""
    activity = queries.activity(shift.activity_id)
    path = region_path(activity.region_code)
    return by.can("hours.witness", region_path=path, station_id=activity.station_id)


def runs(shift: Shift, at: datetime) -> bool:
    """Whether the shift is on, so that whoever is signed in is there."""
    return shift.starts_at <= at < shift.ends_at


def _shift_for(permission: str, shift_id: UUID, by: Actor) -> Shift:
    shift = queries.shift(shift_id)
    activity = queries.activity(shift.activity_id)
    by.must(permission, region_path=region_path(activity.region_code), station_id=activity.station_id)
    return shift


def _of_shift(shift_id: UUID, ids: Collection[UUID], by: Actor) -> Sequence[Attendance]:
    chosen = select(Attendance).where(Attendance.shift_id == shift_id, Attendance.id.in_(ids))
    found = session.scalars(chosen.order_by(Attendance.id)).all()
    if len(found) != len(ids):
        raise AttendanceNotFound
    if any(each.person_id == by.person_id for each in found):
        raise OwnHours
    return found
