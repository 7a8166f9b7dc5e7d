"""What check-ins tell the floors above."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckinAnnulled(Event):
    """The station took its own scan back: whatever the check-in gave is to be given back."""

    checkin_id: UUID
    person_id: UUID
    station_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedIn(Event):
    """A rider's presence was proven, by the station's poster or its scanner. `at` is when we learned of it."""

    checkin_id: UUID
    person_id: UUID
    station_id: UUID
    region_code: str
    how: str
    happened_at: datetime
