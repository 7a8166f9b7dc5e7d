"""A rider who joined by invitation and lost the phone is let in anew as the same person; there is no number.

A station that once invited them asks, a second person agrees, and a day must pass in which whoever is still signed in
can object. Then the station gives an invitation that names the rider: half an hour, once. Nothing of the old phone
counts from then on; points, hours and honours are the person's and stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.exc import IntegrityError

from app.identity import inviting, queries
from app.identity.actors import SYSTEM, Actor
from app.identity.errors import (
    InviteNotFound,
    PersonNotFound,
    ReturnEnded,
    ReturnOpen,
    ReturnTooSoon,
    ReturnUnknown,
    RidersAlike,
    SecondPersonNeeded,
    StaffAccount,
)
from app.identity.events import ReturnAsked, ReturnConfirmed, ReturnInvited, ReturnRefused, RiderReturned
from app.identity.models import ASKED, CONFIRMED, OPEN_RETURNS, REFUSED, USED, Invite, Person, RiderReturn
from app.identity.sessions import end_all_sessions
from app.kernel.clock import city_day
from app.kernel.db import session
from app.kernel.events import publish
from app.places.models import Region, Station
from app.places.queries import inside

OBJECTION = timedelta(hours=24)  # from the asking on
ANSWER_WITHIN = timedelta(days=7)
INVITATION_LIVES = timedelta(minutes=30)  # it is used at the counter


def ask(
    *, nickname: str, joined_on: date | None, station_id: UUID, reason: str, by: Actor, at: datetime
) -> RiderReturn:
    """Ask to let a rider in anew whom this station invited, by the whole name they gave themself.

    Raises PersonNotFound, RidersAlike, StaffAccount, SecondPersonNeeded, ReturnOpen.
    """
    by.must("people.recover", station_id=station_id)
    rider = queries.person_to_change(_invited_here(nickname, joined_on, station_id).id)
    if rider.id == by.person_id:
        raise SecondPersonNeeded
    if queries.is_staff(rider):
        raise StaffAccount
    _drop_late(rider.id, at)
    asked = RiderReturn(person_id=rider.id, station_id=station_id, reason=reason, asked_by=by.id, asked_at=at)
    try:
        with session.begin_nested():  # the partial unique index settles two requests at once
            session.add(asked)
    except IntegrityError:
        raise ReturnOpen from None
    publish(ReturnAsked(**_facts(asked), reason=reason, by=by, at=at))
    return asked


def confirm(*, return_id: UUID, by: Actor, at: datetime) -> RiderReturn:
    """The second person agrees. The station may invite when the day for objections is past."""
    asked = _to_change(RiderReturn.id == return_id)
    by.must("people.confirm-move", station_id=asked.station_id)
    _must_be_open(asked, at)
    if by.person_id in (asked.asked_by, asked.person_id):
        raise SecondPersonNeeded
    if asked.state == ASKED:
        asked.state, asked.confirmed_by, asked.confirmed_at = CONFIRMED, by.person_id, at
        session.flush()
        publish(ReturnConfirmed(**_facts(asked), by=by, at=at))
    return asked


def refuse(*, return_id: UUID, by: Actor, at: datetime) -> RiderReturn:
    """Staff do not believe it."""
    asked = _to_change(RiderReturn.id == return_id)
    by.must("people.confirm-move", station_id=asked.station_id)
    _must_be_open(asked, at)
    return _refuse(asked, by, at)


def object_to(*, by: Actor, at: datetime) -> RiderReturn:
    """Whoever is still signed in says that nobody was asked to do this."""
    return _refuse(_to_change(RiderReturn.person_id == by.id, RiderReturn.state.in_(OPEN_RETURNS)), by, at)


def invite(*, return_id: UUID, by: Actor, at: datetime) -> tuple[Invite, str, str]:
    """(invitation, token for the QR link, PIN to say aloud), shown once; an earlier one ends.

    Raises ReturnTooSoon before a second person agreed and a day has passed.
    """
    asked = _to_change(RiderReturn.id == return_id)
    by.must("people.recover", station_id=asked.station_id)
    _must_be_open(asked, at)
    if by.person_id == asked.person_id:
        raise SecondPersonNeeded
    if not is_ready(asked, at):
        raise ReturnTooSoon
    session.execute(
        update(Invite).where(Invite.return_id == asked.id, Invite.used_at.is_(None)).values(used_at=at)
    )
    made = inviting.invitation(
        station_id=asked.station_id, expires_at=at + INVITATION_LIVES, person_id=asked.person_id,
        return_id=asked.id, by=by, at=at,
    )  # fmt: skip
    publish(ReturnInvited(**_facts(asked), by=by, at=at))
    return made


def come_back(*, return_id: UUID, at: datetime) -> Person:
    """The invitation was used: the old phone's sessions and codes end. Raises InviteNotFound if it was stopped."""
    asked = _to_change(RiderReturn.id == return_id)
    try:
        rider = queries.person_to_change(asked.person_id)
        _must_be_open(asked, at)
    except (PersonNotFound, ReturnEnded):
        raise InviteNotFound from None
    if asked.state != CONFIRMED or queries.is_staff(rider):  # by now
        raise InviteNotFound
    asked.state, asked.ended_at = USED, at
    end_all_sessions(person_id=rider.id, at=at)
    session.flush()
    publish(RiderReturned(**_facts(asked), by=Actor(person_id=rider.id), at=at))
    return rider


