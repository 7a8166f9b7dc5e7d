"""The organiser's pages: activities and their shifts, who is there, the code on the screen, confirming hours."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask import Response
from markupsafe import Markup

from app.codes import drawing
from app.codes.kinds import shift as shift_code
from app.identity import queries as people
from app.identity.actors import Actor
from app.identity.errors import PersonNotFound
from app.identity.queries import display_name
from app.identity.signing_in import normal_phone
from app.kernel import clock
from app.kernel.errors import Invalid
from app.kernel.http import requires, takes_form, takes_query, traced
from app.kernel.i18n import say
from app.kernel.schemas import Id, Line, QueryWhole, Schema, Text
from app.places import queries as places
from app.volunteering import confirming, heads, organising, queries, waiting
from app.volunteering.models import CATEGORIES, Shift
from app.web.edge import Pages, go, once, page
from app.web.forms import Choice, CityMoment, Continue, Nothing
from app.web.menus import menu_of
from app.web.scopes import regions_of

pages = Pages("organising")


class ActivityForm(Schema):
    """What it is and where."""

    title_zh = Line(60, required=True)
    title_en = Line(120, load_default=None)
    words = Text(1000, load_default="")
    category = Choice(CATEGORIES, required=True)
    region_code = Text(20, required=True)
    place_words = Text(100, required=True)


class ShiftForm(Schema):
    """When, and for how many."""

    starts_at = CityMoment(required=True)
    ends_at = CityMoment(required=True)
    places = QueryWhole(1, 10_000, required=True)


class WitnessForm(Schema):
    """Whom the organiser saw, and why there is no scan."""

    person_id = Id(required=True)
    reason = Text(200, required=True)


class BackfillForm(Schema):
    """Who served when, entered afterwards: a rider who signed up, or anybody by the phone number."""

    person_id = Id(load_default=None)
    phone = Text(24, min_length=5, load_default=None)
    starts_at = CityMoment(required=True)
    ends_at = CityMoment(required=True)
    reason = Text(200, required=True)


class ReasonForm(Schema):
    """Why."""

    reason = Text(200, required=True)


@pages.get("/activities/desk")
@requires("activity.organise")
@takes_query(Continue)
def activities(by: Actor, cursor: str | None) -> str:
    """My activities, newest first, and the form for another"""
    found = queries.activities_of(by, cursor)
    return page(
        "desk/activities.html",
        activities=found.items, next_cursor=found.next_cursor, menu=menu_of(by),
        regions=regions_of(by, "activity.organise"),
        category_options=[(each, say(f"volunteering.category.{each}")) for each in CATEGORIES],
    )  # fmt: skip


@pages.post("/activities/desk", again=activities, blame={"region-not-found": "region_code"})
@requires("activity.organise")
@once
@takes_form(ActivityForm)
def create(by: Actor, **what: str) -> Response:
    """Draft an activity"""
    made = organising.create_activity(**what, by=by, at=clock.now())  # type: ignore[arg-type]
    return go(f"/activities/desk/{made.id}", said="web.said.activity-drafted")


@pages.get("/activities/desk/<uuid:activity_id>")
@requires("activity.organise")
@traced("activity.seen")
def activity(activity_id: UUID, by: Actor) -> str:
    """One activity and its shifts"""
    found = queries.activity(activity_id)
    by.must(
        "activity.organise", region_path=places.region_path(found.region_code), station_id=found.station_id
    )
    return page(
        "desk/activity.html",
        activity=found, shifts=queries.shifts_of(activity_id), menu=menu_of(by),
        riders=[(each.id, display_name(each)) for each in queries.riders_of(activity_id)],
        may_fill=by.holds("hours.backfill"),
    )  # fmt: skip


@pages.post(
    "/activities/desk/<uuid:activity_id>/shifts", again=activity, blame={"shift-times-wrong": "ends_at"}
)
@requires("activity.organise")
@once
@takes_form(ShiftForm)
def add_shift(activity_id: UUID, starts_at: datetime, ends_at: datetime, places: int, by: Actor) -> Response:
    """Add a shift"""
    organising.add_shift(
        activity_id=activity_id, starts_at=starts_at, ends_at=ends_at, places=places, by=by, at=clock.now()
    )
    return go(f"/activities/desk/{activity_id}", said="web.said.shift-added")


@pages.post("/activities/desk/<uuid:activity_id>/publish", again=activity)
@requires("activity.organise")
@takes_form(Nothing)
def publish(activity_id: UUID, by: Actor) -> Response:
    """Let riders see it"""
    organising.publish_activity(activity_id=activity_id, by=by, at=clock.now())
    return go(f"/activities/desk/{activity_id}", said="web.said.activity-published")


@pages.post("/activities/desk/<uuid:activity_id>/cancel", again=activity)
@requires("activity.organise")
@takes_form(Nothing)
def cancel(activity_id: UUID, by: Actor) -> Response:
    """Call it off; who signed up is told"""
    organising.cancel_activity(activity_id=activity_id, by=by, at=clock.now())
    return go(f"/activities/desk/{activity_id}", said="web.said.activity-cancelled")


@pages.post(
    "/activities/desk/<uuid:activity_id>/hours",
    again=activity,
    blame={"person-not-found": "phone", "own-hours": "person_id", "hours-overlap": "starts_at"},
)
@requires("hours.backfill")
@once
@takes_form(BackfillForm)
def back_fill(
    activity_id: UUID,
    person_id: UUID | None,
    phone: str | None,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    by: Actor,
) -> Response:
    """Enter hours that no scan shows; a second person approves them before they count"""
    confirming.back_fill(
        activity_id=activity_id, person_id=_rider(person_id, phone),
        starts_at=starts_at, ends_at=ends_at, reason=reason, by=by, at=clock.now(),
    )  # fmt: skip
    return go(f"/activities/desk/{activity_id}", said="web.said.hours-entered")


def _rider(person_id: UUID | None, phone: str | None) -> UUID:
    """The chosen rider, or the one with this phone number. Raises Invalid, PersonNotFound."""
    if person_id is not None and phone is None:
        return person_id
    if phone is None or person_id is not None:
        raise Invalid(fields={"person_id": ["web.organise.one-rider"]})
    someone = people.person_by_phone(normal_phone(phone))
    if someone is None:
        raise PersonNotFound
    return someone.id


@pages.get("/desk/shifts/<uuid:shift_id>")
@requires("activity.organise")
@traced("shift.seen")
def shift(shift_id: UUID, by: Actor) -> str:
    """Who signed up, who was there, whose hours wait"""
    found = _mine(shift_id, by)
    listed = queries.attendance_list(shift_id, by)
    absent = [(each.person.id, display_name(each.person)) for each in listed if each.attendance is None]
    pending = {each.person.id for each in listed if any(hours.state == "pending" for hours in each.hours)}
    return page(
        "desk/shift.html",
        shift=found, activity=queries.activity(found.activity_id), listed=listed, absent=absent, pending=pending,
        counted=[each for each in listed if each.look and each.person.id in pending], menu=menu_of(by),
        to_count=len(heads.to_count(shift_id, by, clock.now())) if heads.may_count(found, by) else 0,
    )  # fmt: skip


@pages.get("/desk/shifts/<uuid:shift_id>/code")
@requires("activity.organise")
def code(shift_id: UUID, by: Actor) -> str:
    """The code for the screen; it changes every half minute and the page with it"""
    found = _mine(shift_id, by)
    svg = Markup(drawing.svg(shift_code.make(found.short_code, clock.now()), "M"))  # noqa: S704 -- drawn by us
    return page("desk/shift_code.html", shift=found, activity=queries.activity(found.activity_id), svg=svg)


@pages.post("/desk/attendances/<uuid:attendance_id>/confirm", again=None)
@requires("hours.confirm")
@takes_form(Nothing)
def confirm(attendance_id: UUID, by: Actor) -> Response:
    """These hours are right"""
    hours = confirming.confirm_attendance(attendance_id=attendance_id, by=by, at=clock.now())
    return go(f"/desk/shifts/{hours.shift_id}", said="web.said.hours-confirmed")


@pages.post("/desk/shifts/<uuid:shift_id>/confirm", again=shift)
@requires("hours.confirm")
@takes_form(Nothing)
def confirm_all(shift_id: UUID, by: Actor) -> Response:
    """The hours of all who were looked for when heads were counted"""
    heads.confirm_counted(shift_id=shift_id, by=by, at=clock.now())
    return go(f"/desk/shifts/{shift_id}", said="web.said.hours-confirmed")


@pages.post("/desk/shifts/<uuid:shift_id>/witness", again=shift, blame={"shift-not-over": "person_id"})
@requires("hours.witness")
@takes_form(WitnessForm)
def witness(shift_id: UUID, person_id: UUID, reason: str, by: Actor) -> Response:
    """I saw this rider there, without a scan"""
    confirming.witness(shift_id=shift_id, person_id=person_id, reason=reason, by=by, at=clock.now())
    return go(f"/desk/shifts/{shift_id}", said="web.said.hours-confirmed")


@pages.get("/desk/hours")
@requires("hours.confirm")
@traced("hours.seen")
@takes_query(Continue)
def hours(by: Actor, cursor: str | None) -> str:
    """Hours that wait for somebody's word"""
    found = waiting.to_confirm(by, cursor)
    return page(
        "desk/hours.html",
        waiting=waiting.with_words(found.items),
        next_cursor=found.next_cursor,
        menu=menu_of(by),
    )


@pages.post("/desk/hours/<uuid:hours_id>/confirm", again=hours)
@requires("hours.confirm")
@takes_form(Nothing)
def confirm_one(hours_id: UUID, by: Actor) -> Response:
    """Confirm, or approve what a colleague filled in"""
    confirming.approve(hours_id=hours_id, by=by, at=clock.now()) if by.holds("hours.approve") else (
        confirming.confirm_hours(hours_id=hours_id, by=by, at=clock.now())
    )
    return go("/desk/hours", said="web.said.hours-confirmed")


@pages.post("/desk/hours/<uuid:hours_id>/reject", again=hours)
@requires("hours.confirm")
@takes_form(ReasonForm)
def reject(hours_id: UUID, reason: str, by: Actor) -> Response:
    """Not right, with the reason the rider will read"""
    confirming.reject(hours_id=hours_id, reason=reason, by=by, at=clock.now())
    return go("/desk/hours", said="web.said.hours-rejected")


def _mine(shift_id: UUID, by: Actor) -> Shift:
    found = queries.shift(shift_id)
    about = queries.activity(found.activity_id)
    by.must(
        "activity.organise", region_path=places.region_path(about.region_code), station_id=about.station_id
    )
    return found
