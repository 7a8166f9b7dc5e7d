"""The dispatcher's desk: accept, reject with words, merge, reassign."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from app.cases import queries
from app.cases import states as s
from app.cases.errors import CannotMerge, GradeFixed, HandlerUnfit
from app.cases.events import CaseAccepted, CaseMerged, CaseRejected
from app.cases.grades import resolve_deadline
from app.cases.models import Case, CasePhoto, MeToo
from app.cases.moving import case_to_move, hold, move, past_resolvers, told
from app.cases.queries import case_for
from app.cases.reporting import follow
from app.cases.screening import must_be_about_things
from app.identity import queries as people
from app.identity.actors import Actor
from app.identity.models import Person
from app.kernel.db import session
from app.kernel.events import publish
from app.media.attaching import move_photos
from app.places import queries as places


def accept(*, case_id: UUID, grade: str | None = None, by: Actor, at: datetime) -> Case:
    """Take a waiting case on: whoever accepts becomes its handler; the grade sets the resolve deadline for good."""
    case = case_to_move(case_id, s.ACCEPT, by)
    chosen = _grade_for(case, grade)
    move(
        case,
        s.ACCEPT,
        by=by,
        at=at,
        grade=chosen,
        handler_id=by.person_id,
        accepted_at=at,
        resolve_by=case.resolve_by or resolve_deadline(chosen, at),
    )
    publish(told(CaseAccepted, case, at))
    return case


def _grade_for(case: Case, grade: str | None) -> str:
    """The grade asked for, unless one is fixed: a case handed back keeps its grade and its running deadline."""
    if case.resolve_by is not None and grade not in (None, case.grade):
        raise GradeFixed(grade=case.grade)
    return grade or case.grade


def reject(*, case_id: UUID, reason: str, by: Actor, at: datetime) -> Case:
    """Do not adopt a case; the reason is told to the reporter in these words."""
    case = case_to_move(case_id, s.REJECT, by)
    must_be_about_things(case.rules, reason=reason)
    move(case, s.REJECT, by=by, at=at, words=reason, closed_at=at)
    publish(told(CaseRejected, case, at))
    return case


def merge(*, case_id: UUID, into_id: UUID, by: Actor, at: datetime) -> Case:
    """Fold a report into an open one of the same thing: its reporter and followers follow the other from now on.

    Those that were merged into it before come along, so that each merged report names the one that decides it. Both
    are held first: at this very moment somebody may be ending the other, or merging it into this one.
    """
    hold(case_id, into_id)
    case = case_to_move(case_id, s.MERGE, by)
    into = case_for(by, into_id)
    if into.id == case.id or into.kind != case.kind or not into.is_open:
        raise CannotMerge(number=into.number)
    move(case, s.MERGE, by=by, at=at, note=into.number, duplicate_of=into.id, closed_at=at)
    followers = session.scalars(select(MeToo.person_id).where(MeToo.case_id == case.id).order_by(MeToo.id))
    follow(into, [*([case.reporter_id] if case.reporter_id else []), *followers], at)
    along = queries.merged_into(case.id)
    for each in (case, *along):  # who told the same twice is found while each stands where it stood
        publish(told(CaseMerged, each, at, into_id=into.id))
    for each in along:
        each.duplicate_of = into.id
    session.flush()
    return case


def reassign(
    *,
    case_id: UUID,
    unit_region_code: str | None = None,
    handler_id: UUID | None = None,
    note: str,
    by: Actor,
    at: datetime,
) -> Case:
    """Give a case to another unit, another person, or both; its deadlines run on."""
    case = case_to_move(case_id, s.REASSIGN, by)
    unit = places.region(unit_region_code).code if unit_region_code else case.unit_region_code
    if handler_id is not None:
        _must_be_fit(case, handler_id, unit)
    kept = case.handler_id if case.state in s.WORKING else None  # a case in work is never without a handler
    move(case, s.REASSIGN, by=by, at=at, note=note, unit_region_code=unit, handler_id=handler_id or kept)
    photos = session.scalars(select(CasePhoto.media_id).where(CasePhoto.case_id == case.id)).all()
    move_photos(photo_ids=photos, region_code=unit)
    return case


def fit_handlers(case: Case) -> list[Person]:
    """Who may be given the case where it is now: staff of its kind there, but not the reporter nor a past resolver."""
    unfit = past_resolvers(case.id) | {case.reporter_id}
    there = people.holders_of(case.rules.work, places.region_path(case.unit_region_code))
    return [each for each in there if each.id not in unfit]


def _must_be_fit(case: Case, handler_id: UUID, unit: str) -> None:
    """The new handler must hold the permission there, must not be the reporter, nor have resolved it before."""
    person = people.person(handler_id)
    fit = people.actor_of(person).can(case.rules.work, region_path=places.region_path(unit))
    if not fit or person.closed_at or handler_id == case.reporter_id or handler_id in past_resolvers(case.id):
        raise HandlerUnfit