def is_ready(asked: RiderReturn, at: datetime) -> bool:
    """Whether the station may invite."""
    return asked.state == CONFIRMED and at >= asked.asked_at + OBJECTION


def open_of(person_id: UUID, *, at: datetime) -> RiderReturn | None:
    """What a station asked for about this rider, if it is open."""
    return session.scalar(select(RiderReturn).where(RiderReturn.person_id == person_id, *_open(at)))


def open_at(station_id: UUID, *, at: datetime) -> Sequence[tuple[RiderReturn, Person]]:
    """What is open at a station, oldest first."""
    found = select(RiderReturn, Person).join(Person, Person.id == RiderReturn.person_id)
    chosen = found.where(RiderReturn.station_id == station_id, *_open(at))
    return [(asked, rider) for asked, rider in session.execute(chosen.order_by(RiderReturn.id))]


def open_for(by: Actor, *, at: datetime) -> Sequence[tuple[RiderReturn, Person, Station]]:
    """What this person may confirm or refuse, oldest first."""
    scopes = by.scopes("people.confirm-move")
    there = Station.region_code.in_(select(Region.code).where(inside(Region.path, scopes.region_paths)))
    rows = session.execute(
        select(RiderReturn, Person, Station)
        .join(Person, Person.id == RiderReturn.person_id)
        .join(Station, Station.id == RiderReturn.station_id)
        .where(*_open(at), or_(Station.id.in_(scopes.station_ids), there))
        .order_by(RiderReturn.asked_at, RiderReturn.id)
    )
    return [(asked, rider, station) for asked, rider, station in rows]


def _open(at: datetime) -> tuple[ColumnElement[bool], ...]:
    return RiderReturn.state.in_(OPEN_RETURNS), RiderReturn.asked_at > at - ANSWER_WITHIN


def _invited_here(nickname: str, joined_on: date | None, station_id: UUID) -> Person:
    """The one rider without a number whom this station invited and who is called that. Nobody is listed."""
    found = session.scalars(
        select(Person)
        .join(Invite, Invite.person_id == Person.id)
        .where(
            Invite.station_id == station_id,
            Invite.return_id.is_(None),
            Person.nickname == nickname.strip(),
            Person.phone.is_(None),
            Person.closed_at.is_(None),
        )
        .order_by(Person.id)
    ).all()
    if joined_on is not None:
        found = [each for each in found if each.enrolled_at and city_day(each.enrolled_at) == joined_on]
    if not found:
        raise PersonNotFound
    if len(found) > 1:
        raise RidersAlike(fields={"joined_on": ["riders-alike"]})
    return found[0]


def _drop_late(person_id: UUID, at: datetime) -> None:
    """What nobody answered or used in a week stands in nobody's way."""
    late = (RiderReturn.state.in_(OPEN_RETURNS), RiderReturn.asked_at <= at - ANSWER_WITHIN)
    for asked in session.scalars(select(RiderReturn).where(RiderReturn.person_id == person_id, *late)).all():
        _refuse(asked, SYSTEM, at)


def _must_be_open(asked: RiderReturn, at: datetime) -> None:
    if asked.state not in OPEN_RETURNS or at >= asked.asked_at + ANSWER_WITHIN:
        raise ReturnEnded


def _to_change(*which: ColumnElement[bool]) -> RiderReturn:
    """As it is once its rider is held: whoever changes one holds them first, as the rider does who leaves."""
    rider_id = session.scalar(select(RiderReturn.person_id).where(*which))
    if rider_id is None:
        raise ReturnUnknown
    queries.hold_person(rider_id)
    found = session.scalar(select(RiderReturn).where(*which).execution_options(populate_existing=True))
    if found is None:  # it ended in this very moment
        raise ReturnUnknown
    return found


def _refuse(asked: RiderReturn, by: Actor, at: datetime) -> RiderReturn:
    asked.state, asked.ended_at = REFUSED, at
    session.flush()
    publish(ReturnRefused(**_facts(asked), by=by, at=at))
    return asked


def _facts(asked: RiderReturn) -> dict[str, UUID]:
    return {"return_id": asked.id, "person_id": asked.person_id, "station_id": asked.station_id}
