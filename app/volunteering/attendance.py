"""Signing in and out of a shift: the first scan is in, a later one out; a forgotten one is closed and flagged."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from app.identity.actors import Actor
from app.identity.queries import self_to_change
from app.kernel import events
from app.kernel.db import session
from app.volunteering import queries
from app.volunteering.confirming import await_confirmation
from app.volunteering.errors import (
    ActivityClosed,
    RidersOnly,
    ShiftOver,
    ShiftTooEarly,
    SignedInAlready,
    SignedInElsewhere,
    SignedOutAlready,
)
from app.volunteering.events import SignedIn, SignedOut
from app.volunteering.models import Activity, Attendance, Shift
from app.volunteering.signing_up import take_place

OPENS_BEFORE = timedelta(minutes=30)
SLIP = timedelta(minutes=5)  # a second scan sooner than this is a slip of the hand
LATE_SIGN_OUT = timedelta(
    minutes=30
)  # later than this after the end, the scan proves nothing about the shift


def scan_shift(*, shift_id: UUID, by: Actor, at: datetime) -> Attendance:
    """The rider scanned the shift's code: sign in, or sign out if he is in. A walk-in takes a place if one is left."""
    if not by.is_rider:
        raise RidersOnly
    shift = queries.shift(shift_id)
    activity = queries.activity_to_join(shift.activity_id)  # before its riders, as whoever calls it off
    self_to_change(by)  # the same code scanned twice at once: the second waits and finds the first
    attended = queries.attendance_of_to_change(shift_id, by.id)
    if attended is None:
        return _sign_in(shift, activity, by, at)
    activity.must_be_believed()  # whoever scans to leave reads why they are out already
    if attended.signed_out_at is not None:
        raise SignedOutAlready(at=attended.signed_out_at)
    if at < attended.signed_in_at + SLIP:
        raise SignedInAlready(at=attended.signed_in_at)
    return _sign_out(attended, shift, by, at)


def close_forgotten(*, at: datetime, limit: int = 500) -> int:
    """Close attendances whose sign-out was forgotten, at the end of their shift, and flag them. Returns how many.

    Their activities are held first, as everywhere; one that is being changed is left for the next time.
    """
    overdue = (Attendance.signed_out_at.is_(None), Shift.ends_at <= at - LATE_SIGN_OUT)
    about = select(Shift.activity_id).join(Attendance, Attendance.shift_id == Shift.id).where(*overdue)
    chosen = select(Activity).where(Activity.id.in_(about)).order_by(Activity.id).limit(limit)
    joined = chosen.with_for_update(read=True, skip_locked=True).execution_options(populate_existing=True)
    held = {each.id: each for each in session.scalars(joined)}
    forgotten = (
        select(Attendance, Shift)
        .join(Shift, Shift.id == Attendance.shift_id)
        .where(*overdue, Shift.activity_id.in_(list(held)))
        .order_by(Attendance.id)
        .limit(limit)
        .with_for_update(of=Attendance, skip_locked=True)
    )
    closed = session.execute(forgotten).all()
    for attended, shift in closed:
        attended.signed_out_at, attended.out_how = max(shift.ends_at, attended.signed_in_at), "closed"
        session.flush()
        if held[shift.activity_id].state != "void":
            await_confirmation(attended, shift, at)
        _tell_signed_out(attended, at)
    return len(closed)


def sign_out_all(activity_id: UUID, at: datetime) -> list[UUID]:
    """Whoever is signed in at an activity is out, without hours: it was made up. Returns who they are.

    The caller holds the activity alone, so nobody comes or goes meanwhile.
    """
    inside = (
        select(Attendance, Shift)
        .join(Shift, Shift.id == Attendance.shift_id)
        .where(Shift.activity_id == activity_id, Attendance.signed_out_at.is_(None))
        .order_by(Attendance.id)
    )
    found = session.execute(inside.execution_options(populate_existing=True)).all()
    for attended, shift in found:
        attended.signed_out_at, attended.out_how = (
            max(min(at, shift.ends_at), attended.signed_in_at),
            "closed",
        )
        session.flush()
        _tell_signed_out(attended, at)
    return [attended.person_id for attended, _ in found]


def _sign_in(shift: Shift, activity: Activity, by: Actor, at: datetime) -> Attendance:
    if activity.state != "open":
        raise ActivityClosed
    if at < shift.starts_at - OPENS_BEFORE:
        raise ShiftTooEarly(at=shift.starts_at - OPENS_BEFORE)
    if at >= shift.ends_at:
        raise ShiftOver(at=shift.ends_at)
    elsewhere = queries.open_attendance_of(by.id, at)
    if elsewhere is not None:
        raise SignedInElsewhere(at=elsewhere.signed_in_at)
    signed_up = queries.sign_up_of(shift.id, by.id)
    if signed_up is None or signed_up.state != "active":
        take_place(shift=shift, before=signed_up, person_id=by.id, at=at)
    attended = Attendance(shift_id=shift.id, person_id=by.id, signed_in_at=at, in_how="scanned")
    session.add(attended)
    session.flush()
    events.publish(SignedIn(attendance_id=attended.id, shift_id=shift.id, person_id=by.id, at=at))
    return attended


def _sign_out(attended: Attendance, shift: Shift, by: Actor, at: datetime) -> Attendance:
    if at > shift.ends_at + LATE_SIGN_OUT:
        raise ShiftOver(at=shift.ends_at)
    attended.signed_out_at, attended.out_how = at, "scanned"
    session.flush()
    await_confirmation(attended, shift, at)
    _tell_signed_out(attended, at)
    return attended


def _tell_signed_out(attended: Attendance, at: datetime) -> None:
    events.publish(
        SignedOut(
            attendance_id=attended.id,
            shift_id=attended.shift_id,
            person_id=attended.person_id,
            auto_closed=attended.auto_closed,
            at=at,
        )
    )
