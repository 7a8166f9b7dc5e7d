"""Reviewing: somebody else than whoever set the selection up takes people in or out, with a reason, and signs."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app.audit.recording import record
from app.honours import queries
from app.honours.errors import NobodyChosen, OwnCandidacy, SecondReviewerNeeded, TooManyChosen
from app.honours.events import CandidatesChosen
from app.honours.models import FROZEN, REVIEWED, Candidate, Selection
from app.identity.actors import Actor
from app.kernel import events
from app.kernel.db import session
from app.places.queries import region_path


def decide(
    *, selection_id: UUID, candidate_id: UUID, decision: str, reason: str, by: Actor, at: datetime
) -> Candidate:
    """Take a candidate in or out. The reason stays with the name of whoever decided."""
    selection = queries.selection_to_change(selection_id)
    _must_review(selection, by)
    candidate = queries.candidate(selection_id, candidate_id)
    if candidate.person_id == by.person_id:
        raise OwnCandidacy
    before = candidate.decision
    candidate.decision, candidate.reason = decision, reason
    candidate.decided_by, candidate.decided_at = by.person_id, at
    session.flush()
    record(
        action="candidate.decided",
        subject=f"selection:{selection_id}",
        facts={"candidate": candidate.pseudonym, "before": before, "after": decision, "reason": reason},
        by=by,
        at=at,
    )
    return candidate


def sign(*, selection_id: UUID, by: Actor, at: datetime) -> Selection:
    """Sign the choice as the second person; those chosen are then asked how they want to be named."""
    selection = queries.selection_to_change(selection_id)
    _must_review(selection, by)
    chosen = queries.chosen(selection_id)
    if any(each.person_id == by.person_id for each in chosen):
        raise OwnCandidacy
    seats = queries.criteria_of(selection)["seats"]
    if len(chosen) > seats:
        raise TooManyChosen(chosen=len(chosen), seats=seats)
    if not chosen:
        raise NobodyChosen
    selection.approved_by, selection.approved_at, selection.state = by.person_id, at, REVIEWED
    session.flush()
    record(
        action="selection.signed",
        subject=f"selection:{selection_id}",
        facts={"chosen": len(chosen)},
        by=by,
        at=at,
    )
    people = tuple(each.person_id for each in chosen)
    events.publish(CandidatesChosen(selection_id=selection.id, person_ids=people, at=at))
    return selection


def _must_review(selection: Selection, by: Actor) -> None:
    by.must("selection.review", region_path=region_path(selection.region_code))
    if by.id == selection.created_by:
        raise SecondReviewerNeeded
    selection.must_be(FROZEN)
