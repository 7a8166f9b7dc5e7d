"""Checking in: by the station's poster where the phone stands within reach, or by being scanned at the counter.

What was saved without a signal comes later: it is judged by when it happened (`happened_at`), and `at` is its arrival.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.checkins.errors import (
    CheckedInAlready,
    CheckinAhead,
    CheckinTooLate,
    LocationNeeded,
    LocationVague,
    StationClosed,
    TooFar,
)
from app.checkins.events import CheckedIn
from app.checkins.models import POSTER, SCANNED, Checkin, bucket_of, window_of
from app.checkins.queries import is_annulled
from app.checkins.refusing import remember_refusal
from app.codes.errors import NotARider
from app.identity import queries as people
from app.identity.actors import Actor
from app.identity.consent import agree_by_using
from app.identity.errors import LocationWithheld
from app.kernel.bulk import insert_new
from app.kernel.db import as_loaded, insert_if_absent, session
from app.kernel.errors import Problem
from app.kernel.events import publish, publish_all
from app.kernel.geo import Position, distance_m
from app.kernel.ids import new_id
from app.places import queries as places
from app.places.errors import StationNotFound
from app.places.models import Station

REACH_M = 150
VAGUE_M = 100
LATEST = timedelta(hours=72)  # how long after it happened a check-in may still arrive
AHEAD = timedelta(minutes=5)  # how far ahead a phone's clock may run and still be believed


@dataclass(frozen=True, slots=True)
class Presence:
    """That a rider was at a station, found to be in order; not yet counted."""

    person_id: UUID
    station_id: UUID
    happened_at: datetime
    by: Actor
    at: datetime
    how: str = SCANNED
    within_m: int | None = None


def check_in_by_poster(
    *,
    station_id: UUID,
    position: Position | None,
    accuracy_m: int | None,
    happened_at: datetime | None = None,
    by: Actor,
    at: datetime,
) -> Checkin:
    """The rider scanned the poster. Counts within reach of the station, while it is open, once per four hours."""
    station = places.station(station_id)
    try:
        presence = presence_by_poster(
            station_id=station_id,
            position=position,
            accuracy_m=accuracy_m,
            happened_at=happened_at,
            by=by,
            at=at,
        )
        agree_by_using("location", [by], at)
        return _count(station, by.id, POSTER, presence.within_m, by, presence.happened_at, at)
    except Problem as problem:
        remember_refusal(problem, person_id=by.person_id, station_id=station_id, by=by, at=at)
        raise


def presence_by_poster(
    *,
    station_id: UUID,
    position: Position | None,
    accuracy_m: int | None,
    happened_at: datetime | None,
    by: Actor,
    at: datetime,
) -> Presence:
    """What a poster proves of a rider who stands there. Raises what speaks against it; writes nothing."""
    station = places.station(station_id)
    if not by.is_rider:
        raise NotARider
    happened_at = believed(happened_at, at)
    if not station.is_open(happened_at):
        raise _closed(station, happened_at)
    if by.agrees_to_location is False:
        raise LocationWithheld
    within_m = _within_reach(station, position, accuracy_m)
    return Presence(by.id, station_id, happened_at, by, at, POSTER, within_m)


def check_in_by_code(
    *, person_id: UUID, station_id: UUID, happened_at: datetime | None = None, by: Actor, at: datetime
) -> Checkin:
    """The station scanned the rider's own code, which has been verified: at once, or on arrival of an offline log."""
    by.must("station.scan", station_id=station_id)
    station = places.station(station_id)
    if not people.person(person_id).is_rider:
        raise NotARider
    return _count(station, person_id, SCANNED, None, by, believed(happened_at, at), at)


