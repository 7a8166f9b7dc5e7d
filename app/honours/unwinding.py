"""A fact found void reaches into selections: a candidate of that time steps out, an honour is taken back.

The sealed snapshot stays as it was sealed. A reviewer who finds that the rest suffices may take the candidate in again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, select

from app.honours import queries
from app.honours.announcing import tell_of_revocation
from app.honours.models import IN, OUT, Candidate, Decision, Honour, Selection
from app.kernel.clock import city_day
from app.kernel.db import session
from app.kernel.i18n import say


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


class Agreed(Protocol):
    """What is needed of the event before."""

    @property
    def happened_at(self) -> tuple[datetime, ...]: ...


def on_unwinding_agreed(event: Agreed) -> None:
    """Hold every selection that looked at these days before any points: in the order in which a roll is made final.

    Whoever is sealing one or making it final right now would neither see what is taken back nor be seen.
    """
    queries.hold_those_that_look_at(city_day(each) for each in event.happened_at)


def on_fact_unwound(event: Unwound) -> None:
    """Take the person out of selections that looked at that day, and back what such a selection gave."""
    day = city_day(event.happened_at)
    reason = say("honours.unwound", "zh", reason=event.reason)[:300]
    looked_at = (Selection.period_start_on <= day, Selection.period_end_on >= day)
    for honour, selection in session.execute(_honours_of(event.person_id, *looked_at)).all():
        honour.revoked_at, honour.revoked_because = event.at, reason
        session.flush()
        tell_of_revocation(honour, selection, event.at)
    for candidate in session.scalars(_candidacies_of(event.person_id, *looked_at)).all():
        candidate.decision, candidate.reason = OUT, reason
        candidate.decided_by, candidate.decided_at = event.decided_by, event.at
        session.add(
            Decision(
                candidate_id=candidate.id, decision=OUT, reason=reason, by_id=event.decided_by, at=event.at
            )
        )
    session.flush()


def _honours_of(person_id: UUID, *looked_at: ColumnElement[bool]) -> Select[Honour, Selection]:
    held = select(Honour, Selection).join(Selection, Selection.id == Honour.selection_id)
    return held.where(Honour.person_id == person_id, Honour.revoked_at.is_(None), *looked_at)


def _candidacies_of(person_id: UUID, *looked_at: ColumnElement[bool]) -> Select[Candidate]:
    """Where somebody is in and has no honour: also after the roll, as long as he was held."""
    honoured = exists().where(Honour.candidate_id == Candidate.id)
    mine = select(Candidate).join(Selection, Selection.id == Candidate.selection_id)
    return mine.where(Candidate.person_id == person_id, Candidate.decision == IN, ~honoured, *looked_at)
