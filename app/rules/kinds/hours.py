"""Confirmed volunteer time."""

from __future__ import annotations

from datetime import datetime

from app.rules.kinds.shape import Fact, FactKind, Field, where_and_when
from app.volunteering.events import HoursConfirmed
from app.volunteering.models import CATEGORIES, MAX_MINUTES

KIND = FactKind(
    name="hours",
    own_fields=(
        Field(name="minutes", type="whole", minimum=1, maximum=MAX_MINUTES, unit="minutes"),
        Field(name="category", type="choice", choices=CATEGORIES),
    ),
)


def fact_of(event: HoursConfirmed, *, served_at: datetime, region_path: str) -> Fact:
    """The fact behind confirmed hours. It happened when the service ended, not when somebody confirmed it."""
    own = {"minutes": event.minutes, "basis": event.basis, "category": str(event.category)}
    return Fact(
        kind=KIND.name,
        id=event.hours_id,
        person_id=event.person_id,
        region_code=event.region_code,
        happened_at=served_at,
        fields=where_and_when(region_path, served_at) | own,
    )
