"""Why one was, or was not, chosen: one's own figures and what was needed. Never a rank, never anybody else's."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from app.honours import queries, scoring, snapshots
from app.honours.errors import SelectionNotFound
from app.honours.models import FINAL, IN, NOTICE, Candidate, Selection
from app.honours.pseudonyms import pseudonym
from app.honours.scoring import Facts
from app.identity.actors import Actor
from app.kernel.db import session


@dataclass(frozen=True, slots=True)
class Standing:
    """One's own figures in a selection, and what was needed. Never a rank."""

    selection: Selection
    values: dict[str, int]
    parts: list[int]
    score: int
    cut_off: int | None
    chosen: bool
    why: str
    candidate: Candidate | None


def my_standing(selection_id: UUID, by: Actor) -> Standing:
    """One's own figures and the cut-off, once the list is public. Raises SelectionNotFound before."""
    found = queries.selection(selection_id)
    if found.state not in (NOTICE, FINAL):
        raise SelectionNotFound
    sealed = snapshots.of_selection(found.id)
    mine = session.scalar(
        select(Candidate).where(Candidate.selection_id == found.id, Candidate.person_id == by.id)
    )
    facts = None
    if mine is None:
        own = snapshots.ineligible(sealed, pseudonym(found.id, by.id))
        facts = own.facts if own else None
    cut_off = sealed.head["cut_off"]
    return Standing(
        selection=found,
        values=mine.figures["values"] if mine else facts.values if facts else {},
        parts=mine.figures["parts"] if mine else [],
        score=mine.score if mine else 0,
        cut_off=cut_off,
        chosen=mine is not None and mine.decision == IN,
        why=_why(found, facts, mine, cut_off),
        candidate=mine,
    )


def _why(found: Selection, facts: Facts | None, mine: Candidate | None, cut_off: int | None) -> str:
    """What decided: somebody's reason, a condition, the score, a tie, or a quota."""
    if mine is None:
        if facts is None:
            return "no-facts"
        criteria = queries.criteria_of(found)
        return scoring.why_not_eligible(facts, criteria, found.period_end_on) or "no-facts"
    if mine.decided_by:
        return mine.reason
    if mine.decision == IN:
        return "chosen"
    if cut_off is None or mine.score < cut_off:
        return "cut-off"
    return "tie" if mine.score == cut_off else "quota"
