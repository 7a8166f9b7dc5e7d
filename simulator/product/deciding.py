"""What a desk does with cases."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app.cases import triage, working
from app.identity.actors import Actor
from simulator.product.answers import Facts, of_case


def accept(*, by: Actor, at: datetime, case_id: str) -> Facts:
    """A case taken on."""
    return of_case(triage.accept(case_id=UUID(case_id), by=by, at=at))


def reject(*, by: Actor, at: datetime, case_id: str, reason: str) -> Facts:
    """A case not adopted."""
    return of_case(triage.reject(case_id=UUID(case_id), reason=reason, by=by, at=at))


def merge(*, by: Actor, at: datetime, case_id: str, into_id: str) -> Facts:
    """Two of the same."""
    return of_case(triage.merge(case_id=UUID(case_id), into_id=UUID(into_id), by=by, at=at))


def begin_work(*, by: Actor, at: datetime, case_id: str) -> Facts:
    """Somebody is on it."""
    return of_case(working.start(case_id=UUID(case_id), by=by, at=at))


def hand_back(*, by: Actor, at: datetime, case_id: str, reason: str) -> Facts:
    """Not ours."""
    return of_case(working.hand_back(case_id=UUID(case_id), reason=reason, by=by, at=at))


def resolve(*, by: Actor, at: datetime, case_id: str, note: str) -> Facts:
    """Done."""
    return of_case(working.resolve(case_id=UUID(case_id), note=note, by=by, at=at))
