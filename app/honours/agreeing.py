"""Agreeing: whether the last meeting carried the list as it is now. Whatever was decided after it needs another."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select

from app.honours import queries
from app.honours.errors import MeetingMissing, MeetingNotCarried, MeetingStale
from app.honours.models import Candidate, Decision, Meeting
from app.kernel.db import session


def decided_since(meeting: Meeting) -> int:
    """How often somebody was taken in or out after this record was written."""
    later = (
        select(func.count())
        .select_from(Decision)
        .join(Candidate, Candidate.id == Decision.candidate_id)
        .where(Candidate.selection_id == meeting.selection_id, Decision.id > meeting.id)
    )
    return session.scalar(later) or 0


def what_is_missing(
    meetings: Sequence[Meeting],
) -> type[MeetingMissing | MeetingNotCarried | MeetingStale] | None:
    """Why these records, the last one first, do not carry the list as it is now; None if they do."""
    if not meetings:
        return MeetingMissing
    if not meetings[0].is_carried:
        return MeetingNotCarried
    return MeetingStale if decided_since(meetings[0]) else None


def must_be_agreed(selection_id: UUID) -> None:
    """Raises MeetingMissing, MeetingNotCarried or MeetingStale unless the last meeting agreed to the list as it is."""
    if missing := what_is_missing(queries.meetings_of(selection_id)):
        raise missing
