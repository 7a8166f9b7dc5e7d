"""Confirmed volunteer time. Back-filled time earns nothing unless a rule names it."""

from __future__ import annotations

from datetime import datetime

from app.rules.kinds.shape import Fact, FactKind, Field, where_and_when
from app.volunteering.events import HoursConfirmed

KIND = FactKind(
    name="hours",
    own_fields=(
        Field(name="minutes", type="whole", minimum=1, maximum=44_640, unit="minutes"),
        Field(name="basis", type="choice", choices=("proven", "witnessed", "backfilled")),
        Field(name="category", type="name"),
    ),
    must_be_named={"basis": "backfilled"},
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
