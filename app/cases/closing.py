"""How a case ends: the reporter answers, reopens or withdraws. Nothing is closed behind their back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from app.cases import states as s
from app.cases.errors import NotDisputed, OthersWait, ReopenTooLate
from app.cases.events import CaseClosed, CaseRated, CaseReopened, CaseWithdrawn
from app.cases.grades import accept_deadline
from app.cases.models import REOPEN_WITHIN, Case
from app.cases.moving import add_photos, case_to_move, hold, move, told
from app.cases.queries import case_for, is_reporter, merged_into
from app.cases.screening import must_be_about_things
from app.identity.actors import Actor
from app.kernel.events import publish


def rate(*, case_id: UUID, answer: str, stars: int | None = None, by: Actor, at: datetime) -> Case:
    """The reporter answers "is it fixed?". Solved closes the case; not solved or unsure leaves it to be reopened.

    The same answer sent again (a double tap) changes nothing.
    """
    hold(case_id)  # both taps may be on their way
    case = case_for(by, case_id)
    if is_reporter(case, by) and (case.answer, case.stars) == (answer, stars):
        return case
    solved = answer == s.SOLVED
    verb = s.CONFIRM if solved else s.ANSWER
    case = case_to_move(case_id, verb, by)
    move(case, verb, by=by, at=at, answer=answer, stars=stars, closed_at=at if solved else None)
    publish(told(CaseRated, case, at, answer=answer, stars=stars))
    if solved:
        publish(told(CaseClosed, case, at))
    return case


def reopen(*, case_id: UUID, reason: str, photo_ids: Collection[UUID] = (), by: Actor, at: datetime) -> Case:
    """Not done after all: within seven days the case goes back to the desk, and to another person than before.

    Staff may do it too, once the reporter said "not solved", so that such an answer never just lies there.
    """
    case = case_to_move(case_id, s.REOPEN, by)
    must_be_about_things(case.rules, reason=reason)
    if not is_reporter(case, by) and case.answer != s.NOT_SOLVED:
        raise NotDisputed
    if is_reporter(case, by) and case.resolved_at is not None and at > case.resolved_at + REOPEN_WITHIN:
        raise ReopenTooLate(days=REOPEN_WITHIN.days)
    step = move(
        case,
        s.REOPEN,
        by=by,
        at=at,
        words=reason,
        handler_id=None,
        accept_by=accept_deadline(case.grade, at),
        resolve_by=None,
        resolved_at=None,
        closed_at=None,
        answer=None,
        stars=None,
        reopened=case.reopened + 1,
    )
    add_photos(case, step, photo_ids, by=by, at=at)
    publish(told(CaseReopened, case, at))
    return case


def withdraw(*, case_id: UUID, reason: str = "", by: Actor, at: datetime) -> Case:
    """The reporter takes it back while nobody has it yet (an appeal: at any time before it is resolved).

    Others whose reports were merged into it wait for its answer, so then it stays.
    """
    hold(case_id)
    case = case_to_move(case_id, s.WITHDRAW, by)
    must_be_about_things(case.rules, reason=reason)
    if merged_into(case.id):
        raise OthersWait(number=case.number)
    move(case, s.WITHDRAW, by=by, at=at, words=reason, closed_at=at)
    publish(told(CaseWithdrawn, case, at))
    return case
