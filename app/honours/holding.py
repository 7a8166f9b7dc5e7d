"""Holding: a rider whose records are being looked into is no candidate until somebody says what came of it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from app.audit.recording import record
from app.honours.errors import HoldNotFound, HoldOpen
from app.honours.models import IntegrityHold
from app.identity import queries as people
from app.identity.actors import Actor
from app.kernel.db import insert_if_absent, session
from app.kernel.ids import new_id
from app.places.queries import city, region_path


def open_hold(*, person_id: UUID, reason: str, by: Actor, at: datetime) -> IntegrityHold:
    """Keep a rider out of selections for now. Two at once: the unique index lets one pass."""
    _must_hold(person_id, by)
    values = {"id": new_id(), "person_id": person_id, "reason": reason, "opened_by": by.id, "opened_at": at}
    if not insert_if_absent(IntegrityHold, values):
        raise HoldOpen
    record(action="hold.opened", subject=f"person:{person_id}", facts={"reason": reason}, by=by, at=at)
    return session.get_one(IntegrityHold, values["id"])


def lift_hold(*, person_id: UUID, reason: str, by: Actor, at: datetime) -> IntegrityHold:
    """The matter is settled, and how."""
    _must_hold(person_id, by)
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


def _must_hold(person_id: UUID, by: Actor) -> None:
    home = people.person(person_id).home_region_code
    top = city()
    by.must("selection.review", region_path=region_path(home) if home else top.path if top else "")
