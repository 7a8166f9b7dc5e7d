"""What identity tells the floors above."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.identity.actors import Actor
from app.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointed(Event):
    """A person holds a role from now on. `place` is a region's code or a station's id."""

    grant_id: UUID
    person_id: UUID
    role: str
    place: str
    by: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleTakenBack(Event):
    """A person holds a role no longer."""

    grant_id: UUID
    person_id: UUID
    role: str
    place: str
    by: Actor
