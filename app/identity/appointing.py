"""Giving roles and taking them back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.identity import queries
from app.identity.actors import Actor
from app.identity.errors import AlreadyAppointed, RoleNeedsScope, SecondAdminNeeded, UsernameTaken
from app.identity.events import Appointed, RoleTakenBack
from app.identity.models import Appointment, Grant, Person
from app.identity.passwords import must_be_hard
from app.identity.permissions import ADMIN, AT_A_STATION
from app.identity.secrets_kept import hash_password
from app.identity.sessions import end_all_sessions
from app.kernel import events
from app.kernel.db import session
from app.places import queries as places


def add_staff(
    *, username: str, password: str, name: str, by: Actor, at: datetime, is_demo: bool = False
) -> Person:
    """A staff account without any role yet."""
    if not by.is_system:
        by.must("people.appoint", region_path=_city_path())
    if not is_demo:  # the demo's password is printed for everybody
        must_be_hard(password, username, name)
    someone = Person(
        username=username.lower(),
        password_hash=hash_password(password),
        name=name,
        created_at=at,
        is_demo=is_demo,
    )
    try:
        with session.begin_nested():  # the unique name settles two accounts made at once
            session.add(someone)
    except IntegrityError:
        raise UsernameTaken(username=username) from None
    return someone


def appoint(
    *, person_id: UUID, role: str, region_code: str | None, station_id: UUID | None, by: Actor, at: datetime
) -> Grant:
    """Let a person hold a role in a region or at a station. Nobody appoints themself.

    Administrators go by `proposing`, which asks a second one first.
    """
    must_fit(role, region_code, station_id)
    path = places.region_path(region_code) if region_code else None
    if not by.is_system:
        by.must("people.appoint", region_path=path, station_id=station_id)
        if by.person_id == person_id:
            raise SecondAdminNeeded
    queries.person(person_id)
    grant = Grant(
        person_id=person_id,
        role=role,
        region_code=region_code,
        station_id=station_id,
        given_by=by.person_id,
        given_at=at,
    )
    try:
        with session.begin_nested():  # the partial unique index settles two appointments at once
            session.add(grant)
    except IntegrityError:
        raise AlreadyAppointed from None
    events.publish(
        Appointed(grant_id=grant.id, person_id=person_id, role=role, place=_place(grant), by=by, at=at)
    )
    return grant


def must_fit(role: str, region_code: str | None, station_id: UUID | None) -> None:
    """A role is held in a region or, where it may be, at a station. Raises RoleNeedsScope."""
    at_station = station_id is not None
    if at_station == (region_code is not None) or (at_station and role not in AT_A_STATION):
        raise RoleNeedsScope(fields={"region_code": ["role-needs-scope"]}, role=role)


def take_back(*, grant_id: UUID, by: Actor, at: datetime) -> Grant | None:
    """End a grant; the person is signed out so that the role is gone at once."""
    grant = session.scalar(select(Grant).where(Grant.id == grant_id).with_for_update())
    if grant is None or grant.revoked_at is not None:
        return grant
    path = places.region_path(grant.region_code) if grant.region_code else None
    by.must("people.appoint", region_path=path, station_id=grant.station_id)
    grant.revoked_at = at
    end_all_sessions(person_id=grant.person_id, at=at)
    session.flush()
    events.publish(
        RoleTakenBack(
            grant_id=grant.id, person_id=grant.person_id, role=grant.role, place=_place(grant), by=by, at=at
        )
    )
    return grant


def must_be_over(person_id: UUID, by: Actor) -> None:
    """Whoever lets a person in anew is an administrator over every role of theirs, held or proposed.

    Of somebody without any, over the whole city, as for a new account. Raises Forbidden.
    """
    roles: list[Grant | Appointment] = [*queries.grants_of(person_id), *queries.appointments(person_id)]
    if not roles:
        by.must("people.appoint", region_path=_city_path())
    for each in roles:
        path = places.region_path(each.region_code) if each.region_code else None
        by.must("people.appoint", region_path=path, station_id=each.station_id)


def admins() -> int:
    """How many administrators there are."""
    held = Grant.role == ADMIN, Grant.revoked_at.is_(None), Person.closed_at.is_(None)
    counted = select(func.count()).select_from(Grant).join(Person, Person.id == Grant.person_id)
    return session.scalar(counted.where(*held)) or 0


def _place(grant: Grant) -> str:
    return grant.region_code or str(grant.station_id)


def _city_path() -> str | None:
    city = places.city()
    return city.path if city else None
