"""Why one was, or was not, chosen: one's own figures and what was needed. Never a rank, never anybody else's."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from app.honours import queries, scoring, snapshots
from app.honours.errors import SelectionNotFound
from app.honours.models import FINAL, IN, NOTICE, Candidate, Selection
from app.honours.pseudonyms import pseudonym
from app.honours.sealing import Person as Line
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
    cut_off = sealed.head["cut_off"]
    mine = session.scalar(
        select(Candidate).where(Candidate.selection_id == found.id, Candidate.person_id == by.id)
    )
    if mine is not None:
        return Standing(
            selection=found,
            values=mine.figures["values"],
            parts=mine.figures["parts"],
            score=mine.score,
            cut_off=cut_off,
            chosen=mine.decision == IN,
            why=_why(mine, cut_off),
            candidate=mine,
        )
    line = snapshots.line_of(sealed, pseudonym(found.id, by.id))
    verdict = line.verdict if line else None
    return Standing(
        selection=found,
        values=line.facts.values if line else {},
        parts=list(verdict.parts) if verdict else [],
        score=verdict.score if verdict else 0,
        cut_off=cut_off,
        chosen=False,
        why=_below(verdict.score, cut_off) if verdict else _why_in_no_order(found, line),
        candidate=None,
    )


def _why(mine: Candidate, cut_off: int | None) -> str:
    """What decided about a candidate: somebody's reason, or the criteria."""
    if mine.decided_by:
        return mine.reason
    return "chosen" if mine.decision == IN else _below(mine.score, cut_off)


def _below(score: int, cut_off: int | None) -> str:
    """What left somebody out who is in the order: the score, a tie, or a quota."""
    if cut_off is None or score < cut_off:
        return "cut-off"
    return "tie" if score == cut_off else "quota"


def _why_in_no_order(found: Selection, line: Line | None) -> str:
    """Which condition somebody did not meet, if anything is known about him."""
    if line is None:
        return "no-facts"
    return scoring.why_not_eligible(line.facts, queries.criteria_of(found), found.period_end_on) or "no-facts"
