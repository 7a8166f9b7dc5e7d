"""Staff accounts and the roles they hold."""

from __future__ import annotations

from uuid import UUID

from flask import Response
from marshmallow import fields, validate

from app.identity import appointing, passing, passing_api, proposing, queries, second_factor
from app.identity.actors import Actor
from app.identity.edge import named_caller
from app.identity.models import Appointment, Grant
from app.identity.permissions import ROLES
from app.kernel import clock
from app.kernel.http import limited, requires, takes_form, traced
from app.kernel.i18n import say
from app.kernel.schemas import Id, Line, Schema
from app.places import queries as places
from app.web.edge import Pages, go, page
from app.web.forms import Choice, Key, Nothing
from app.web.menus import menu_of
from app.web.scopes import regions_of

pages = Pages("people")


class StaffForm(Schema):
    """A staff account."""

    username = Key(
        40, in_capitals=False, required=True, validate=[validate.Regexp(r"^[a-z][a-z0-9._-]{2,39}\Z")]
    )
    name = Line(60, required=True)
    password = fields.String(required=True, validate=validate.Length(12, 200))


class RoleForm(Schema):
    """A role, in a region or at a station."""

    role = Choice(ROLES, required=True)
    region_code = fields.String(load_default=None, validate=validate.Regexp(r"^[0-9]{2,20}\Z"))
    station_id = Id(load_default=None)


@pages.get("/desk/people")
@requires("people.appoint")
def staff(by: Actor) -> str:
    """Everybody who holds a role or an account"""
    waiting = [
        (each, queries.display_name(queries.person(each.person_id)), _where(each))
        for each in proposing.waiting(by=by)
    ]
    return page("desk/people.html", people=queries.staff(), waiting=waiting, menu=menu_of(by))


@pages.post("/desk/people", again=staff, blame={"username-taken": "username"})
@requires("people.appoint")
@takes_form(StaffForm)
def add(username: str, name: str, password: str, by: Actor) -> Response:
    """Add a staff account"""
    made = appointing.add_staff(username=username, password=password, name=name, by=by, at=clock.now())
    return go(f"/desk/people/{made.id}", said="web.said.staff-added")


@pages.get("/desk/people/<uuid:person_id>")
@requires("people.appoint")
@traced("staff.seen")
def person(person_id: UUID, by: Actor) -> str:
    """One person's roles, and the form for another"""
    held = [
        (each, _where(each))
        for each in queries.grants_of(person_id)
        if by.can("people.appoint", region_path=_path_of(each), station_id=each.station_id)
    ]
    waiting = [
        (each, _where(each), queries.display_name(queries.person(each.asked_by)))
        for each in proposing.waiting(by=by, person_id=person_id)
    ]
    held_in = by.scopes("people.appoint").region_paths
    return page(
        "desk/person.html",
        person=queries.staff_member(person_id), held=held, waiting=waiting, me=by.id,
        roles=[(each, say(f"web.role.{each}")) for each in ROLES],
        regions=regions_of(by, "people.appoint"), menu=menu_of(by),
        stations=[(each.id, each.name) for path in held_in for each in places.stations(path)],
        second_step=second_factor.state_of(person_id),
    )  # fmt: skip


def _path_of(grant: Grant) -> str | None:
    return places.region_path(grant.region_code) if grant.region_code else None


def _where(held: Grant | Appointment) -> str:
    return (
        places.station(held.station_id).name if held.station_id else places.full_name(held.region_code or "")
    )


@pages.post(
    "/desk/people/<uuid:person_id>/roles",
    again=person,
    blame={"already-appointed": "role", "already-proposed": "role"},
)
@requires("people.appoint")
@takes_form(RoleForm)
def propose(
    person_id: UUID, role: str, region_code: str | None, station_id: UUID | None, by: Actor
) -> Response:
    """Propose a role; without another administrator near it is given at once"""
    made = proposing.propose(
        person_id=person_id, role=role, region_code=region_code, station_id=station_id, by=by, at=clock.now()
    )
    said = "web.said.proposed" if made.needs_second else "web.said.appointed"
    return go(f"/desk/people/{person_id}", said=said)


@pages.post("/desk/people/<uuid:person_id>/appointments/<uuid:appointment_id>/agree", again=person)
@requires("people.appoint")
@takes_form(Nothing)
def agree(person_id: UUID, appointment_id: UUID, by: Actor) -> Response:
    """Agree as the second administrator"""
    proposing.agree(appointment_id=appointment_id, by=by, at=clock.now())
    return go(f"/desk/people/{person_id}", said="web.said.appointed")


@pages.post("/desk/people/<uuid:person_id>/appointments/<uuid:appointment_id>/decline", again=person)
@requires("people.appoint")
@takes_form(Nothing)
def decline(person_id: UUID, appointment_id: UUID, by: Actor) -> Response:
    """Decline a proposed role, or take the own proposal back"""
    proposing.decline(appointment_id=appointment_id, by=by, at=clock.now())
    return go(f"/desk/people/{person_id}", said="web.said.appointment-declined")


@pages.post("/desk/people/<uuid:person_id>/roles/<uuid:grant_id>/take-back", again=person)
@requires("people.appoint")
@takes_form(Nothing)
def take_back(person_id: UUID, grant_id: UUID, by: Actor) -> Response:
    """Take a role back; the person is signed out"""
    appointing.take_back(grant_id=grant_id, by=by, at=clock.now())
    return go(f"/desk/people/{person_id}", said="web.said.taken-back")


@pages.post("/desk/people/<uuid:person_id>/second-step/reset", again=person)
@requires("people.appoint")
@takes_form(Nothing)
def reset_second_step(person_id: UUID, by: Actor) -> Response:
    """A colleague lost the phone"""
    second_factor.reset(person_id=person_id, by=by, at=clock.now())
    return go(f"/desk/people/{person_id}", said="web.said.second-step-reset")


@pages.post("/desk/people/<uuid:person_id>/password/reset", again=person)
@limited(passing_api.GIVEN, named_caller)
@requires("people.appoint")
@takes_form(Nothing)
def give_passing_password(person_id: UUID, by: Actor) -> str:
    """A colleague forgot the password; answers with a passing one, which is shown this once"""
    given = passing.give(person_id=person_id, by=by, at=clock.now())
    someone = queries.person(person_id)
    return page("desk/passing_password.html", person=someone, given=given, menu=menu_of(by))