def check_in_together(presences: Sequence[Presence]) -> dict[UUID, UUID]:
    """Presences of different riders that the caller has found to be in order: counted in a few statements, in order.

    Returns the check-in of each rider. Those whose window is taken are left out: they are for one by one.
    """
    stations = {each.id: each for each in places.stations_named([each.station_id for each in presences])}
    rows = [
        _written(
            stations[each.station_id],
            each.person_id,
            each.how,
            each.within_m,
            each.by,
            each.happened_at,
            each.at,
        )
        for each in presences
    ]
    if presences:
        agree_by_using("location", [each.by for each in presences if each.how == POSTER], presences[0].at)
    counted = insert_new(Checkin, rows)
    publish_all([_told(row) for row in counted])
    return {row["person_id"]: row["id"] for row in counted}


def believed(happened_at: datetime | None, at: datetime) -> datetime:
    """When it happened, if that can be believed: not ahead of us, and no more than 72 hours ago. None: just now.

    A clock that runs a little ahead is set back to now, so that nothing counts in a window that has not begun.
    """
    if happened_at is None:
        return at
    if happened_at > at + AHEAD:
        raise CheckinAhead(ahead_min=round((happened_at - at).total_seconds() / 60))
    if happened_at < at - LATEST:
        raise CheckinTooLate(hours=LATEST // timedelta(hours=1))
    return min(happened_at, at)


def _closed(station: Station, at: datetime) -> Problem:
    opens_at = station.next_opening(at) if station.active else None
    if opens_at is None:
        return StationNotFound()  # it will not open again: the words lead to another one
    return StationClosed(station=station.name, opens_at=opens_at)


def _within_reach(station: Station, position: Position | None, accuracy_m: int | None) -> int:
    if position is None or accuracy_m is None:
        raise LocationNeeded(fields={"position": ["location-needed"]})
    if accuracy_m > VAGUE_M:
        raise LocationVague(accuracy_m=accuracy_m)
    away = distance_m(position, station.position)
    if away > REACH_M + accuracy_m:
        raise TooFar(station=station.name, reach_m=REACH_M)
    return bucket_of(away)


def _count(
    station: Station,
    person_id: UUID,
    how: str,
    within_m: int | None,
    by: Actor,
    happened_at: datetime,
    at: datetime,
) -> Checkin:
    values = _written(station, person_id, how, within_m, by, happened_at, at)
    values["id"] = _take_window(values)
    made = as_loaded(Checkin(**values))
    publish(_told(values))
    return made


def _written(
    station: Station,
    person_id: UUID,
    how: str,
    within_m: int | None,
    by: Actor,
    happened_at: datetime,
    at: datetime,
) -> dict[str, Any]:
    return {
        "id": new_id(),
        "person_id": person_id,
        "station_id": station.id,
        "region_code": station.region_code,
        "window_starts_at": window_of(happened_at),
        "turn": 0,
        "happened_at": happened_at,
        "arrived_at": at,
        "how": how,
        "within_m": within_m,
        "recorded_by": by.person_id,
    }


def _told(values: Mapping[str, Any]) -> CheckedIn:
    return CheckedIn(
        checkin_id=values["id"],
        person_id=values["person_id"],
        station_id=values["station_id"],
        region_code=values["region_code"],
        how=values["how"],
        happened_at=values["happened_at"],
        at=values["arrived_at"],
    )


def _take_window(values: dict[str, Any]) -> UUID:
    """Write the check-in, once in its window. Raises CheckedInAlready.

    The unique window settles two scans at the same moment: one is inserted, the other finds it. One that was taken back
    leaves the window free for the next turn, which is settled in the same way.
    """
    while not insert_if_absent(Checkin, values):
        counted = _counted(values)
        if not is_annulled(counted.id):
            raise CheckedInAlready(at=counted.happened_at)
        values |= {"id": new_id(), "turn": counted.turn + 1}
    return UUID(str(values["id"]))


def _counted(values: dict[str, Any]) -> Checkin:
    same = {name: values[name] for name in ("person_id", "station_id", "window_starts_at", "turn")}
    return session.scalars(select(Checkin).filter_by(**same)).one()
