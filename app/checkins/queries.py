"""A rider's own check-ins and refusals, and a station's day."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

from sqlalchemy import Select, bindparam, func, select

from app.checkins.errors import CheckinNotFound
from app.checkins.models import AnnulledCheckin, Checkin, RefusedScan, window_of
from app.kernel.bulk import among, one_of
from app.kernel.clock import city_day, day_bounds
from app.kernel.db import dialect_name, session
from app.kernel.driving import rows
from app.kernel.paging import DEFAULT_LIMIT, Page, page
from app.places.models import Station


@dataclass(frozen=True, slots=True)
class CheckinAt:
    """A check-in and its station."""

    checkin: Checkin
    station: Station


def my_check_in(checkin_id: UUID, person_id: UUID) -> Checkin:
    """One of the rider's own check-ins. Raises CheckinNotFound, also for somebody else's."""
    found = session.get(Checkin, checkin_id)
    if found is None or found.person_id != person_id:
        raise CheckinNotFound
    return found


def my_check_ins(person_id: UUID, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> Page[CheckinAt]:
    """The rider's own check-ins, newest first."""
    found = page(select(Checkin).where(Checkin.person_id == person_id), Checkin.id, cursor, limit)
    wanted = {each.station_id for each in found.items}
    stations = {each.id: each for each in session.scalars(select(Station).where(Station.id.in_(wanted)))}
    return Page([CheckinAt(each, stations[each.station_id]) for each in found.items], found.next_cursor)


def my_refusals(person_id: UUID, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> Page[RefusedScan]:
    """Scans of the rider that were turned away, newest first."""
    return page(select(RefusedScan).where(RefusedScan.person_id == person_id), RefusedScan.id, cursor, limit)


def check_in_of_window(person_id: UUID, station_id: UUID, at: datetime) -> Checkin | None:
    """The check-in that counts for this rider and station in the window around `at`; none, if it was taken back."""
    found = last_of_window(person_id, station_id, at)
    return None if found is None or is_annulled(found.id) else found


def check_ins_of_windows(
    wanted: Collection[tuple[UUID, UUID, datetime]],
) -> dict[tuple[UUID, UUID, datetime], Checkin]:
    """The same of many riders, stations and instants, those that have one; the keys are those asked for."""
    people, stations = {person_id for person_id, _, _ in wanted}, {station_id for _, station_id, _ in wanted}
    windows = {window_of(at) for _, _, at in wanted}
    chosen = select(Checkin).where(
        among(Checkin.person_id, people),
        Checkin.station_id.in_(stations),
        Checkin.window_starts_at.in_(windows),
    )
    last = {
        (each.person_id, each.station_id, each.window_starts_at): each
        for each in session.scalars(chosen.order_by(Checkin.turn))
    }
    annulled = annulled_of([each.id for each in last.values()]) if last else set()
    asked = {key: last.get((key[0], key[1], window_of(key[2]))) for key in wanted}
    return {key: found for key, found in asked.items() if found is not None and found.id not in annulled}


def windows_taken(
    wanted: Collection[tuple[UUID, UUID, datetime]],
) -> set[tuple[UUID, UUID, datetime]]:
    """Those of these riders, stations and instants whose window has had a check-in, also one that was taken back."""
    asked = {
        "people": list({person_id for person_id, _, _ in wanted}),
        "stations": list({station_id for _, station_id, _ in wanted}),
        "first": min(window_of(at) for _, _, at in wanted),
        "last": max(window_of(at) for _, _, at in wanted),
    }
    taken = {tuple(row) for row in rows(_taken(dialect_name()), asked)}
    return {key for key in wanted if (key[0], key[1], window_of(key[2])) in taken}


@cache
def _taken(dialect: str) -> Select[UUID, UUID, datetime]:
    return select(Checkin.person_id, Checkin.station_id, Checkin.window_starts_at).where(
        one_of(Checkin.person_id, "people", dialect),
        one_of(Checkin.station_id, "stations", dialect),
        Checkin.window_starts_at.between(bindparam("first"), bindparam("last")),
    )


def last_of_window(person_id: UUID, station_id: UUID, at: datetime) -> Checkin | None:
    """The last check-in of that window, also one that was taken back."""
    same = {"person_id": person_id, "station_id": station_id, "window_starts_at": window_of(at)}
    return session.scalar(select(Checkin).filter_by(**same).order_by(Checkin.turn.desc()).limit(1))


def is_annulled(checkin_id: UUID) -> bool:
    """Whether the station took this check-in back."""
    return bool(annulled_of([checkin_id]))


def annulled_of(checkin_ids: Collection[UUID]) -> set[UUID]:
    """Those of these check-ins that were taken back."""
    found = select(AnnulledCheckin.checkin_id).where(AnnulledCheckin.checkin_id.in_(checkin_ids))
    return set(session.scalars(found))


def count_today(station_ids: list[UUID], at: datetime) -> int:
    """How many check-ins these stations took on this city day."""
    first, last = day_bounds(city_day(at))
    counted = select(func.count()).where(
        Checkin.station_id.in_(station_ids),
        Checkin.happened_at >= first,
        Checkin.happened_at < last,
        Checkin.id.not_in(select(AnnulledCheckin.checkin_id)),
    )
    return session.scalar(counted) or 0


def refused_at(station_id: UUID, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> Page[RefusedScan]:
    """Scans that were turned away at a station, newest first."""
    return page(
        select(RefusedScan).where(RefusedScan.station_id == station_id), RefusedScan.id, cursor, limit
    )


def check_ins_at(station_id: UUID, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> Page[Checkin]:
    """A station's own list of presence, newest first."""
    return page(select(Checkin).where(Checkin.station_id == station_id), Checkin.id, cursor, limit)
