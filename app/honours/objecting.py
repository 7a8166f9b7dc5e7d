"""Objecting to a public notice: a case with deadlines, about the list or about one candidate, who is then held."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from app.cases.asking import object_to
from app.cases.kinds import objection
from app.cases.models import Case
from app.cases.states import OPEN
from app.honours import queries
from app.honours.errors import CandidateNotFound
from app.honours.models import IN, NOTICE, Candidate
from app.identity.actors import Actor
from app.kernel.db import session


def object_(*, selection_id: UUID, pseudonym: str | None = None, words: str, by: Actor, at: datetime) -> Case:
    """Say that somebody should not be on the list, or that the list is wrong. Reviewers answer; he waits meanwhile."""
    selection = queries.selection_to_change(selection_id)
    selection.must_be(NOTICE)
    subject = f"roll:{selection.id}"
    if pseudonym is not None:
        listed = {
            each.candidate.pseudonym: each.candidate.id for each in queries.public_roll(selection_id).listed
        }
        if pseudonym not in listed:
            raise CandidateNotFound
        subject = f"candidate:{listed[pseudonym]}"
    return object_to(subject=subject, words=words, by=by, at=at)


def held(candidate_ids: Iterable[UUID]) -> set[UUID]:
    """Which of these candidates somebody objects to, without an answer yet."""
    wanted = {f"candidate:{each}": each for each in candidate_ids}
    return {wanted[each] for each in _open(list(wanted))}


def is_contested(selection_id: UUID) -> bool:
    """Whether an objection to the whole list waits for its answer."""
    return bool(_open([f"roll:{selection_id}"]))


def _open(subjects: list[str]) -> set[str]:
    asked = select(Case.subject).where(
        Case.kind == objection.KIND.name, Case.subject.in_(subjects), Case.state.in_(OPEN)
    )
    return {each for each in session.scalars(asked) if each is not None}


def held_in(selection_id: UUID) -> set[UUID]:
    """The candidates of a selection who are held now."""
    return held(
        session.scalars(
            select(Candidate.id).where(Candidate.selection_id == selection_id, Candidate.decision == IN)
        )
    )
