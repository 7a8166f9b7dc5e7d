"""The case file of a selection: who marked what, who abstained and why, each decision with its reason, the evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select

from app.honours import queries, weighing
from app.honours.combining import combined, rule_of
from app.honours.models import Candidate, Decision, Meeting, Nomination, Recusal, Selection, Voice
from app.honours.picturing import agreed_in
from app.honours.waiting import looked_into, objected_to
from app.identity import queries as people
from app.identity.actors import Actor
from app.identity.models import Person
from app.kernel.db import session
from app.kernel.i18n import say
from app.places.queries import region_path

MOST = 200
Row = TypeVar("Row", Recusal, Decision)


@dataclass(frozen=True, slots=True)
class Said:
    """What one voice said for a candidate: as what, the story, links as text, and the photos he agreed to."""

    role: str
    story: str
    links: Sequence[str]
    photo_ids: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class Filed:
    """One candidate.

    While the blind round runs there is no name, no story (it tells who somebody is), and of the marks only a count.
    """

    candidate: Candidate
    name: str | None
    held: bool
    on_hold: bool
    marked: int
    marks: Sequence[int]
    mark: int | None
    comments: Sequence[str]
    recused: Sequence[str]
    decisions: Sequence[str]
    voices: Sequence[Said]


@dataclass(frozen=True, slots=True)
class CaseFile:
    """What was known and said about the first of the order."""

    selection: Selection
    meeting: str
    meetings: Sequence[Meeting]
    filed: Sequence[Filed]


def case_file(selection_id: UUID, by: Actor) -> CaseFile:
    """The case file for those who review there, without those the reader is too close to."""
    selection = queries.selection(selection_id)
    by.must("selection.review", region_path=region_path(selection.region_code))
    candidates = session.scalars(
        select(Candidate)
        .where(Candidate.selection_id == selection.id, *queries.seen_by(by))
        .order_by(Candidate.position)
        .limit(MOST)
    ).all()
    ids = [each.id for each in candidates]
    counted = weighing.counting_marks(ids)
    recusals, decisions = _by_candidate(Recusal, ids), _by_candidate(Decision, ids)
    named = selection.named_at is not None
    names, voices = (_names(candidates), _voices(selection.id)) if named else ({}, {})
    marks = counted if named else defaultdict(list)
    held, on_hold = objected_to(ids), looked_into(ids)
    rule = rule_of(queries.criteria_of(selection))
    return CaseFile(
        selection,
        selection.meeting,
        queries.meetings_of(selection.id),
        [
            Filed(
                each,
                names.get(each.person_id),
                each.id in held,
                each.id in on_hold,
                len(counted[each.id]),
                [mark.score for mark in marks[each.id]],
                combined([mark.score for mark in marks[each.id]], rule),
                [mark.comment for mark in marks[each.id] if mark.comment],
                [_aside(recusal) for recusal in recusals[each.id]],
                [f"{decision.decision}: {decision.reason}" for decision in decisions[each.id]],
                voices.get(each.person_id, []),
            )
            for each in candidates
        ],
    )


def _by_candidate(model: type[Row], candidate_ids: Sequence[UUID]) -> dict[UUID, list[Row]]:
    found: dict[UUID, list[Row]] = defaultdict(list)
    for each in session.scalars(
        select(model).where(model.candidate_id.in_(candidate_ids)).order_by(model.id)
    ):
        found[each.candidate_id].append(each)
    return found


def _aside(recusal: Recusal) -> str:
    who = people.display_name(people.person(recusal.reviewer_id))
    return say("honours.stepped-aside", who=who, reason=recusal.reason)


def _names(candidates: Sequence[Candidate]) -> dict[UUID, str]:
    named = select(Person.id, Person.name).where(Person.id.in_([each.person_id for each in candidates]))
    return {person_id: name or "" for person_id, name in session.execute(named)}


def _voices(selection_id: UUID) -> dict[UUID, list[Said]]:
    said = (
        select(Nomination.person_id, Voice)
        .join(Voice, Voice.nomination_id == Nomination.id)
        .where(Nomination.selection_id == selection_id)
        .order_by(Voice.id)
    )
    photos = agreed_in(selection_id)
    found: dict[UUID, list[Said]] = defaultdict(list)
    for person_id, voice in session.execute(said):
        agreed = [photo.id for photo in photos.get(voice.id, ())]
        found[person_id].append(Said(voice.role, voice.story, voice.links, agreed))
    return found
