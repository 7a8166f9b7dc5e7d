"""Objecting to a public notice: a case with deadlines, about the list or about one candidate, who is then held."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app.cases.asking import object_to
from app.cases.models import Case
from app.honours import queries
from app.honours.errors import CandidateNotFound
from app.honours.models import NOTICE, Candidate, Selection
from app.identity.actors import Actor
from app.kernel.db import session


def object_(*, selection_id: UUID, pseudonym: str | None = None, words: str, by: Actor, at: datetime) -> Case:
    """Say that somebody should not be on the list, or that the list is wrong. Reviewers answer; he waits meanwhile."""
    selection = queries.selection_to_change(selection_id)
    selection.must_be(NOTICE)
    subject = f"roll:{selection.id}"
    if pseudonym is not None:
        listed = queries.public_one(selection_id, pseudonym)
        if listed is None:
            raise CandidateNotFound
        subject = f"candidate:{listed.candidate.id}"
    return object_to(subject=subject, words=words, by=by, at=at)


def objected_to(kind: str, number: UUID) -> tuple[Selection, str | None]:
    """The selection that the subject of an objection names, and the pseudonym of whom it is about, if of one."""
    if kind != "candidate":
        return queries.selection(number), None
    candidate = session.get_one(Candidate, number)
    return queries.selection(candidate.selection_id), candidate.pseudonym
