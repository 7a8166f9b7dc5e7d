"""A proven presence at a station: by the station's scanner or by its poster."""

from __future__ import annotations

from app.checkins.events import CheckedIn
from app.rules.kinds.shape import Fact, FactKind, Field, where_and_when

KIND = FactKind(
    name="checkin",
    own_fields=(
        Field(name="how", type="choice", choices=("scanned", "poster")),
        Field(name="station", type="station"),
    ),
)


def fact_of(event: CheckedIn, *, region_path: str) -> Fact:
    """The fact behind a check-in."""
    return Fact(
        kind=KIND.name,
        id=event.checkin_id,
        person_id=event.person_id,
        region_code=event.region_code,
        happened_at=event.happened_at,
        fields=where_and_when(region_path, event.happened_at)
        | {"how": event.how, "station": str(event.station_id)},
    )
