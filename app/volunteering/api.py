"""Activities and shifts are public; a rider signs up and sees his hours, organisers confirm, a second person approves.

Signing in and out is not here: it takes the shift's code, read at /scans.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from app.identity.actors import Actor
from app.kernel import clock, geo
from app.kernel.http import Api, gives, gives_page, idempotent, public, requires, takes, takes_query, traced
from app.kernel.paging import Page
from app.kernel.schemas import PageQuery
from app.volunteering import confirming, organising, queries, signing_up, training, waiting
from app.volunteering import heads as counting
from app.volunteering.heads import Looked
from app.volunteering.models import Activity, HeadCount, Hours, Shift, SignUp, Training
from app.volunteering.queries import HoursTotals, Listed, ShiftView
from app.volunteering.schemas import (
    ActivityIn,
    ActivityRead,
    BackfillIn,
    ConfirmAttendanceIn,
    HeadCountIn,
    HeadCountRead,
    HoursRead,
    ListedRead,
    RejectIn,
    ShiftIn,
    ShiftOnlyRead,
    ShiftRead,
    ShiftsQuery,
    SignUpRead,
    TotalsRead,
    TrainingIn,
    TrainingRead,
    WitnessIn,
)

api = Api("volunteering", "", "Activities, shifts, attendance and hours")


@api.get("/shifts")
@public
@takes_query(ShiftsQuery)
@gives_page(ShiftRead)
def list_shifts(
    region: str | None,
    lat: float | None,
    lng: float | None,
    datum: str,
    within_m: int,
    cursor: str | None,
    limit: int,
    by: Actor,
) -> Page[ShiftView]:
    """Shifts that take riders, soonest first"""
    near = geo.from_edge(lat, lng, datum) if lat is not None and lng is not None else None
    return queries.open_shifts(
        region_code=region,
        near=near,
        within_m=within_m,
        person_id=by.person_id,
        cursor=cursor,
        limit=limit,
        at=clock.now(),
    )


@api.get("/shifts/<uuid:shift_id>")
@public
@gives(ShiftRead)
def read_shift(shift_id: UUID, by: Actor) -> ShiftView:
    """One shift, as the caller stands to it"""
    return queries.shift_view(shift_id, by.person_id)


@api.get("/activities/<uuid:activity_id>")
@public
@gives(ActivityRead)
def read_activity(activity_id: UUID) -> Activity:
    """One published activity"""
    return queries.published_activity(activity_id)


@api.get("/activities")
@requires("activity.organise")
@takes_query(PageQuery)
@gives_page(ActivityRead)
def list_activities(cursor: str | None, limit: int, by: Actor) -> Page[Activity]:
    """The activities the caller organises, drafts included"""
    return queries.activities_of(by, cursor, limit)


@api.post("/activities")
@requires("activity.organise")
@idempotent
@takes(ActivityIn)
@gives(ActivityRead, 201)
def create_activity(by: Actor, **words: Any) -> Activity:
    """Draft an activity"""
    return organising.create_activity(**words, by=by, at=clock.now())


@api.post("/activities/<uuid:activity_id>/shifts")
@requires("activity.organise")
@idempotent
@takes(ShiftIn)
@gives(ShiftOnlyRead, 201)
def add_shift(activity_id: UUID, starts_at: datetime, ends_at: datetime, places: int, by: Actor) -> Shift:
    """Add a shift to an activity"""
    return organising.add_shift(
        activity_id=activity_id, starts_at=starts_at, ends_at=ends_at, places=places, by=by, at=clock.now()
    )


@api.post("/activities/<uuid:activity_id>/publication")
@requires("activity.organise")
@gives(ActivityRead)
def publish_activity(activity_id: UUID, by: Actor) -> Activity:
    """Let riders see an activity and sign up"""
    return organising.publish_activity(activity_id=activity_id, by=by, at=clock.now())


@api.post("/activities/<uuid:activity_id>/cancellation")
@requires("activity.organise")
@gives(ActivityRead)
def cancel_activity(activity_id: UUID, by: Actor) -> Activity:
    """Call an activity off"""
    return organising.cancel_activity(activity_id=activity_id, by=by, at=clock.now())


@api.get("/sign-ups/mine")
@requires("self")
@gives(ShiftRead, many=True)
def list_my_sign_ups(by: Actor) -> list[ShiftView]:
    """The caller's places on shifts that are not over"""
    return queries.my_sign_ups(by.id, at=clock.now())


@api.post("/shifts/<uuid:shift_id>/sign-up")
@requires("self")
@gives(SignUpRead)
def sign_up(shift_id: UUID, by: Actor) -> SignUp:
    """Take a place on a shift"""
    return signing_up.sign_up(shift_id=shift_id, by=by, at=clock.now())


@api.delete("/shifts/<uuid:shift_id>/sign-up")
@requires("self")
@gives(None)
def cancel_sign_up(shift_id: UUID, by: Actor) -> None:
    """Give the place back, until the shift begins"""
    signing_up.cancel_sign_up(shift_id=shift_id, by=by, at=clock.now())


