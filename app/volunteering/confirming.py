"""From attendance to hours: confirming what scans show, attesting what they do not, entering later, rejecting."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.identity.actors import Actor
from app.identity.queries import person_to_change
from app.kernel import events
from app.kernel.clock import city_day, city_midnight
from app.kernel.db import session, violated
from app.places.queries import region_path
from app.volunteering import queries
from app.volunteering.errors import (
    AttendanceKnown,
    AttendanceOpen,
    BackfillQuotaUsed,
    BackfillTimesWrong,
    HoursFoundVoid,
    HoursOverlap,
    HoursTooShort,
    NeedsApproval,
    NothingToWitness,
    OwnHours,
    SecondPersonNeeded,
    ShiftNotOver,
    SignOutTimeWrong,
)
from app.volunteering.events import HoursBackfilled, HoursConfirmed, HoursRejected, HoursVoided
from app.volunteering.guards import OVERLAP
from app.volunteering.models import MAX_MINUTES, TOOK_PLACE, Activity, Attendance, Hours, Shift

BACKFILLS_PER_MONTH = 20  # by one organiser
BACKFILL_DAYS = 30  # how far back


def confirm_hours(*, hours_id: UUID, by: Actor, at: datetime) -> Hours:
    """Let pending hours of an attendance count, by somebody who may and is not the rider."""
    activity = _must_decide("hours.confirm", hours_id, by)
    hours = queries.hours_to_change(hours_id)
    if hours.basis == "backfilled":
        raise NeedsApproval
    hours.confirm(by.person_id, at)
    return _counted(hours, activity, at)


def confirm_attendance(
    *, attendance_id: UUID, signed_out_at: datetime | None = None, by: Actor, at: datetime
) -> Hours:
    """Confirm what an attendance shows: proven by two scans, witnessed if the sign-out was forgotten.

    For a forgotten sign-out the organiser may say when the rider really left.
    """
    shift, person_id = queries.attended(attendance_id)
    activity = _must("hours.confirm", shift.activity_id, person_id, by)
    attended = queries.attendance_to_change(attendance_id)
    if attended.signed_out_at is None:
        raise AttendanceOpen
    hours = queries.hours_of_attendance_to_change(attended.id)
    if signed_out_at is not None:
        if not attended.auto_closed or not attended.signed_in_at < signed_out_at <= shift.ends_at:
            raise SignOutTimeWrong(fields={"signed_out_at": ["sign-out-time-wrong"]})
        attended.signed_out_at, attended.out_how = signed_out_at, "organiser"
    if hours is None:
        _must_not_be_void(shift.id, person_id)
        hours = _from_attendance(attended, shift, at)
        session.add(hours)
    else:
        hours.must_be_pending()
        _set_span(hours, *served(attended, shift))
    hours.confirm(by.person_id, at)
    return _counted(hours, activity, at)


def witness(*, shift_id: UUID, person_id: UUID, reason: str, by: Actor, at: datetime) -> Hours:
    """Attest that a rider without scans was there for the shift, once it is over.

    These hours count at once on one person's word, so everybody could have seen the shift coming: it was planned ahead,
    published and not called off. Whatever else was served is entered later, where a second person looks.
    """
    shift = queries.shift(shift_id)
    activity = _must("hours.witness", shift.activity_id, person_id, by)
    if activity.state not in TOOK_PLACE:
        raise NothingToWitness
    if at < shift.ends_at:
        raise ShiftNotOver(at=shift.ends_at)
    person_to_change(person_id)
    if queries.attendance_of(shift_id, person_id) is not None:
        raise AttendanceKnown
    _must_not_be_void(shift_id, person_id)
    hours = _hours(activity, person_id, shift.starts_at, shift.ends_at, "witnessed", reason, by, at)
    hours.shift_id = shift.id
    hours.confirm(by.person_id, at)
    session.add(hours)
    return _counted(hours, activity, at)


def back_fill(
    *,
    activity_id: UUID,
    person_id: UUID,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    by: Actor,
    at: datetime,
) -> Hours:
    """Enter past hours with a reason, within a monthly quota. They count once a second person approves them."""
    activity = _must("hours.backfill", activity_id, person_id, by)
    span = ends_at - starts_at
    in_time = at - timedelta(days=BACKFILL_DAYS) <= starts_at < ends_at <= at
    if not in_time or not timedelta(minutes=1) <= span <= timedelta(minutes=MAX_MINUTES):
        raise BackfillTimesWrong(fields={"starts_at": ["backfill-times-wrong"]}, days=BACKFILL_DAYS)
    for each in sorted(
        (by.id, person_id)
    ):  # two entries by one organiser at once: the quota is counted in turn
        person_to_change(each)
    if _entered_this_month(by.id, at) >= BACKFILLS_PER_MONTH:
        raise BackfillQuotaUsed(quota=BACKFILLS_PER_MONTH)
    hours = _hours(activity, person_id, starts_at, ends_at, "backfilled", reason, by, at)
    session.add(hours)
    _hold_apart()
    events.publish(HoursBackfilled(hours_id=hours.id, person_id=person_id, activity_id=activity.id, at=at))
    return hours


def approve(*, hours_id: UUID, by: Actor, at: datetime) -> Hours:
    """Let hours entered later count: by a second person, neither the rider nor whoever entered them."""
    activity = _must_decide("hours.approve", hours_id, by)
    hours = queries.hours_to_change(hours_id)
    hours.must_be_pending()
    if hours.basis != "backfilled":
        return confirm_hours(hours_id=hours_id, by=by, at=at)
    if by.person_id is None or hours.created_by == by.person_id:
        raise SecondPersonNeeded
    hours.approved_by = by.person_id
    hours.confirm(by.person_id, at)
    return _counted(hours, activity, at)


def reject(*, hours_id: UUID, reason: str, by: Actor, at: datetime) -> Hours:
    """Say why pending hours do not count; the rider reads the reason."""
    known = queries.hours(hours_id)
    permission = "hours.approve" if known.basis == "backfilled" else "hours.confirm"
    _must_decide(permission, hours_id, by)
    hours = queries.hours_to_change(hours_id)
    hours.reject(reason, by.person_id, at)
    session.flush()
    events.publish(HoursRejected(hours_id=hours.id, person_id=hours.person_id, reason=reason, at=at))
    return hours


def void_hours(*, hours_id: UUID, reason: str, by: Actor, at: datetime) -> int:
    """Confirmed hours were found void: they count no longer. Returns the minutes; the caller has checked who may."""
    hours = queries.hours_to_change(hours_id)
    if not hours.void(reason, at):
        return 0
    session.flush()
    events.publish(HoursVoided(hours_id=hours.id, person_id=hours.person_id, reason=reason, at=at))
    return hours.minutes


def await_confirmation(attended: Attendance, shift: Shift, at: datetime) -> Hours | None:
    """Pending hours of an attendance just signed out, so that the rider sees them at once.

    None if nothing of the shift was attended, or other hours stand in the way: signing out must not fail for that,
    and the organiser is told when confirming.
    """
    starts_at, ends_at = served(attended, shift)
    if whole_minutes(starts_at, ends_at) < 1 or queries.hours_that_overlap(
        attended.person_id, starts_at, ends_at
    ):
        return None
    hours = _from_attendance(attended, shift, at)
    session.add(hours)
    _hold_apart()
    return hours


def served(attended: Attendance, shift: Shift) -> tuple[datetime, datetime]:
    """The attended span, clipped to the shift."""
    assert attended.signed_out_at is not None
    return max(attended.signed_in_at, shift.starts_at), min(attended.signed_out_at, shift.ends_at)


def whole_minutes(starts_at: datetime, ends_at: datetime) -> int:
    """Full minutes of a span; an empty or backward one has none."""
    return max(0, (ends_at - starts_at) // timedelta(minutes=1))


def _from_attendance(attended: Attendance, shift: Shift, at: datetime) -> Hours:
    hours = Hours(
        person_id=attended.person_id,
        activity_id=shift.activity_id,
        shift_id=shift.id,
        attendance_id=attended.id,
        basis=attended.basis,
        state="pending",
        created_at=at,
    )
    _set_span(hours, *served(attended, shift))
    return hours


def _hours(
    activity: Activity,
    person_id: UUID,
    starts_at: datetime,
    ends_at: datetime,
    basis: str,
    reason: str,
    by: Actor,
    at: datetime,
) -> Hours:
    hours = Hours(
        person_id=person_id,
        activity_id=activity.id,
        basis=basis,
        state="pending",
        reason=reason,
        created_by=by.person_id,
        created_at=at,
    )
    _set_span(hours, starts_at, ends_at)
    return hours


def _set_span(hours: Hours, starts_at: datetime, ends_at: datetime) -> None:
    minutes = whole_minutes(starts_at, ends_at)
    if minutes < 1:
        raise HoursTooShort
    hours.starts_at, hours.ends_at, hours.minutes = starts_at, ends_at, minutes


def _must(permission: str, activity_id: UUID, person_id: UUID, by: Actor) -> Activity:
    """The activity, held before the hours that are decided on, as whoever finds it made up does."""
    activity = queries.activity_to_join(activity_id)
    by.must(permission, region_path=region_path(activity.region_code), station_id=activity.station_id)
    if by.person_id == person_id:
        raise OwnHours
    activity.must_be_believed()
    return activity


def _must_decide(permission: str, hours_id: UUID, by: Actor) -> Activity:
    about = queries.hours(hours_id)
    return _must(permission, about.activity_id, about.person_id, by)


def _must_not_be_void(shift_id: UUID, person_id: UUID) -> None:
    """What two persons found void, the word of one does not bring back."""
    void = select(Hours.rejected_because).where(
        Hours.shift_id == shift_id, Hours.person_id == person_id, Hours.void_at.is_not(None)
    )
    because = session.scalar(void.limit(1))
    if because is not None:
        raise HoursFoundVoid(reason=because)


def _counted(hours: Hours, activity: Activity, at: datetime) -> Hours:
    _hold_apart()
    events.publish(
        HoursConfirmed(
            hours_id=hours.id,
            person_id=hours.person_id,
            activity_id=activity.id,
            category=activity.category,
            region_code=activity.region_code,
            minutes=hours.minutes,
            basis=hours.basis,
            at=at,
        )
    )
    return hours


def _hold_apart() -> None:
    """Write, and turn the database's refusal of two intervals of one person that overlap into words."""
    try:
        session.flush()
    except IntegrityError as error:
        if violated(error, OVERLAP):
            raise HoursOverlap from None
        raise


def _entered_this_month(organiser_id: UUID, at: datetime) -> int:
    since = city_midnight(city_day(at).replace(day=1))
    entered = select(func.count()).where(
        Hours.created_by == organiser_id, Hours.basis == "backfilled", Hours.created_at >= since
    )
    return session.scalar(entered) or 0
