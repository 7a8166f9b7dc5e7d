"""Holding: whose records are looked into is no candidate, and not honoured, until somebody says what came of it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from app.audit.recording import record
from app.honours import queries, weighing
from app.honours.errors import HoldNotFound, HoldOpen, OwnCandidacy, Recused
from app.honours.models import Candidate, IntegrityHold, Recusal, Selection
from app.identity import queries as people
from app.identity.actors import Actor
from app.kernel.db import insert_if_absent, session
from app.kernel.errors import Forbidden
from app.kernel.ids import new_id
from app.places.queries import city, region_path


def open_hold(*, person_id: UUID, reason: str, by: Actor, at: datetime) -> IntegrityHold:
    """Keep a rider out of selections for now. Two at once: the unique index lets one pass."""
    _must_hold(person_id, by)
    return _open(person_id, reason, by, at)


def hold_candidate(
    *, selection_id: UUID, candidate_id: UUID, reason: str, by: Actor, at: datetime
) -> IntegrityHold:
    """The same for a candidate whose name one may not know: he is not honoured until the matter is settled."""
    return _open(_under_review(selection_id, candidate_id, by), reason, by, at)


def release_candidate(
    *, selection_id: UUID, candidate_id: UUID, reason: str, by: Actor, at: datetime
) -> IntegrityHold:
    """The matter about a candidate is settled, and how."""
    return _lift(_under_review(selection_id, candidate_id, by), reason, by, at)


def open_about(person_id: UUID) -> IntegrityHold | None:
    """The open hold about somebody, if there is one."""
    return session.scalar(
        select(IntegrityHold).where(IntegrityHold.person_id == person_id, IntegrityHold.lifted_at.is_(None))
    )


def _open(person_id: UUID, reason: str, by: Actor, at: datetime) -> IntegrityHold:
    values = {"id": new_id(), "person_id": person_id, "reason": reason, "opened_by": by.id, "opened_at": at}
    if not insert_if_absent(IntegrityHold, values):
        raise HoldOpen
    record(action="hold.opened", subject=f"person:{person_id}", facts={"reason": reason}, by=by, at=at)
    return session.get_one(IntegrityHold, values["id"])


def lift_hold(*, person_id: UUID, reason: str, by: Actor, at: datetime) -> IntegrityHold:
    """The matter is settled, and how."""
    _must_hold(person_id, by)
    return _lift(person_id, reason, by, at)


def _lift(person_id: UUID, reason: str, by: Actor, at: datetime) -> IntegrityHold:
    open_one = select(IntegrityHold).where(
        IntegrityHold.person_id == person_id, IntegrityHold.lifted_at.is_(None)
    )
    hold = session.scalar(open_one.with_for_update())
    if hold is None:
        raise HoldNotFound
    hold.lifted_by, hold.lifted_at, hold.lifted_because = by.id, at, reason
    session.flush()
    record(action="hold.lifted", subject=f"person:{person_id}", facts={"reason": reason}, by=by, at=at)
    return hold


def _under_review(selection_id: UUID, candidate_id: UUID, by: Actor) -> UUID:
    selection = weighing.selection_under_review(selection_id, by)
    candidate = queries.candidate(selection.id, candidate_id)
    if candidate.person_id == by.person_id:
        raise OwnCandidacy
    if candidate.id in queries.recused_from(by.id):
        raise Recused
    return candidate.person_id


def _must_hold(person_id: UUID, by: Actor) -> None:
    """Nobody holds or frees himself, nor whom he stepped aside for, as far as he may know that he did."""
    home = people.person(person_id).home_region_code
    top = city()
    by.must("selection.review", region_path=region_path(home) if home else top.path if top else "")
    if person_id == by.id:
        raise Forbidden
    if _stepped_aside_for(person_id, by.id):
        raise Recused


def _stepped_aside_for(person_id: UUID, reviewer_id: UUID) -> bool:
    """Only where names are known: before, it would tell who declared a relation that he is a candidate."""
    aside = (
        select(Recusal.id)
        .join(Candidate, Candidate.id == Recusal.candidate_id)
        .join(Selection, Selection.id == Candidate.selection_id)
        .where(
            Recusal.reviewer_id == reviewer_id,
            Candidate.person_id == person_id,
            Selection.named_at.is_not(None),
        )
    )
    return session.scalar(aside.limit(1)) is not None
