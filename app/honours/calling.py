"""Calling up: who comes before the reviewers as a candidate, which is not everybody in the order.

In a city hundreds of thousands are in it, and a row for each of them would cost more than all the rest of a selection.
Before the reviewers come those chosen, everybody above the last of them, the next thousand, and whoever was spoken for.
The sealed lines hold everybody: whoever stands further down is called up from there when somebody nominates him or is
too close to him. Until the blind round is over the desk does not show who was called up, which would tell who it is.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.honours import snapshots
from app.honours.gathering import Gathered
from app.honours.models import DRAFT, IN, OUT, Candidate, Nomination, Selection
from app.honours.pseudonyms import pseudonym
from app.honours.scoring import Facts, Scored
from app.kernel import bulk, i18n
from app.kernel.db import session
from app.kernel.ids import new_id

WITHIN_REACH = 1000  # so many below the last who is chosen


def put_forward(selection: Selection, gathered: Gathered, scored: Sequence[Scored], *, at: datetime) -> None:
    """Make candidates of whoever the order has within reach, and of the nominees further down."""
    last = max((each.position for each in scored if each.chosen), default=0) + WITHIN_REACH
    nominees = _nominees(selection.id)
    verdicts = {
        each.pseudonym: each for each in scored if each.position <= last or each.pseudonym in nominees
    }
    known = {each.pseudonym: each for each in gathered.facts if each.pseudonym in verdicts}
    bulk.insert_many(
        Candidate,
        (
            _row(
                selection.id, UUID(bytes=gathered.people[name]), known[name], each,
                called_up_at=None if each.position <= last else at,
            )
            for name, each in verdicts.items()
        ),
    )  # fmt: skip


def call_up(selection: Selection, person_id: UUID, *, at: datetime) -> Candidate | None:
    """Somebody's candidacy, made from his sealed line if he stands further down; None if he is not in the order.

    The selection is locked by whoever asks.
    """
    mine = select(Candidate).where(Candidate.selection_id == selection.id, Candidate.person_id == person_id)
    found = session.scalar(mine)
    if found is not None or selection.state == DRAFT:
        return found
    sealed = snapshots.of_selection(selection.id)
    line = snapshots.line_of(sealed, pseudonym(selection.id, person_id))
    if line is None or line.verdict is None:
        return None
    called = Candidate(**_row(selection.id, person_id, line.facts, line.verdict, called_up_at=at))
    session.add(called)
    session.flush()
    return called


def _nominees(selection_id: UUID) -> Collection[str]:
    named = session.scalars(select(Nomination.person_id).where(Nomination.selection_id == selection_id))
    return {pseudonym(selection_id, each) for each in named}


def _row(
    selection_id: UUID, person_id: UUID, facts: Facts, verdict: Scored, *, called_up_at: datetime | None
) -> dict[str, Any]:
    decision, words = (IN, "honours.by-criteria") if verdict.chosen else (OUT, "honours.beyond-seats")
    return {
        "id": new_id(),
        "selection_id": selection_id,
        "person_id": person_id,
        "pseudonym": verdict.pseudonym,
        "figures": {
            "enrolled_on": facts.enrolled_on.isoformat(),
            "values": facts.values,
            "groups": facts.groups,
            "parts": verdict.parts,
        },
        "score": verdict.score,
        "position": verdict.position,
        "decision": decision,
        "reason": i18n.say(words, locale="zh"),
        "called_up_at": called_up_at,
    }
