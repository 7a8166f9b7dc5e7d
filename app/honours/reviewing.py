"""Reviewing: marks without names, then names, recusals, decisions with reasons, a second signature."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from app.audit.recording import record
from app.honours import calling, queries, weighing
from app.honours.combining import rule_of
from app.honours.errors import (
    BlindRoundOpen,
    BlindRoundOver,
    BlindRoundRunning,
    MarkTooLow,
    MeetingWrong,
    NobodyChosen,
    OwnCandidacy,
    Recused,
    ReviewerNotFound,
    SecondReviewerNeeded,
    TooManyChosen,
)
from app.honours.events import CandidatesChosen, ReviewerSetAside
from app.honours.models import (
    FROZEN,
    NOTICE,
    OUT,
    REVIEWED,
    Candidate,
    Decision,
    Mark,
    Meeting,
    Recusal,
    Selection,
)
from app.identity import queries as people
from app.identity.actors import Actor
from app.kernel import events
from app.kernel.clock import city_day
from app.kernel.db import session
from app.places.queries import region_path

MEETS = (FROZEN, REVIEWED, NOTICE)  # during the notice: it confirms what an upheld objection changed


def mark(
    *, selection_id: UUID, candidate_id: UUID, score: int, comment: str, by: Actor, at: datetime
) -> Mark:
    """Score a candidate from 0 to 100 without his name. Marking again replaces one's own mark."""
    selection = _selection_to_review(selection_id, by)
    if selection.named_at is not None:
        raise BlindRoundOver
    candidate = _candidate_to_judge(selection_id, candidate_id, by)
    own = select(Mark).where(Mark.candidate_id == candidate.id, Mark.reviewer_id == by.id)
    given = session.scalar(own) or Mark(candidate_id=candidate.id, reviewer_id=by.id)
    given.score, given.comment, given.at = score, comment, at
    session.add(given)
    session.flush()
    return given


def show_names(*, selection_id: UUID, by: Actor, at: datetime) -> Selection:
    """End the blind round: whoever is in has marks enough; marks stand, names are shown to reviewers."""
    selection = _selection_to_review(selection_id, by)
    if selection.named_at is None:
        if waiting := weighing.short_of_marks(selection):
            least = rule_of(queries.criteria_of(selection))["minimum_marks"]
            raise BlindRoundOpen(waiting=waiting, least=least)
        selection.named_at = at
        session.flush()
        record(action="review.named", subject=f"selection:{selection_id}", facts={}, by=by, at=at)
    return selection


def recuse(*, selection_id: UUID, candidate_id: UUID, reason: str, by: Actor, at: datetime) -> Recusal:
    """Say that one is too close to a candidate. It cannot be taken back; a mark given before counts no longer."""
    _selection_to_review(selection_id, by)
    candidate = queries.candidate(selection_id, candidate_id)
    return _step_aside(candidate, by.id, reason, None, by, at)


def declare(*, selection_id: UUID, phone: str, reason: str, by: Actor, at: datetime) -> None:
    """Say whom one is too close to, by the number: without names, nobody recognises him on the list.

    If he is a candidate the reviewer steps aside for him. Whether he is one is not told.
    """
    selection = _selection_to_review(selection_id, by)
    facts = {"reason": reason}
    record(action="relation.declared", subject=f"selection:{selection_id}", facts=facts, by=by, at=at)
    candidate = _candidate_with(selection, phone, at)
    if candidate is not None and candidate.person_id != by.id:
        _step_aside(candidate, by.id, reason, None, by, at)


def set_aside(
    *, selection_id: UUID, reviewer_id: UUID, phone: str, reason: str, by: Actor, at: datetime
) -> None:
    """Whoever runs the selection knows of a relation the reviewer did not declare. Whether it matters is not told."""
    selection = queries.selection_to_change(selection_id)
    path = region_path(selection.region_code)
    by.must("selection.run", region_path=path)
    selection.must_be(FROZEN)
    if reviewer_id not in {each.id for each in people.holders_of("selection.review", path)}:
        raise ReviewerNotFound
    facts = {"reason": reason, "reviewer": str(reviewer_id)}
    record(action="relation.declared", subject=f"selection:{selection_id}", facts=facts, by=by, at=at)
    candidate = _candidate_with(selection, phone, at)
    if candidate is not None and candidate.person_id != reviewer_id:
        _step_aside(candidate, reviewer_id, reason, by.id, by, at)
    # Told in either case: being told must not say who is a candidate.
    events.publish(
        ReviewerSetAside(
            selection_id=selection_id, title_zh=selection.title_zh, title_en=selection.title_en,
            reviewer_id=reviewer_id, reason=reason, at=at,
        )
    )  # fmt: skip


def _candidate_with(selection: Selection, phone: str, at: datetime) -> Candidate | None:
    someone = people.person_by_phone(phone)
    return None if someone is None else calling.call_up(selection, someone.id, at=at)


