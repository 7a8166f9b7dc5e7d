"""Volunteering: what there is to help with, signing up, being there, and the hours that come of it."""

from __future__ import annotations

from uuid import UUID

from flask import Response

from app.codes import reading
from app.codes.errors import CodeFormat
from app.codes.kinds.shift import ShiftCode
from app.identity.actors import Actor
from app.kernel import clock, geo
from app.kernel.http import public, requires, takes_form, takes_query
from app.volunteering import attendance, queries, signing_up, waiting
from app.web.edge import Pages, go, page
from app.web.forms import Continue, Nothing, PlaceForm

pages = Pages("activities")

NEAR_M = 20_000


class ShiftsQuery(PlaceForm, Continue):
    """A place, and where the list continues."""


@pages.get("/activities")
@public
@takes_query(ShiftsQuery)
def activities(by: Actor, position: geo.Position | None, accuracy_m: int | None, cursor: str | None) -> str:
    """Shifts that are not over, soonest first; my own on top"""
    at = clock.now()
    found = queries.open_shifts(near=position, within_m=NEAR_M, person_id=by.person_id, cursor=cursor, at=at)
    mine = queries.my_sign_ups(by.id, at=at) if by.person_id and not cursor else []
    return page(
        "rider/activities.html",
        views=found.items,
        mine=mine,
        next_cursor=found.next_cursor,
        near=position is not None,
    )


@pages.get("/shifts/<uuid:shift_id>")
@public
def shift(shift_id: UUID, by: Actor) -> str:
    """One shift: when, where, places left, and signing up"""
    at = clock.now()
    view = queries.shift_view(shift_id, by.person_id)
    attended = queries.attendance_of(shift_id, by.person_id) if by.person_id else None
    return page("rider/shift.html", view=view, attended=attended, at=at, signed_in=by.is_rider)


@pages.post("/shifts/<uuid:shift_id>/sign-up", again=shift)
@requires("self")
@takes_form(Nothing)
def sign_up(shift_id: UUID, by: Actor) -> Response:
    """Take a place"""
    signing_up.sign_up(shift_id=shift_id, by=by, at=clock.now())
    return go(f"/shifts/{shift_id}", said="web.said.signed-up")


@pages.post("/shifts/<uuid:shift_id>/cancel", again=shift)
@requires("self")
@takes_form(Nothing)
def step_back(shift_id: UUID, by: Actor) -> Response:
    """Give the place back"""
    signing_up.cancel_sign_up(shift_id=shift_id, by=by, at=clock.now())
    return go(f"/shifts/{shift_id}", said="web.said.stepped-back")


def _shift_of(token: str) -> UUID:
    scanned = reading.read(f"/T/{token}", at=clock.now())
    if not isinstance(scanned, ShiftCode):
        raise CodeFormat
    return queries.shift_by_short_code(scanned.short_code).id


@pages.get("/T/<token>")
@requires("self")
def shift_code(token: str, by: Actor) -> str:
    """Behind a shift's code: looking signs nobody in; the page asks, and the button does it"""
    view = queries.shift_view(_shift_of(token), by.person_id)
    attended = queries.attendance_of(view.shift.id, by.id)
    return page("rider/shift_code.html", view=view, attended=attended, token=token)


@pages.post("/T/<token>")
@requires("self")
@takes_form(Nothing)
def scan_shift(token: str, by: Actor) -> Response:
    """Sign in, or out"""
    attended = attendance.scan_shift(shift_id=_shift_of(token), by=by, at=clock.now())
    return go(f"/attended/{attended.shift_id}")


@pages.get("/attended/<uuid:shift_id>")
@requires("self")
def attended_shift(shift_id: UUID, by: Actor) -> str:
    """The result: signed in, or signed out with the time that counts"""
    view = queries.shift_view(shift_id, by.person_id)
    found = queries.attendance_of(shift_id, by.id)
    return page("rider/attended.html", view=view, attended=found)


@pages.get("/hours")
@requires("self")
@takes_query(Continue)
def hours(by: Actor, cursor: str | None = None) -> str:
    """My hours: proven, witnessed and back-filled shown apart"""
    found = queries.my_hours(by.id, cursor)
    return page(
        "rider/hours.html",
        totals=queries.hours_totals(by.id),
        rows=waiting.with_words(found.items),
        next_cursor=found.next_cursor,
    )
