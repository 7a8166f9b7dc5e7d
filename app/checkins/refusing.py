"""Keeping a trace of scans that were turned away."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app.checkins.models import RefusedScan
from app.codes.errors import rider_of
from app.identity.actors import Actor
from app.kernel.db import session
from app.kernel.errors import Problem


def remember_refusal(
    problem: Problem, *, person_id: UUID | None, station_id: UUID | None, by: Actor, at: datetime
) -> None:
    """Write down a refusal that is kept; one that is rolled back leaves nothing to write."""
    if problem.keep:
        whose = person_id or rider_of(problem)
        session.add(
            RefusedScan(person_id=whose, station_id=station_id, slug=problem.slug, by_id=by.person_id, at=at)
        )
        session.flush()
