"""Opening a case of any kind: its number, its first grade and deadline, its first step. Exactly once per draft."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute

from app.cases import states as s
from app.cases.errors import UnknownCategory
from app.cases.events import CaseReported
from app.cases.grades import accept_deadline
from app.cases.kinds import KINDS
from app.cases.models import Case, CaseStep
from app.cases.moving import add_photos, told
from app.cases.placing import unit_of
from app.cases.screening import must_be_about_things
from app.identity.actors import Actor
from app.identity.errors import SessionEnded
from app.identity.models import Person
from app.kernel import randomness
from app.kernel.clock import city_day, city_midnight, day_bounds
from app.kernel.db import insert_if_absent, session
from app.kernel.errors import RateLimited, Unavailable
from app.kernel.events import publish
from app.kernel.geo import Position
from app.kernel.ids import new_id

LETTERS = "ABCDEFGHJKLMNPQRTUVWXY"  # none that reads like a digit
TRIES = 8
MAX_A_DAY = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """What a new case is about."""

    kind: str
    category: str
    region_code: str
    description: str = ""
    place_words: str | None = None
    position: Position | None = None
    happened_at: datetime | None = None
    subject: str | None = None
    client_ref: str | None = None
    photo_ids: Collection[UUID] = ()


def open_case(matter: Matter, *, by: Actor, at: datetime) -> Case:
    """Write a new case and its first step, and say so.

    The same draft (`client_ref`) of the same rider sent again, later or at the same moment, is the same case.
    """
    kind = KINDS[matter.kind]
    if matter.category not in kind.categories:
        raise UnknownCategory
    must_be_about_things(kind, description=matter.description, place_words=matter.place_words)
    _take_turns(by)
    earlier = _same_draft(matter.client_ref, by)
    if earlier is not None:
        return earlier
    _must_not_flood(matter, by, at)
    case, is_new = _inserted(matter, kind.categories[matter.category], by, at)
    if not is_new:
        return case
    step = CaseStep(case_id=case.id, seq=1, verb=s.SUBMIT, to_state=s.SUBMITTED, actor_id=by.person_id, at=at)
    session.add(step)
    session.flush()
    add_photos(case, step, matter.photo_ids, by=by, at=at)
    publish(told(CaseReported, case, at))
    return case


def _inserted(matter: Matter, grade: str, by: Actor, at: datetime) -> tuple[Case, bool]:
    """A row under a free number. Two unique constraints settle two races: the number, and the draft sent twice."""
    accept_by = accept_deadline(grade, at)
    values = {
        "kind": matter.kind,
        "category": matter.category,
        "grade": grade,
        "state": s.SUBMITTED,
        "reporter_id": by.id,
        "client_ref": matter.client_ref,
        "subject": matter.subject,
        "region_code": matter.region_code,
        "unit_region_code": unit_of(matter.region_code),
        "lat": matter.position.lat if matter.position else None,
        "lng": matter.position.lng if matter.position else None,
        "place_words": matter.place_words,
        "description": matter.description,
        "happened_at": matter.happened_at,
        "created_at": at,
        "accept_by": accept_by,
        "due_at": accept_by,
    }
    for attempt in range(TRIES):
        case_id = new_id()
        if insert_if_absent(Case, {"id": case_id, "number": new_number(attempt), **values}):
            return session.get_one(Case, case_id), True
        earlier = _same_draft(matter.client_ref, by)
        if earlier is not None:
            return earlier, False
    raise Unavailable


def new_number(attempt: int = 0) -> str:
    """A short number to say aloud: A2061. Each taken one makes the next longer, so a city never runs out."""
    return randomness.pick(LETTERS) + randomness.digits(4 + attempt)


def _same_draft(client_ref: str | None, by: Actor) -> Case | None:
    if client_ref is None:
        return None
    return session.scalar(select(Case).where(Case.reporter_id == by.id, Case.client_ref == client_ref))


def _take_turns(by: Actor) -> None:
    """Two hands of one person wait for each other here: neither counts, or sends a draft, without seeing the other."""
    # FOR NO KEY UPDATE: photos that are being written in this name elsewhere do not have to wait.
    turn = select(Person.closed_at).where(Person.id == by.id).with_for_update(key_share=True)
    if session.scalar(turn) is not None:  # whoever waited for the closing brings up nothing more
        raise SessionEnded


def _must_not_flood(matter: Matter, by: Actor, at: datetime) -> None:
    """So many a day: of the day they were made, so that what days without a signal have kept comes in at once.

    Where that day is full, one may still take a place of the day it arrives: none is turned away for good, whatever the
    order they come in.
    """
    made, made_at = func.coalesce(Case.happened_at, Case.created_at), min(matter.happened_at or at, at)
    if _full(made, made_at, by) and _full(Case.created_at, at, by):
        tomorrow = city_midnight(city_day(at) + timedelta(days=1))
        raise RateLimited(retry_after_s=ceil((tomorrow - at).total_seconds()))


def _full(column: ColumnElement[datetime] | InstrumentedAttribute[datetime], at: datetime, by: Actor) -> bool:
    """Whether this person has as many cases as fit into the city day around `at`."""
    first, last = day_bounds(city_day(at))
    counted = select(func.count()).select_from(Case)
    counted = counted.where(Case.reporter_id == by.id, column >= first, column < last)
    return (session.scalar(counted) or 0) >= MAX_A_DAY
