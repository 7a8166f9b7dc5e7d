"""Who waits: somebody objects to him, or his records are looked into. Meanwhile he is neither honoured nor named."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select

from app.cases.kinds import objection
from app.cases.models import Case
from app.cases.states import OPEN
from app.honours.models import Candidate, IntegrityHold
from app.kernel.db import session

T = TypeVar("T")
AT_ONCE = 1000  # a statement takes only so many parameters


def waiting_of(candidate_ids: Collection[UUID]) -> set[UUID]:
    """Which of these candidates are not honoured, and named in full nowhere, for now."""
    return objected_to(candidate_ids) | looked_into(candidate_ids)


def objected_to(candidate_ids: Collection[UUID]) -> set[UUID]:
    """Which of these candidates somebody objects to, without an answer yet."""
    wanted = {f"candidate:{each}": each for each in candidate_ids}
    return {wanted[each] for some in _some(list(wanted)) for each in _open(some)}


def looked_into(candidate_ids: Collection[UUID]) -> set[UUID]:
    """Which of these candidates have records that are being looked into."""
    held = (
        select(Candidate.id)
        .join(IntegrityHold, IntegrityHold.person_id == Candidate.person_id)
        .where(IntegrityHold.lifted_at.is_(None))
    )
    return {
        each
        for some in _some(list(candidate_ids))
        for each in session.scalars(held.where(Candidate.id.in_(some)))
    }


def is_contested(selection_id: UUID) -> bool:
    """Whether an objection to the whole list waits for its answer."""
    return bool(_open([f"roll:{selection_id}"]))


def _open(subjects: Sequence[str]) -> set[str]:
    asked = select(Case.subject).where(
        Case.kind == objection.KIND.name, Case.subject.in_(subjects), Case.state.in_(OPEN)
    )
    return {each for each in session.scalars(asked) if each is not None}


def _some(all_of_them: Sequence[T]) -> Iterator[Sequence[T]]:
    return (all_of_them[first : first + AT_ONCE] for first in range(0, len(all_of_them), AT_ONCE))
