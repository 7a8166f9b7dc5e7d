"""Weighing: which candidates the reviewers mark, whose marks count, and how far one reviewer is.

Everybody who is in is marked, and those who only just missed a seat: whoever takes their place has been weighed too.
The order is that of the pseudonyms, so that nobody's place in the figures leans on a mark.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import exists, select

from app.honours import queries
from app.honours.combining import combined, is_too_low, rule_of
from app.honours.errors import CandidateNotFound, SecondReviewerNeeded
from app.honours.models import IN, OUT, Candidate, Mark, Recusal, Selection
from app.identity.actors import Actor
from app.kernel.db import session
from app.places.queries import region_path

RESERVES = 10


@dataclass(frozen=True, slots=True)
class Sheet:
    """One candidate before one reviewer, with that reviewer's own mark."""

    candidate: Candidate
    own: Mark | None


@dataclass(frozen=True, slots=True)
class MarkingDesk:
    """What one reviewer has to mark. Neither he himself nor anybody he is too close to is on it."""

    selection: Selection
    sheets: Sequence[Sheet]

    @property
    def marked(self) -> int:
        return sum(each.own is not None for each in self.sheets)

    @property
    def next(self) -> Sheet | None:
        """The first that waits for a mark."""
        return next((each for each in self.sheets if each.own is None), None)


def desk_for(selection_id: UUID, by: Actor) -> MarkingDesk:
    """The reviewer's desk of a selection."""
    selection = selection_under_review(selection_id, by)
    seen = session.scalars(
        select(Candidate)
        .where(Candidate.id.in_(field_of(selection.id)), *queries.seen_by(by))
        .order_by(Candidate.pseudonym)
    ).all()
    own = _own_marks([each.id for each in seen], by)
    return MarkingDesk(selection, [Sheet(each, own.get(each.id)) for each in seen])


def sheet_for(selection_id: UUID, candidate_id: UUID, by: Actor) -> Sheet:
    """One candidate for one reviewer. Raises CandidateNotFound for himself and for whom he is too close to."""
    selection = selection_under_review(selection_id, by)
    which = (Candidate.selection_id == selection.id, Candidate.id == candidate_id)
    found = session.scalar(select(Candidate).where(*which, *queries.seen_by(by)))
    if found is None:
        raise CandidateNotFound
    return Sheet(found, _own_marks([found.id], by).get(found.id))


def selection_under_review(selection_id: UUID, by: Actor) -> Selection:
    """A selection for somebody who reviews there. Raises SecondReviewerNeeded for whoever set it up."""
    selection = queries.selection(selection_id)
    by.must("selection.review", region_path=region_path(selection.region_code))
    if by.id == selection.created_by:
        raise SecondReviewerNeeded
    return selection


def field_of(selection_id: UUID) -> set[UUID]:
    """Who is marked: everybody in, and the first of those below the line."""
    mine = select(Candidate.id).where(Candidate.selection_id == selection_id)
    below = mine.where(Candidate.decision == OUT).order_by(Candidate.position).limit(RESERVES)
    return {*session.scalars(mine.where(Candidate.decision == IN)), *session.scalars(below)}


def counting_marks(candidate_ids: Collection[UUID]) -> dict[UUID, list[Mark]]:
    """The marks that count: none of somebody who stepped aside, whenever he said so."""
    aside = exists().where(Recusal.candidate_id == Mark.candidate_id, Recusal.reviewer_id == Mark.reviewer_id)
    given = select(Mark).where(Mark.candidate_id.in_(candidate_ids), ~aside).order_by(Mark.id)
    found: dict[UUID, list[Mark]] = defaultdict(list)
    for each in session.scalars(given):
        found[each.candidate_id].append(each)
    return found


def short_of_marks(selection: Selection) -> int:
    """How many of those who are in too few have marked yet."""
    rule = rule_of(queries.criteria_of(selection))
    chosen = [each.id for each in queries.chosen(selection.id)]
    marks = counting_marks(chosen)
    return sum(len(marks[each]) < rule["minimum_marks"] for each in chosen)


def carried_by_nobody(selection: Selection) -> Sequence[Candidate]:
    """Who is in by the criteria alone although the reviewers' mark is too low; a person has to decide about him."""
    rule = rule_of(queries.criteria_of(selection))
    chosen = [each for each in queries.chosen(selection.id) if each.decided_by is None]
    marks = counting_marks([each.id for each in chosen])
    return [
        each for each in chosen if is_too_low(combined([mark.score for mark in marks[each.id]], rule), rule)
    ]


def _own_marks(candidate_ids: Collection[UUID], by: Actor) -> dict[UUID, Mark]:
    given = select(Mark).where(Mark.candidate_id.in_(candidate_ids), Mark.reviewer_id == by.id)
    return {each.candidate_id: each for each in session.scalars(given)}
