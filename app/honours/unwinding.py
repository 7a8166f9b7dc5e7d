"""A fact found void reaches into selections: a candidate of that time steps out, an honour is taken back.

The sealed snapshot stays as it was sealed. A reviewer who finds that the rest suffices may take the candidate in again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy import select

from app.honours.events import HonourRevoked
from app.honours.models import FROZEN, IN, NOTICE, OUT, REVIEWED, Candidate, Honour, Selection
from app.kernel.clock import city_day
from app.kernel.db import session
from app.kernel.events import publish
from app.kernel.i18n import say

RUNNING = (FROZEN, REVIEWED, NOTICE)


class Unwound(Protocol):
    """What is needed of the event."""

    @property
    def person_id(self) -> UUID: ...
    @property
    def happened_at(self) -> datetime: ...
    @property
    def reason(self) -> str: ...
    @property
    def decided_by(self) -> UUID: ...
    @property
    def at(self) -> datetime: ...


def on_fact_unwound(event: Unwound) -> None:
    """Take the person out of selections that looked at that day, and back what such a selection gave."""
    day = city_day(event.happened_at)
    reason = say("honours.unwound", "zh", reason=event.reason)[:300]
    looked_at = (Selection.period_start_on <= day, Selection.period_end_on >= day)
    candidates = select(Candidate).join(Selection, Selection.id == Candidate.selection_id)
    mine = candidates.where(Candidate.person_id == event.person_id, Candidate.decision == IN)
    for candidate in session.scalars(mine.where(Selection.state.in_(RUNNING), *looked_at)):
        candidate.decision, candidate.reason = OUT, reason
        candidate.decided_by, candidate.decided_at = event.decided_by, event.at
    honours = select(Honour).join(Selection, Selection.id == Honour.selection_id)
    held = honours.where(Honour.person_id == event.person_id, Honour.revoked_at.is_(None), *looked_at)
    for honour in session.scalars(held):
        honour.revoked_at, honour.revoked_because = event.at, reason
        session.flush()
        publish(HonourRevoked(honour_id=honour.id, person_id=honour.person_id, at=event.at))
    session.flush()
