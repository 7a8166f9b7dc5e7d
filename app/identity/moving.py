"""A lost phone ended by staff, and an account moved to the number its rider has now. Neither is a way to take one over.

Ending is safe and works at once: whoever can still get a code on the number signs in again. Moving takes a code on the
new phone, two members of staff, and a day in which whoever holds the old number or is still signed in can object.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.exc import IntegrityError

from app.identity import queries, signing_in
from app.identity.actors import SYSTEM, Actor
from app.identity.errors import (
    MovedLately,
    MoveEnded,
    MoveOpen,
    MoveUnknown,
    NumberTaken,
    PersonNotFound,
    SecondPersonNeeded,
    StaffAccount,
)
from app.identity.events import MoveAsked, MoveConfirmed, MoveRefused, NumberMoved, PhoneEnded
from app.identity.models import ASKED, CONFIRMED, MOVED, OPEN_MOVES, REFUSED, NumberMove, Person
from app.identity.sessions import end_all_sessions
from app.kernel.db import session
from app.kernel.events import publish
from app.places.models import Region, Station
from app.places.queries import inside

OBJECTION = timedelta(hours=24)  # from the asking on
ANSWER_WITHIN = timedelta(days=7)
BETWEEN_MOVES = timedelta(days=30)
BATCH = 200


def end_phone(*, phone: str, station_id: UUID, reason: str, by: Actor, at: datetime) -> Person:
    """Sign a rider out everywhere who stands at the counter without the phone; its codes end too."""
    by.must("people.recover", station_id=station_id)
    rider = _rider_with(phone)
    end_all_sessions(person_id=rider.id, at=at)
    publish(PhoneEnded(person_id=rider.id, station_id=station_id, reason=reason, by=by, at=at))
    return rider


def ask_move(
    *, old_phone: str, new_phone: str, code: str, station_id: UUID, reason: str, by: Actor, at: datetime
) -> NumberMove:
    """Ask that a rider's account get the number of the phone on which this code arrived."""
    by.must("people.recover", station_id=station_id)
    number = signing_in.prove_number(phone=new_phone, field="new_phone", code=code, at=at)
    rider = queries.person_to_change(_rider_with(old_phone).id)
    if rider.id == by.person_id:
        raise SecondPersonNeeded
    if queries.person_by_phone(number) is not None:
        raise NumberTaken(fields={"new_phone": ["number-taken"]})
    lately = select(NumberMove.id).where(
        NumberMove.person_id == rider.id, NumberMove.state == MOVED, NumberMove.ended_at > at - BETWEEN_MOVES
    )
    if session.scalar(lately.limit(1)) is not None:
        raise MovedLately(days=BETWEEN_MOVES.days)
    move = _write(
        NumberMove(
            person_id=rider.id, station_id=station_id, new_phone=number, reason=reason, asked_by=by.id, asked_at=at
        ),
        number,
    )  # fmt: skip
    tail = queries.phone_tail(number)
    publish(MoveAsked(**_facts(move), tail=tail, reason=reason, by=by, at=at))
    return move


def confirm_move(*, move_id: UUID, by: Actor, at: datetime) -> NumberMove:
    """The second person agrees. The number changes when the day for objections is past."""
    move = _move_to_change(NumberMove.id == move_id)
    by.must("people.confirm-move", station_id=move.station_id)
    move.must_be_open()
    if by.person_id in (move.asked_by, move.person_id):
        raise SecondPersonNeeded
    if queries.is_staff(queries.person(move.person_id)):  # by now
        raise StaffAccount
    if move.state == ASKED:
        if at >= move.asked_at + ANSWER_WITHIN:  # also while nobody sweeps
            raise MoveEnded
        move.state, move.confirmed_by, move.confirmed_at = CONFIRMED, by.person_id, at
        session.flush()
        publish(MoveConfirmed(**_facts(move), by=by, at=at))
    return move


def refuse_move(*, move_id: UUID, by: Actor, at: datetime) -> NumberMove:
    """Staff do not believe it."""
    move = _move_to_change(NumberMove.id == move_id)
    by.must("people.confirm-move", station_id=move.station_id)
    move.must_be_open()
    return _refuse(move, by, at)


def object_to_move(*, by: Actor, at: datetime) -> NumberMove:
    """The rider, signed in, says that nobody was asked to do this."""
    move = _move_to_change(NumberMove.person_id == by.id, NumberMove.state.in_(OPEN_MOVES))
    return _refuse(move, by, at)


