"""The one shape of a ground: from the rows that came in since last time to the facts that cannot be right."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.cases.states import MERGED, REJECTED, WITHDRAWN
from app.checkins.models import Checkin
from app.kernel.bulk import among
from app.kernel.db import session
from app.kernel.geo import FASTEST_M_S, Position, distance_m
from app.places.models import Station
from app.rules.models import VoidFact

# What a phone or tablet brought later carries its own idea of the time; only what we saw as it happened is compared.
SEEN_AS_IT_HAPPENED = timedelta(minutes=10)
CAME_TO_NOTHING = (MERGED, REJECTED, WITHDRAWN)  # states of a report that is worth nothing by itself
NEAR_M = 2_000  # stations, phones and maps are not that precise; so close, nothing contradicts anything


@dataclass(frozen=True, slots=True)
class Fresh:
    """Ids of what came in since last time, by sort: at most so many that a round stays short."""

    checkins: Sequence[UUID] = ()
    hours: Sequence[UUID] = ()
    reports: Sequence[UUID] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A fact that cannot be right beside `against`: ids, instants and numbers, put into words by `wording`."""

    fact_kind: str
    fact_id: UUID
    person_id: UUID
    region_code: str
    happened_at: datetime
    against: dict[str, Any] = field(default_factory=dict)


Ground = Callable[[Fresh], Iterator[Found]]


@dataclass(frozen=True, slots=True)
class Presence:
    """A rider was at a station, and we saw it as it happened."""

    checkin_id: UUID
    person_id: UUID
    region_code: str
    station_id: UUID
    position: Position
    at: datetime


def presences(people: Collection[UUID], first: datetime, last: datetime) -> list[Presence]:
    """Check-ins of these riders between two instants, by rider and time; void ones (also: taken back) are none."""
    chosen = (
        select(
            Checkin.id, Checkin.person_id, Checkin.region_code, Checkin.station_id, Station.lat, Station.lng,
            Checkin.happened_at, Checkin.arrived_at,
        )
        .join(Station, Station.id == Checkin.station_id)
        .where(
            among(Checkin.person_id, people),
            Checkin.happened_at.between(first, last),
            ~select(VoidFact.fact_id)
            .where(VoidFact.fact_kind == "checkin", VoidFact.fact_id == Checkin.id)
            .exists(),
        )
        .order_by(Checkin.person_id, Checkin.happened_at, Checkin.id)
    )  # fmt: skip
    return [
        Presence(id_, person_id, region_code, station_id, Position(lat, lng), happened_at)
        for id_, person_id, region_code, station_id, lat, lng, happened_at, arrived_at in session.execute(
            chosen
        )
        if arrived_at - happened_at <= SEEN_AS_IT_HAPPENED
    ]


def by_rider(rows: Iterable[Any]) -> dict[UUID, list[Any]]:
    """Rows that are sorted by rider, rider by rider."""
    return {person_id: list(group) for person_id, group in groupby(rows, attrgetter("person_id"))}


def too_far(a: Position, b: Position, apart: timedelta) -> int | None:
    """The metres between two places, if nobody gets from one to the other in this time; else None."""
    metres = distance_m(a, b)
    return round(metres) if metres > NEAR_M + FASTEST_M_S * max(0.0, apart.total_seconds()) else None