def _step_aside(
    candidate: Candidate, reviewer_id: UUID, reason: str, set_by_id: UUID | None, by: Actor, at: datetime
) -> Recusal:
    known = select(Recusal).where(Recusal.candidate_id == candidate.id, Recusal.reviewer_id == reviewer_id)
    recusal = session.scalar(known)
    if recusal is None:
        recusal = Recusal(
            candidate_id=candidate.id, reviewer_id=reviewer_id, reason=reason, set_by_id=set_by_id, at=at
        )
        session.add(recusal)
        session.flush()
        facts = {"candidate": candidate.pseudonym, "reason": reason}
        about = f"selection:{candidate.selection_id}"
        record(action="reviewer.recused", subject=about, facts=facts, by=by, at=at)
    return recusal


def decide(
    *, selection_id: UUID, candidate_id: UUID, decision: str, reason: str, by: Actor, at: datetime
) -> Candidate:
    """Take a candidate in or out during the review. The reason stays with the name of whoever decided."""
    _selection_to_review(selection_id, by)
    return _decided(_candidate_to_judge(selection_id, candidate_id, by), decision, reason, by, at)


def remove(*, selection_id: UUID, candidate_id: UUID, reason: str, by: Actor, at: datetime) -> Candidate:
    """Take somebody out after the signature and before the roll is final, as when an objection was right."""
    selection = _selection_to_review(selection_id, by, REVIEWED, NOTICE)
    return _decided(_candidate_to_judge(selection.id, candidate_id, by), OUT, reason, by, at)


def record_meeting(
    *,
    selection_id: UUID,
    held_on: date,
    present: Sequence[str],
    votes_for: int,
    votes_against: int,
    votes_abstained: int,
    decision: str,
    by: Actor,
    at: datetime,
) -> Meeting:
    """Write down a deciding meeting, once names are known and before the roll is final. The last record counts."""
    selection = _selection_to_review(selection_id, by, *MEETS)
    if selection.named_at is None:
        raise BlindRoundRunning
    assert selection.frozen_at is not None
    if not city_day(selection.frozen_at) <= held_on <= city_day(at):
        raise MeetingWrong(fields={"held_on": ["meeting-wrong"]})
    if not 0 < votes_for + votes_against + votes_abstained <= len(present):
        raise MeetingWrong(fields={"votes_for": ["meeting-wrong"]})
    meeting = Meeting(
        selection_id=selection.id, held_on=held_on, present=list(present), votes_for=votes_for,
        votes_against=votes_against, votes_abstained=votes_abstained, decision=decision, recorded_by=by.id,
        recorded_at=at,
    )  # fmt: skip
    session.add(meeting)
    session.flush()
    votes = {"for": votes_for, "against": votes_against, "abstained": votes_abstained}
    record(action="meeting.recorded", subject=f"selection:{selection.id}", facts=votes, by=by, at=at)
    return meeting


def sign(*, selection_id: UUID, meeting: str = "", by: Actor, at: datetime) -> Selection:
    """Sign the choice as the second person; those chosen are then asked how they want to be named."""
    selection = _selection_to_review(selection_id, by)
    chosen = queries.chosen(selection_id)
    if any(each.person_id == by.person_id for each in chosen):
        raise OwnCandidacy
    if queries.recused_from(by.id) & {each.id for each in chosen}:
        raise Recused
    if selection.named_at is None:
        raise BlindRoundRunning
    seats = queries.criteria_of(selection)["seats"]
    if len(chosen) > seats:
        raise TooManyChosen(chosen=len(chosen), seats=seats)
    if not chosen:
        raise NobodyChosen
    if low := weighing.carried_by_nobody(selection):
        raise MarkTooLow(candidate=low[0].pseudonym, count=len(low))
    selection.approved_by, selection.approved_at, selection.state = by.person_id, at, REVIEWED
    selection.meeting = meeting
    session.flush()
    record(
        action="selection.signed",
        subject=f"selection:{selection_id}",
        facts={"chosen": len(chosen)},
        by=by,
        at=at,
    )
    asked = tuple(each.person_id for each in chosen)
    events.publish(CandidatesChosen(selection_id=selection.id, person_ids=asked, at=at))
    return selection


def _decided(candidate: Candidate, decision: str, reason: str, by: Actor, at: datetime) -> Candidate:
    before = candidate.decision
    candidate.decision, candidate.reason = decision, reason
    candidate.decided_by, candidate.decided_at = by.person_id, at
    session.add(
        Decision(candidate_id=candidate.id, decision=decision, reason=reason, by_id=by.person_id, at=at)
    )
    session.flush()
    record(
        action="candidate.decided",
        subject=f"selection:{candidate.selection_id}",
        facts={"candidate": candidate.pseudonym, "before": before, "after": decision, "reason": reason},
        by=by,
        at=at,
    )
    return candidate


def _candidate_to_judge(selection_id: UUID, candidate_id: UUID, by: Actor) -> Candidate:
    candidate = queries.candidate(selection_id, candidate_id)
    if candidate.person_id == by.person_id:
        raise OwnCandidacy
    if candidate.id in queries.recused_from(by.id):
        raise Recused
    return candidate


def _selection_to_review(selection_id: UUID, by: Actor, *states: str) -> Selection:
    selection = queries.selection_to_change(selection_id)
    by.must("selection.review", region_path=region_path(selection.region_code))
    if by.id == selection.created_by:
        raise SecondReviewerNeeded
    selection.must_be(*(states or (FROZEN,)))
    return selection
