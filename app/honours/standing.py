"""Why one was, or was not, chosen: one's own figures and what was needed. Never a rank, never anybody else's.

Whoever is no candidate is in the sealed file under a pseudonym only. If the secret that pseudonyms take was changed
since, nobody can tell which line is his: then he is answered by his records as they are now, and told so.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from app.honours import gathering, queries, scoring, snapshots
from app.honours.errors import SelectionNotFound
from app.honours.models import FINAL, IN, NOTICE, Candidate, Selection
from app.honours.pseudonyms import key_mark, keyless, pseudonym
from app.honours.scoring import Facts
from app.honours.snapshots import Sealed
from app.honours.waiting import waiting_of
from app.identity.actors import Actor
from app.kernel.db import session
from app.kernel.i18n import say
from app.places.queries import region_path


@dataclass(frozen=True, slots=True)
class Standing:
    """One's own figures in a selection, and what was needed. Never a rank. `is_of_now`: not from the sealed file."""

    selection: Selection
    values: dict[str, int]
    parts: list[int]
    score: int
    cut_off: int | None
    chosen: bool
    why: str
    candidate: Candidate | None
    is_of_now: bool = False


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
    if mine is None:
        return _below_reach(found, sealed, by.id)
    why, chosen = _why(mine, cut_off)
    return Standing(
        selection=found,
        values=mine.figures["values"],
        parts=mine.figures["parts"],
        score=mine.score,
        cut_off=cut_off,
        chosen=chosen,
        why=why,
        candidate=mine,
    )


def _why(mine: Candidate, cut_off: int | None) -> tuple[str, bool]:
    """What decided about a candidate, and whether he is chosen: somebody's reason, the criteria, what came later."""
    honour = queries.honour_of(mine.id)
    if honour is not None and honour.revoked_because is not None:
        return say("honours.why.revoked", reason=honour.revoked_because), False
    if mine.decision != IN:
        return mine.reason if mine.decided_by else _below(mine.score, cut_off), False
    if honour is None and mine.id in waiting_of([mine.id]):
        return "waiting", True
    return mine.reason if mine.decided_by else "chosen", True


def _below(score: int, cut_off: int | None) -> str:
    """What left somebody out who is in the order: the score, a tie, or a quota."""
    if cut_off is None or score < cut_off:
        return "cut-off"
    return "tie" if score == cut_off else "quota"


def _below_reach(found: Selection, sealed: Sealed, person_id: UUID) -> Standing:
    """The answer for somebody who never came before the reviewers."""
    facts, is_of_now = _own_facts(found, sealed, person_id)
    criteria, cut_off = queries.criteria_of(found), sealed.head["cut_off"]
    unmet = scoring.why_not_eligible(facts, criteria, found.period_end_on) if facts else None
    parts = list(scoring.parts_of(facts, criteria)) if facts else []
    if facts is None:
        why = "no-facts-now" if is_of_now else "no-facts"
    else:
        why = unmet or _below(sum(parts), cut_off)
        if is_of_now and unmet is None and why != "cut-off":
            why = "cannot-tell"
    return Standing(
        selection=found,
        values=facts.values if facts else {},
        parts=parts,
        score=sum(parts),
        cut_off=cut_off,
        chosen=False,
        why=why,
        candidate=None,
        is_of_now=is_of_now,
    )


def _own_facts(found: Selection, sealed: Sealed, person_id: UUID) -> tuple[Facts | None, bool]:
    """Somebody's sealed line; where nobody can tell which is his, his records of now."""
    for name in (pseudonym(found.id, person_id), keyless(found.id, person_id)):
        if (line := snapshots.line_of(sealed, name)) is not None:
            return line.facts, False
    if sealed.head.get("pseudonyms") == key_mark():
        return None, False  # whoever is in the file is found: there was nothing
    now = gathering.facts_of(
        selection_id=found.id,
        region_paths=[region_path(each) for each in found.regions],
        start_on=found.period_start_on,
        end_on=found.period_end_on,
        person_id=person_id,
    )
    return (now.facts[0] if now.facts else None), True
