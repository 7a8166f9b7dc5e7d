"""Nominations, the review with its case file, and integrity holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.honours import (
    filing,
    holding,
    nominating,
    picturing,
    reviewing,
)
from app.honours.filing import CaseFile
from app.honours.models import Candidate, IntegrityHold, Mark, Meeting, NominationPhoto, Selection
from app.honours.picturing import Given, Mine
from app.honours.review_schemas import (
    CaseFileRead,
    IntegrityHoldIn,
    IntegrityHoldRead,
    MarkIn,
    MarkRead,
    MeetingIn,
    MeetingRead,
    NominationIn,
    NominationPhotoRead,
    PhotoAnswerIn,
    PhotoAnswerRead,
    RecusalIn,
    RelationIn,
    WhyIn,
)
from app.honours.schemas import CandidateRead, SelectionRead
from app.identity.actors import Actor
from app.identity.signing_in import normal_phone
from app.kernel import clock
from app.kernel.http import (
    Api,
    gives,
    idempotent,
    requires,
    takes,
    traced,
)

api = Api("reviews", "", "Nominations and the review of selections")


@api.post("/selections/<uuid:selection_id>/nominations")
@requires("self")
@idempotent
@takes(NominationIn)
@gives(None, 204)
def nominate(
    selection_id: UUID, phone: str, story: str, links: list[str], photos: list[dict[str, Any]], by: Actor
) -> None:
    """Put a rider forward, or second whoever is; whether the number is known is not told"""
    nominating.nominate(
        selection_id=selection_id,
        phone=normal_phone(phone),
        story=story,
        links=links,
        photos=[Given(**each) for each in photos],
        by=by,
        at=clock.now(),
    )


@api.get("/honours/nomination-photos")
@requires("self")
@gives(NominationPhotoRead, many=True)
def list_nomination_photos(by: Actor) -> Sequence[Mine]:
    """Photos of the caller that came with nominations; nobody else sees one before the caller agrees"""
    return picturing.mine(by.id)


@api.post("/honours/nomination-photos/<uuid:photo_id>/answer")
@requires("self")
@takes(PhotoAnswerIn)
@gives(PhotoAnswerRead)
def answer_nomination_photo(photo_id: UUID, agreed: bool, by: Actor) -> NominationPhoto:
    """Agree to a photo, or have it thrown away for good"""
    return picturing.answer(photo_id=photo_id, agreed=agreed, by=by, at=clock.now())


@api.put("/selections/<uuid:selection_id>/candidates/<uuid:candidate_id>/mark")
@requires("selection.review")
@takes(MarkIn)
@gives(MarkRead)
def mark_candidate(selection_id: UUID, candidate_id: UUID, score: int, comment: str, by: Actor) -> Mark:
    """Score a candidate without his name"""
    return reviewing.mark(
        selection_id=selection_id,
        candidate_id=candidate_id,
        score=score,
        comment=comment,
        by=by,
        at=clock.now(),
    )


@api.post("/selections/<uuid:selection_id>/names")
@requires("selection.review")
@gives(SelectionRead)
def show_names(selection_id: UUID, by: Actor) -> Selection:
    """End the blind round"""
    return reviewing.show_names(selection_id=selection_id, by=by, at=clock.now())


@api.get("/selections/<uuid:selection_id>/case-file")
@requires("selection.review")
@traced("review.seen")
@gives(CaseFileRead)
def read_case_file(selection_id: UUID, by: Actor) -> CaseFile:
    """Marks, recusals, decisions, evidence and, after the blind round, names"""
    return filing.case_file(selection_id, by)


@api.post("/selections/<uuid:selection_id>/candidates/<uuid:candidate_id>/recusal")
@requires("selection.review")
@takes(WhyIn)
@gives(None, 204)
def recuse(selection_id: UUID, candidate_id: UUID, reason: str, by: Actor) -> None:
    """Say that one is too close to a candidate to decide"""
    reviewing.recuse(
        selection_id=selection_id, candidate_id=candidate_id, reason=reason, by=by, at=clock.now()
    )


@api.post("/selections/<uuid:selection_id>/meetings")
@requires("selection.review")
@idempotent
@takes(MeetingIn)
@gives(MeetingRead, 201)
def record_meeting(selection_id: UUID, by: Actor, **said: Any) -> Meeting:
    """Write a deciding meeting down; without one that agreed there is no public notice"""
    return reviewing.record_meeting(selection_id=selection_id, **said, by=by, at=clock.now())


@api.post("/selections/<uuid:selection_id>/recusals")
@requires("selection.run")
@takes(RecusalIn)
@gives(None, 204)
def set_aside(selection_id: UUID, reviewer_id: UUID, phone: str, reason: str, by: Actor) -> None:
    """Keep a reviewer from somebody he is too close to; whether that is a candidate is not told"""
    reviewing.set_aside(
        selection_id=selection_id,
        reviewer_id=reviewer_id,
        phone=normal_phone(phone),
        reason=reason,
        by=by,
        at=clock.now(),
    )


@api.post("/selections/<uuid:selection_id>/relations")
@requires("selection.review")
@takes(RelationIn)
@gives(None, 204)
def declare(selection_id: UUID, phone: str, reason: str, by: Actor) -> None:
    """Say whom one is too close to, by number; whether he is a candidate is not told"""
    reviewing.declare(
        selection_id=selection_id, phone=normal_phone(phone), reason=reason, by=by, at=clock.now()
    )


@api.post("/selections/<uuid:selection_id>/candidates/<uuid:candidate_id>/removal")
@requires("selection.review")
@takes(WhyIn)
@gives(CandidateRead)
def remove_candidate(selection_id: UUID, candidate_id: UUID, reason: str, by: Actor) -> Candidate:
    """Take somebody out between signature and final roll"""
    return reviewing.remove(
        selection_id=selection_id, candidate_id=candidate_id, reason=reason, by=by, at=clock.now()
    )


@api.post("/integrity-holds")
@requires("selection.review")
@idempotent
@takes(IntegrityHoldIn)
@gives(IntegrityHoldRead, 201)
def open_hold(person_id: UUID, reason: str, by: Actor) -> IntegrityHold:
    """Keep a rider out of selections while something is looked into"""
    return holding.open_hold(person_id=person_id, reason=reason, by=by, at=clock.now())


@api.post("/integrity-holds/lift")
@requires("selection.review")
@takes(IntegrityHoldIn)
@gives(IntegrityHoldRead)
def lift_hold(person_id: UUID, reason: str, by: Actor) -> IntegrityHold:
    """The matter is settled"""
    return holding.lift_hold(person_id=person_id, reason=reason, by=by, at=clock.now())
