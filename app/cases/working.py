"""Working on a case: begin, hand back, resolve."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from app.cases import states as s
from app.cases.events import CaseResolved, CaseReturned
from app.cases.grades import accept_deadline
from app.cases.models import Case
from app.cases.moving import add_photos, case_to_move, move, told
from app.cases.screening import must_be_about_things
from app.identity.actors import Actor
from app.kernel.events import publish


def start(*, case_id: UUID, words: str = "", by: Actor, at: datetime) -> Case:
    """Begin with an accepted case; the reporter sees that somebody is on it."""
    case = case_to_move(case_id, s.START, by)
    must_be_about_things(case.rules, words=words)
    move(case, s.START, by=by, at=at, words=words, handler_id=by.person_id)
    return case


def hand_back(*, case_id: UUID, reason: str, by: Actor, at: datetime) -> Case:
    """Give a case back to the desk ("not ours") with a reason for the dispatcher. Its resolve deadline runs on."""
    case = case_to_move(case_id, s.HAND_BACK, by)
    move(
        case,
        s.HAND_BACK,
        by=by,
        at=at,
        note=reason,
        handler_id=None,
        accept_by=accept_deadline(case.grade, at),
    )
    publish(told(CaseReturned, case, at))
    return case


def resolve(*, case_id: UUID, note: str, photo_ids: Collection[UUID] = (), by: Actor, at: datetime) -> Case:
    """Say that it is done, in words and photos for the reporter, who may rate it or reopen it."""
    case = case_to_move(case_id, s.RESOLVE, by)
    must_be_about_things(case.rules, note=note)
    step = move(case, s.RESOLVE, by=by, at=at, words=note, handler_id=by.person_id, resolved_at=at)
    add_photos(case, step, photo_ids, by=by, at=at)
    publish(told(CaseResolved, case, at))
    return case
