"""Who and what the demo city consists of, by the order in which it was made."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from app.identity.actors import Actor
from app.identity.queries import actor_of, person


@dataclass(slots=True)
class Cast:
    """Ids of the demo's people, stations, rewards and past shifts."""

    began_at: datetime
    staff: dict[str, UUID] = field(default_factory=dict)
    riders: list[UUID] = field(default_factory=list)
    stations: list[UUID] = field(default_factory=list)
    rewards: list[UUID] = field(default_factory=list)
    past_shifts: list[UUID] = field(default_factory=list)

    def actor(self, username: str) -> Actor:
        """A member of staff, ready to act."""
        return actor_of(person(self.staff[username]))

    def rider(self, number: int) -> Actor:
        """A rider, ready to act."""
        return actor_of(person(self.riders[number]))
