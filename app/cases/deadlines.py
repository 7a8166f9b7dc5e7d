"""What time itself does to cases: a missed deadline escalates, a resolved case nobody disputes closes. Run by a job."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select

from app.cases import states as s
from app.cases.errors import CaseMovedOn
from app.cases.events import CaseClosed, CaseOverdue
from app.cases.models import REOPEN_WITHIN, Case
from app.cases.moving import move, told
from app.identity.actors import SYSTEM
from app.kernel.db import session
from app.kernel.events import publish

BATCH = 200


def overdue(at: datetime, limit: int = BATCH) -> Sequence[Case]:
    """Open cases whose running deadline has passed, the longest overdue first."""
    return session.scalars(
        select(Case).where(Case.due_at < at).order_by(Case.due_at, Case.id).limit(limit)
    ).all()


def escalate_due(*, at: datetime) -> int:
    """Mark each missed deadline once, with a step everybody concerned can see. Returns how many."""
    missed = session.scalars(
        select(Case)
        .where(Case.due_at < at, Case.escalated_at.is_(None))
        .order_by(Case.due_at, Case.id)
        .limit(BATCH)
    ).all()
    return sum(_escalated(case, at) for case in missed)


def _escalated(case: Case, at: datetime) -> bool:
    due_at = case.due_at
    assert due_at is not None
    try:
        move(case, s.ESCALATE, by=SYSTEM, at=at, escalated_at=at)
    except CaseMovedOn:
        return False  # another job, or a dispatcher, was quicker
    publish(
        told(
            CaseOverdue,
            case,
            at,
            unit_region_code=case.unit_region_code,
            handler_id=case.handler_id,
            due_at=due_at,
        )
    )
    return True


def close_unanswered(*, at: datetime) -> int:
    """Close what was resolved seven days ago and not disputed. "Not solved" is never closed by time."""
    settled = session.scalars(
        select(Case)
        .where(Case.state == s.RESOLVED, Case.resolved_at < at - REOPEN_WITHIN)
        .where(or_(Case.answer.is_(None), Case.answer == s.UNSURE))
        .order_by(Case.resolved_at, Case.id)
        .limit(BATCH)
    ).all()
    return sum(_closed(case, at) for case in settled)


def _closed(case: Case, at: datetime) -> bool:
    try:
        move(case, s.CLOSE, by=SYSTEM, at=at, closed_at=at)
    except CaseMovedOn:
        return False
    publish(told(CaseClosed, case, at))
    return True
