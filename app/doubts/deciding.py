"""What is said of a doubt: in order; or not, then a second person decides; or nothing in time, then it is gone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.audit.recording import record
from app.cases.events import CaseMerged, CaseRejected, CaseWithdrawn
from app.doubts.errors import DoubtNotFound, DoubtSettled, NothingGiven
from app.doubts.events import DoubtGone, DoubtUpheld
from app.doubts.models import ASKED, CLEARED, LAPSED, LOOK_WITHIN, OPEN, UNDECIDED, VOID, Doubt
from app.doubts.setting_aside import give_free
from app.identity.actors import SYSTEM, Actor
from app.kernel.db import session
from app.kernel.errors import Forbidden
from app.kernel.events import publish
from app.places import queries as places
from app.rules import queries as rules
from app.rules.events import FactFoundVoid, UnwindingRefused
from app.rules.unwinding import ask_to_unwind
from app.volunteering.events import HoursRejected

PERMISSION = "facts.unwind"
AT_MOST = 500


def find_in_order(*, doubt_id: UUID, words: str | None, by: Actor, at: datetime) -> Doubt:
    """Somebody looked, and the fact holds: what was set aside is usable at once. The same again changes nothing.

    Raises DoubtNotFound, DoubtSettled, Forbidden.
    """
    doubt = _doubt_to_decide(doubt_id, by)
    if doubt.state == CLEARED and doubt.said_by == by.id:
        return doubt
    _must_be_open(doubt)
    doubt.said_by, doubt.said_at, doubt.words = by.id, at, words or None
    _settle(doubt, CLEARED, at)
    _note("doubt.cleared", doubt, by, at)
    return doubt


def find_wanting(*, doubt_id: UUID, words: str, by: Actor, at: datetime) -> Doubt:
    """Somebody looked, and the fact does not hold, for a reason the rider reads: a second person decides.

    Until then the points stay set aside; nothing is taken back on the word of one. The second person has time of their
    own, and the rider is told until when. Raises DoubtNotFound, DoubtSettled, NothingGiven, Forbidden.
    """
    doubt = _doubt_to_decide(doubt_id, by)
    if doubt.state == ASKED and doubt.said_by == by.id:
        return doubt
    _must_be_open(doubt)
    if rules.recorded_fact(doubt.fact_kind, doubt.fact_id) is None:
        raise NothingGiven
    doubt.said_by, doubt.said_at, doubt.words = by.id, at, words
    doubt.state, doubt.due_at = ASKED, at + LOOK_WITHIN
    session.flush()
    ask_to_unwind(fact_kind=doubt.fact_kind, fact_id=doubt.fact_id, reason=words, by=by, at=at)
    _note("doubt.upheld", doubt, by, at)
    publish(DoubtUpheld(**_facts(doubt, at), due_at=doubt.due_at))
    return doubt


def lapse_due(*, at: datetime, limit: int = AT_MOST) -> int:
    """Doubts that nobody decided in time are gone, in favour of the rider. Returns how many."""
    due = session.scalars(
        select(Doubt)
        .where(Doubt.state.in_(UNDECIDED), Doubt.due_at <= at)
        .order_by(Doubt.person_id, Doubt.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    for doubt in due:
        _settle(doubt, LAPSED, at)
        _note("doubt.lapsed", doubt, SYSTEM, at)
    return len(due)


def on_fact_found_void(event: FactFoundVoid) -> None:
    """It does not hold: what was set aside is free a moment before it is taken back."""
    _over(event.fact_kind, event.fact_id, event.at)


def on_unwinding_refused(event: UnwindingRefused) -> None:
    """The second person found it in order."""
    for doubt in _undecided(event.fact_kind, event.fact_id):
        if doubt.state == ASKED:
            _settle(doubt, CLEARED, event.at)


def on_report_over(event: CaseMerged | CaseRejected | CaseWithdrawn) -> None:
    """Somebody else has said what the report is: it does not stand by itself any more."""
    _over("report", event.case_id, event.at)


def on_hours_rejected(event: HoursRejected) -> None:
    """The organiser has said that the time does not count."""
    _over("hours", event.hours_id, event.at)


def _over(fact_kind: str, fact_id: UUID, at: datetime) -> None:
    for doubt in _undecided(fact_kind, fact_id):
        _settle(doubt, VOID, at)


def _settle(doubt: Doubt, state: str, at: datetime) -> None:
    doubt.state, doubt.settled_at = state, at
    session.flush()
    give_free(doubt, at)
    if state == VOID:
        return  # the rider is told by whatever takes it back, and why
    publish(DoubtGone(**_facts(doubt, at)))


def _facts(doubt: Doubt, at: datetime) -> dict[str, Any]:
    """What every event of this doubt says."""
    return {
        "doubt_id": doubt.id,
        "person_id": doubt.person_id,
        "fact_kind": doubt.fact_kind,
        "ground": doubt.ground,
        "happened_at": doubt.happened_at,
        "at": at,
    }


def _undecided(fact_kind: str, fact_id: UUID) -> Sequence[Doubt]:
    chosen = select(Doubt).where(
        Doubt.fact_kind == fact_kind, Doubt.fact_id == fact_id, Doubt.state.in_(UNDECIDED)
    )
    locked = chosen.order_by(Doubt.id).with_for_update()  # in one order, whoever asks
    return session.scalars(locked.execution_options(populate_existing=True)).all()


def _doubt_to_decide(doubt_id: UUID, by: Actor) -> Doubt:
    """The doubt, locked. Nobody decides about what is their own."""
    chosen = select(Doubt).where(Doubt.id == doubt_id).with_for_update()
    doubt = session.scalar(chosen.execution_options(populate_existing=True))
    if doubt is None or not by.can(PERMISSION, region_path=places.region_path(doubt.region_code)):
        raise DoubtNotFound
    if doubt.person_id == by.id:
        raise Forbidden
    return doubt


def _must_be_open(doubt: Doubt) -> None:
    if doubt.state != OPEN:
        raise DoubtSettled(state=doubt.state)


def _note(action: str, doubt: Doubt, by: Actor, at: datetime) -> None:
    facts = {"fact": f"{doubt.fact_kind}:{doubt.fact_id}", "ground": doubt.ground, "words": doubt.words}
    record(action=action, subject=f"doubt:{doubt.id}", facts=facts, by=by, at=at)
