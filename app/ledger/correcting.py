"""Mending mistakes in a rider's points: always by a new transaction, above the limit with a second person."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app.identity.actors import Actor
from app.kernel.db import session
from app.kernel.events import publish
from app.kernel.ids import new_id
from app.ledger.accounts import correction_account, wallet_of
from app.ledger.errors import OwnPoints
from app.ledger.events import CorrectionAsked, CorrectionEvent, CorrectionRefused, PointsCorrected
from app.ledger.models import CORRECTION_LIMIT, Correction
from app.ledger.posting import Leg, post
from app.ledger.queries import correction_to_decide
from app.ledger.scoping import home_path

LIMIT = CORRECTION_LIMIT  # above it a second person agrees


def correct(*, person_id: UUID, points: int, reason: str, by: Actor, at: datetime) -> Correction:
    """Add (+) or take (-) points with a reason: up to the limit at once, above it when a second person agrees.

    The wallet never goes below zero. Raises Forbidden, PersonNotFound, OwnPoints, PointsShort.
    """
    region_path = home_path(person_id)
    by.must("ledger.correct", region_path=region_path)
    if person_id == by.person_id:
        raise OwnPoints
    correction = Correction(
        id=new_id(),
        person_id=person_id,
        region_path=region_path,
        points=points,
        reason=reason,
        needs_second=abs(points) > CORRECTION_LIMIT,
        state="waiting",
        asked_by=by.id,
        asked_at=at,
    )
    if not correction.needs_second:
        _post(correction, by, at)
    session.add(correction)
    session.flush()
    if correction.needs_second:
        _tell(CorrectionAsked, correction, by, at)
    return correction


def decide_correction(*, correction_id: UUID, approved: bool, by: Actor, at: datetime) -> Correction:
    """The second person's answer; whoever asked may withdraw it.

    Raises CorrectionNotFound, CorrectionDecided, ApproverIsAsker, OwnPoints, PointsShort.
    """
    correction = correction_to_decide(correction_id, by=by)
    correction.must_be_waiting()
    if approved:
        correction.must_be_decided_by_another_than(by.person_id)
        _post(correction, by, at)
    else:
        correction.state, correction.decided_by, correction.decided_at = "refused", by.id, at
        _tell(CorrectionRefused, correction, by, at)
    session.flush()
    return correction


def _post(correction: Correction, by: Actor, at: datetime) -> None:
    points = correction.points
    posted = post(
        kind="correction",
        source=f"correction:{correction.id}",
        legs=[Leg(correction_account().id, -points), Leg(wallet_of(correction.person_id).id, points)],
        words={
            "slug": "ledger.corrected-up" if points > 0 else "ledger.corrected-down",
            "points": abs(points),
            "reason": correction.reason,
        },
        by=by,
        at=at,
    )
    correction.state, correction.decided_by, correction.decided_at = "posted", by.id, at
    correction.transaction_id = posted.id
    _tell(PointsCorrected, correction, by, at)


def _tell(event: type[CorrectionEvent], correction: Correction, by: Actor, at: datetime) -> None:
    publish(
        event(
            correction_id=correction.id,
            person_id=correction.person_id,
            region_path=correction.region_path,
            points=correction.points,
            reason=correction.reason,
            by=by,
            at=at,
        )
    )
