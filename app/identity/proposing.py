"""Proposing a role for a person; where another administrator is near, that one must agree before it counts."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.identity import appointing, queries
from app.identity.actors import Actor
from app.identity.errors import AlreadyProposed, ProposalDecided, SecondAdminNeeded
from app.identity.models import DECLINED, GIVEN, WAITING, Appointment
from app.kernel.db import session
from app.kernel.errors import Forbidden
from app.places import queries as places

APPOINT = "people.appoint"


def propose(
    *, person_id: UUID, role: str, region_code: str | None, station_id: UUID | None, by: Actor, at: datetime
) -> Appointment:
    """Propose a role. A lone administrator's word stands at once; nobody proposes themself."""
    appointing.must_fit(role, region_code, station_id)
    path = _path(region_code, station_id)
    by.must(APPOINT, region_path=path, station_id=station_id)
    if by.person_id == person_id:
        raise SecondAdminNeeded
    queries.person(person_id)
    others = {each.id for each in queries.holders_of(APPOINT, path)} - {by.id, person_id}
    proposed = Appointment(
        person_id=person_id,
        role=role,
        region_code=region_code,
        station_id=station_id,
        state=WAITING,
        needs_second=bool(others),
        asked_by=by.id,
        asked_at=at,
    )
    try:
        with session.begin_nested():  # the partial unique index settles two proposals made at once
            session.add(proposed)
    except IntegrityError:
        raise AlreadyProposed from None
    return proposed if proposed.needs_second else _give(proposed, by=by, at=at)


def waiting(*, by: Actor, person_id: UUID | None = None) -> list[Appointment]:
    """What waits for a second administrator where this one may appoint, oldest first."""
    return [each for each in queries.appointments(person_id) if _reaches(by, each)]


def agree(*, appointment_id: UUID, by: Actor, at: datetime) -> Appointment:
    """Another administrator agrees: the role is held from now on."""
    proposed = _waiting(appointment_id, by=by)
    if by.id in (proposed.asked_by, proposed.person_id):
        raise SecondAdminNeeded
    return _give(proposed, by=by, at=at)


def decline(*, appointment_id: UUID, by: Actor, at: datetime) -> Appointment:
    """The proposal comes to nothing; whoever made it may take it back the same way."""
    proposed = _waiting(appointment_id, by=by)
    proposed.state, proposed.decided_by, proposed.decided_at = DECLINED, by.id, at
    session.flush()
    return proposed


def _give(proposed: Appointment, *, by: Actor, at: datetime) -> Appointment:
    grant = appointing.appoint(
        person_id=proposed.person_id,
        role=proposed.role,
        region_code=proposed.region_code,
        station_id=proposed.station_id,
        by=by,
        at=at,
    )
    proposed.state, proposed.grant_id, proposed.decided_at = GIVEN, grant.id, at
    proposed.decided_by = by.id if proposed.needs_second else None
    session.flush()
    return proposed


def _waiting(appointment_id: UUID, *, by: Actor) -> Appointment:
    """The proposal, locked. Raises ProposalNotFound, Forbidden or ProposalDecided."""
    proposed = queries.appointment_to_change(appointment_id)
    if not _reaches(by, proposed):
        raise Forbidden
    if proposed.state != WAITING:
        raise ProposalDecided
    return proposed


def _reaches(by: Actor, proposed: Appointment) -> bool:
    path = _path(proposed.region_code, proposed.station_id)
    return by.can(APPOINT, region_path=path, station_id=proposed.station_id)


def _path(region_code: str | None, station_id: UUID | None) -> str:
    if station_id is not None:
        region_code = places.station(station_id).region_code
    return places.region_path(region_code or "")