@api.get("/shifts/<uuid:shift_id>/attendance")
@requires("hours.witness")
@traced("shift.seen")
@gives(ListedRead, many=True)
def list_attendance(shift_id: UUID, by: Actor) -> list[Listed]:
    """Who signed up for a shift and who was there"""
    return queries.attendance_list(shift_id, by)


@api.post("/shifts/<uuid:shift_id>/attendance")
@requires("hours.witness")
@idempotent
@takes(WitnessIn)
@gives(HoursRead, 201)
def witness_attendance(shift_id: UUID, person_id: UUID, reason: str, by: Actor) -> Hours:
    """Attest that a rider without scans was there"""
    return confirming.witness(shift_id=shift_id, person_id=person_id, reason=reason, by=by, at=clock.now())


@api.post("/shifts/<uuid:shift_id>/head-counts")
@requires("hours.witness")
@idempotent
@takes(HeadCountIn)
@gives(HeadCountRead, 201)
def count_heads(shift_id: UUID, here: int, heads: list[Looked], by: Actor) -> HeadCount:
    """Say, while the shift runs, how many of those signed in are there, and who is not"""
    return counting.count_heads(shift_id=shift_id, here=here, heads=heads, by=by, at=clock.now())


@api.post("/attendance/<uuid:attendance_id>/confirmation")
@requires("hours.confirm")
@idempotent
@takes(ConfirmAttendanceIn)
@gives(HoursRead)
def confirm_attendance(attendance_id: UUID, signed_out_at: datetime | None, by: Actor) -> Hours:
    """Confirm an attendance; a forgotten sign-out may be corrected"""
    return confirming.confirm_attendance(
        attendance_id=attendance_id, signed_out_at=signed_out_at, by=by, at=clock.now()
    )


@api.get("/hours/mine")
@requires("self")
@takes_query(PageQuery)
@gives_page(HoursRead)
def list_my_hours(cursor: str | None, limit: int, by: Actor) -> Page[Hours]:
    """The caller's hours, newest first"""
    return queries.my_hours(by.id, cursor, limit)


@api.get("/hours/mine/totals")
@requires("self")
@gives(TotalsRead)
def read_my_totals(by: Actor) -> HoursTotals:
    """The caller's minutes, by how they are known"""
    return queries.hours_totals(by.id)


@api.get("/hours/to-confirm")
@requires("hours.confirm")
@traced("hours.seen")
@takes_query(PageQuery)
@gives_page(HoursRead)
def list_hours_to_confirm(cursor: str | None, limit: int, by: Actor) -> Page[Hours]:
    """Hours that wait for the caller"""
    return waiting.to_confirm(by, cursor, limit)


@api.post("/hours")
@requires("hours.backfill")
@idempotent
@takes(BackfillIn)
@gives(HoursRead, 201)
def back_fill_hours(
    activity_id: UUID, person_id: UUID, starts_at: datetime, ends_at: datetime, reason: str, by: Actor
) -> Hours:
    """Enter past hours; they count once a second person approves them"""
    return confirming.back_fill(
        activity_id=activity_id,
        person_id=person_id,
        starts_at=starts_at,
        ends_at=ends_at,
        reason=reason,
        by=by,
        at=clock.now(),
    )


@api.post("/hours/<uuid:hours_id>/confirm")
@requires("hours.confirm")
@idempotent
@gives(HoursRead)
def confirm_hours(hours_id: UUID, by: Actor) -> Hours:
    """Let pending hours of an attendance count"""
    return confirming.confirm_hours(hours_id=hours_id, by=by, at=clock.now())


@api.post("/hours/<uuid:hours_id>/approve")
@requires("hours.approve")
@idempotent
@gives(HoursRead)
def approve_hours(hours_id: UUID, by: Actor) -> Hours:
    """Let hours entered later count, as the second person"""
    return confirming.approve(hours_id=hours_id, by=by, at=clock.now())


@api.post("/hours/<uuid:hours_id>/reject")
@requires("hours.confirm")
@idempotent
@takes(RejectIn)
@gives(HoursRead)
def reject_hours(hours_id: UUID, reason: str, by: Actor) -> Hours:
    """Say why pending hours do not count"""
    return confirming.reject(hours_id=hours_id, reason=reason, by=by, at=clock.now())


@api.post("/trainings")
@requires("hours.confirm")
@takes(TrainingIn)
@gives(TrainingRead, 201)
def record_training(
    person_id: UUID, course: str, region_code: str, minutes: int, finished_at: datetime, by: Actor
) -> Training:
    """Write down that a rider finished a training; the same again leads to the first record"""
    return training.record_training(
        person_id=person_id,
        course=course,
        region_code=region_code,
        minutes=minutes,
        finished_at=finished_at,
        by=by,
        at=clock.now(),
    )
