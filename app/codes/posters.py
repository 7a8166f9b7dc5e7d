"""Posters of a station: numbered versions that can be replaced and ended, and are confirmed by scanning them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, select, update

from app.codes.errors import CodeForged, PosterEnded
from app.codes.kinds.screen import ScreenCode
from app.codes.kinds.station import LAST_VERSION, StationCode
from app.codes.models import Poster
from app.identity.actors import Actor
from app.kernel.bulk import one_of
from app.kernel.db import dialect_name, insert_if_absent, session
from app.kernel.errors import Problem, Unavailable
from app.kernel.ids import new_id
from app.places import queries as places
from app.places.errors import StationNotFound
from app.places.models import Station

OVERLAP = timedelta(days=7)  # how long an old poster may go on hanging beside the new one


def station_behind(code: StationCode | ScreenCode, *, at: datetime) -> Station:
    """The station whose poster or screen this is. Raises PosterEnded for a poster that has been replaced."""
    if isinstance(code, ScreenCode):
        return places.station_by_short_code(code.short_code)
    station, kept = _station_and_version(code)
    _must_hang(code, station, kept, at)
    return station


def stations_behind(codes: Collection[StationCode | ScreenCode], *, at: datetime) -> dict[str, Station]:
    """The stations of many posters and screens, by the short codes on them; not those that `station_behind` refuses."""
    shown = {each.short_code.upper() for each in codes}
    rows: Any = session.execute(_all_behind(dialect_name()), {"codes": list(shown)}).all()
    stations = {station.short_code: station for station, _ in rows}
    versions = {(station.short_code, kept.version): kept for station, kept in rows if kept is not None}
    for code in codes:
        name = code.short_code.upper()
        if isinstance(code, StationCode) and name in stations:
            try:
                _must_hang(code, stations[name], versions.get((name, code.version)), at)
            except Problem:
                del stations[name]
    return stations


@cache
def _all_behind(dialect: str) -> Select[Station, Poster]:
    chosen = select(Station, Poster).outerjoin(Poster, Poster.station_id == Station.id)
    return chosen.where(one_of(Station.short_code, "codes", dialect)).options(*places.WITH_REGION)


def _must_hang(code: StationCode, station: Station, kept: Poster | None, at: datetime) -> None:
    if kept is None and code.version != 1:
        raise CodeForged
    if kept is not None and kept.has_ended(at):
        raise PosterEnded(station=station.name)


def poster_in_force(station: Station, *, at: datetime) -> Poster | None:
    """The newest poster that may hang; None if the station goes by its screen alone.

    A station's first poster needs no row: it is as old as the station.
    """
    newest = session.scalars(_of(station.id).order_by(Poster.version.desc()).limit(1)).first()
    if newest is None:
        return _first(station)
    return None if newest.has_ended(at) else newest


def replace_poster(*, station_id: UUID, overlap: bool, by: Actor, at: datetime) -> Poster:
    """A new version. The old ones end now (one was copied), or in a week (so that there is time to hang it)."""
    by.must("station.scan", station_id=station_id)
    station = places.station(station_id)
    _remember_first(station)
    newest = session.scalars(_of(station_id).order_by(Poster.version.desc()).limit(1)).one()
    _end(station_id, at + OVERLAP if overlap else at)
    version = min(newest.version + 1, LAST_VERSION)
    values = {
        "id": new_id(),
        "station_id": station_id,
        "version": version,
        "made_by": by.person_id,
        "made_at": at,
    }
    if not insert_if_absent(Poster, values):  # two who replace it in the same moment: one of them
        raise Unavailable
    return session.get_one(Poster, values["id"])


def end_posters(*, station_id: UUID, by: Actor, at: datetime) -> None:
    """No poster of the station counts any more; its screen and its scanner do."""
    by.must("station.scan", station_id=station_id)
    _remember_first(places.station(station_id))
    _end(station_id, at)


def confirm_poster(*, code: StationCode, station_id: UUID, by: Actor, at: datetime) -> Poster:
    """The station scanned its own poster: the right one hangs there, and nobody has put a sticker on it."""
    by.must("station.scan", station_id=station_id)
    _remember_first(places.station(station_id))
    found = session.scalars(_of(station_id).where(Poster.version == code.version)).one()
    found.confirmed_at = at
    return found


def _of(station_id: UUID) -> Select[Poster]:
    return select(Poster).where(Poster.station_id == station_id)


_STATION_AND_VERSION = (
    select(Station, Poster)
    .outerjoin(Poster, (Poster.station_id == Station.id) & (Poster.version == bindparam("version")))
    .where(Station.short_code == bindparam("short_code"))
    .options(*places.WITH_REGION)
)


def _station_and_version(code: StationCode) -> tuple[Station, Poster | None]:
    asked = {"short_code": code.short_code.upper(), "version": code.version}
    found = session.execute(_STATION_AND_VERSION, asked).first()
    if found is None:
        raise StationNotFound
    return found[0], found[1]


def _first(station: Station) -> Poster:
    return Poster(station_id=station.id, version=1, made_at=station.opened_at)


def _remember_first(station: Station) -> None:
    insert_if_absent(
        Poster, {"id": new_id(), "station_id": station.id, "version": 1, "made_at": station.opened_at}
    )


def _end(station_id: UUID, ends_at: datetime) -> None:
    still = (Poster.ends_at.is_(None)) | (Poster.ends_at > ends_at)
    session.execute(update(Poster).where(Poster.station_id == station_id, still).values(ends_at=ends_at))