def move_due(*, at: datetime) -> int:
    """Move what was confirmed and not objected to; drop what nobody confirmed. Returns how many ended."""
    is_due = or_(
        (NumberMove.state == CONFIRMED) & (NumberMove.asked_at <= at - OBJECTION),
        (NumberMove.state == ASKED) & (NumberMove.asked_at <= at - ANSWER_WITHIN),
    )
    chosen = select(NumberMove.person_id).where(is_due).order_by(NumberMove.asked_at, NumberMove.id)
    # Whom somebody holds is left for the next time: who is leaving, refusing it, or being given a role right now.
    riders = queries.those_to_change(session.scalars(chosen.limit(BATCH)).all())
    mine = select(NumberMove).where(is_due, NumberMove.person_id.in_(riders.keys()))
    due = session.scalars(mine.order_by(NumberMove.asked_at, NumberMove.id)).all()
    for move in due:
        rider = riders[move.person_id]
        is_taken = queries.person_by_phone(str(move.new_phone)) is not None
        if move.state == ASKED or is_taken or queries.is_staff(rider):
            _refuse(move, SYSTEM, at)
        else:
            _move(move, rider, at)
    return len(due)


def open_move_of(person_id: UUID) -> NumberMove | None:
    """The change of number that somebody asked for, if there is one."""
    chosen = select(NumberMove).where(NumberMove.person_id == person_id, NumberMove.state.in_(OPEN_MOVES))
    return session.scalar(chosen)


def open_moves(by: Actor) -> Sequence[tuple[NumberMove, Person, Station]]:
    """Changes of number this person may confirm or refuse, oldest first."""
    scopes = by.scopes("people.confirm-move")
    there = Station.region_code.in_(select(Region.code).where(inside(Region.path, scopes.region_paths)))
    rows = session.execute(
        select(NumberMove, Person, Station)
        .join(Person, Person.id == NumberMove.person_id)
        .join(Station, Station.id == NumberMove.station_id)
        .where(NumberMove.state.in_(OPEN_MOVES), or_(Station.id.in_(scopes.station_ids), there))
        .order_by(NumberMove.asked_at, NumberMove.id)
    )
    return [(move, person, station) for move, person, station in rows]


def _rider_with(phone: str) -> Person:
    """The rider with this number, unless it is a member of staff. Raises PersonNotFound, StaffAccount."""
    rider = queries.person_by_phone(signing_in.normal_phone(phone, field="old_phone"))
    if rider is None or not rider.is_rider:
        raise PersonNotFound
    if queries.is_staff(rider):
        raise StaffAccount
    return rider


def _write(move: NumberMove, number: str) -> NumberMove:
    try:
        with session.begin_nested():  # the partial unique indexes settle two requests at once
            session.add(move)
    except IntegrityError:
        taken = select(func.count()).where(
            NumberMove.new_phone == number, NumberMove.person_id != move.person_id
        )
        if session.scalar(taken):
            raise NumberTaken(fields={"new_phone": ["number-taken"]}) from None
        raise MoveOpen from None
    return move


def _move_to_change(*which: ColumnElement[bool]) -> NumberMove:
    """As it is once its rider is held: whoever changes one holds them first, as the rider does who leaves."""
    rider_id = session.scalar(select(NumberMove.person_id).where(*which))
    if rider_id is None:
        raise MoveUnknown
    queries.hold_person(rider_id)
    found = session.scalar(select(NumberMove).where(*which).execution_options(populate_existing=True))
    if found is None:  # it ended in this very moment
        raise MoveUnknown
    return found


def _refuse(move: NumberMove, by: Actor, at: datetime) -> NumberMove:
    move.state, move.new_phone, move.ended_at = REFUSED, None, at
    session.flush()
    publish(MoveRefused(**_facts(move), by=by, at=at))
    return move


def _move(move: NumberMove, rider: Person, at: datetime) -> None:
    publish(NumberMoved(**_facts(move), by=SYSTEM, at=at))  # before the old number is forgotten
    rider.phone, move.new_phone = move.new_phone, None
    move.state, move.ended_at = MOVED, at
    end_all_sessions(person_id=rider.id, at=at)
    session.flush()


def _facts(move: NumberMove) -> dict[str, UUID]:
    return {"move_id": move.id, "person_id": move.person_id, "station_id": move.station_id}
