"""What codes tell the floors above."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenInTwoPlaces(Event):
    """Codes of one handle were shown at two stations sooner than anybody gets from one to the other."""

    person_id: UUID
    session_id: UUID  # of the later one
    station_id: UUID
    before_id: UUID  # the station before
    seconds: int
    metres: int
