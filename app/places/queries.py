"""Looking up regions and stations."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, SQLColumnExpression, false, or_, select
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import set_committed_value

from app.kernel import geo
from app.kernel.bulk import by_key
from app.kernel.db import session
from app.places.errors import RegionNotFound, StationNotFound
from app.places.models import Region, Station

WITH_REGION = (joinedload(Station.region, innerjoin=True),)
RADII_M = (800, 3_000, 12_000, 50_000)


@dataclass(frozen=True, slots=True)
class Nearby:
    """A station and how far away it is."""

    station: Station
    distance_m: int


def region(code: str) -> Region:
    """The region with this official code. Raises RegionNotFound."""
    found = session.get(Region, code)
    if found is None:
        raise RegionNotFound(code=code)
    return found


def region_path(code: str) -> str:
    """The path of a region, for scope checks."""
    return region(code).path


def region_paths(codes: Collection[str]) -> dict[str, str]:
    """The paths of many regions. Raises RegionNotFound."""
    found = by_key(Region, codes)
    for code in codes:
        if code not in found:
            raise RegionNotFound(code=code)
    return {code: each.path for code, each in found.items()}


def inside(path: SQLColumnExpression[str], regions: Iterable[str]) -> ColumnElement[bool]:
    """Whether the row with this path is one of these regions (by their paths) or lies in one; of none, it never is."""
    return or_(false(), *(path.startswith(each, autoescape=True) for each in sorted(set(regions))))


def city() -> Region | None:
    """The topmost region, None before the import."""
    return session.scalar(select(Region).where(Region.parent_code.is_(None)).order_by(Region.code).limit(1))


def children_of(code: str | None) -> Sequence[Region]:
    """The regions right below; of None, the topmost."""
    at = Region.parent_code == code if code else Region.parent_code.is_(None)
    return session.scalars(select(Region).where(at).order_by(Region.code)).all()


def districts_around(code: str) -> Sequence[Region]:
    """The districts inside a region, or the one that it is or lies in; none around a code that no region has."""
    found = session.get(Region, code)
    if found is None:
        return []
    near = or_(Region.path.startswith(found.path), Region.code.in_(found.path.strip("/").split("/")))
    return session.scalars(select(Region).where(Region.level == "district", near).order_by(Region.code)).all()


def line_of(code: str) -> list[Region]:
    """The region and all above it, from the top."""
    codes = region(code).path.strip("/").split("/")
    found = {each.code: each for each in session.scalars(select(Region).where(Region.code.in_(codes)))}
    return [found[each] for each in codes]


def full_name(code: str) -> str:
    """District, subdistrict and community in one string, without the city."""
    line = line_of(code)
    return "".join(each.name for each in (line[1:] or line))


def station(station_id: UUID) -> Station:
    """The station with this id, and its region with it. Raises StationNotFound."""
    found = session.get(Station, station_id, options=WITH_REGION)
    if found is None:
        raise StationNotFound
    return found


def stations_named(station_ids: Collection[UUID]) -> list[Station]:
    """These stations and their regions, to hold: each is then at hand for `station` without another question."""
    found = list(by_key(Station, station_ids).values())
    regions = by_key(Region, [each.region_code for each in found])
    for each in found:
        set_committed_value(each, "region", regions[each.region_code])
    return found


def station_by_short_code(code: str) -> Station:
    """The station whose poster carries this short code. Raises StationNotFound."""
    found = session.scalar(select(Station).where(Station.short_code == code.upper()))
    if found is None:
        raise StationNotFound
    return found


def stations_near(position: geo.Position, limit: int = 20) -> list[Nearby]:
    """Active stations within 50 km, nearest first."""
    near = _nearest(position, limit, RADII_M)
    found = by_key(Station, [each.station_id for each in near])
    return [Nearby(found[each.station_id], round(each.distance_m)) for each in near]


def stations(region_path: str = "", limit: int | None = None) -> Sequence[Station]:
    """Active stations inside a region, by name: all of them, as whoever counts or chooses needs."""
    chosen = select(Station).where(Station.active)
    if region_path:
        chosen = chosen.join(Region, Region.code == Station.region_code)
        chosen = chosen.where(inside(Region.path, [region_path]))
    return session.scalars(chosen.order_by(Station.name, Station.id).limit(limit)).all()


def nearest_community(position: geo.Position | None, within_m: int = 5_000) -> str | None:
    """The region code a position most likely lies in: that of the nearest station within reach, else None.

    The official divisions carry no borders; a later release may bring polygons behind this same question.
    """
    near = (
        _nearest(position, 1, (*(each for each in RADII_M if each < within_m), within_m)) if position else []
    )
    return near[0].region_code if near else None


class _Near(NamedTuple):
    distance_m: float
    station_id: UUID
    region_code: str


def _nearest(position: geo.Position, limit: int, radii_m: Sequence[int]) -> list[_Near]:
    """Active stations within the last radius, nearest first; small circles are looked through before large ones."""
    found: list[_Near] = []
    for radius in radii_m:
        south, west, north, east = geo.box_around(position, radius)
        inside = select(Station.id, Station.region_code, Station.lat, Station.lng).where(
            Station.active, Station.lat.between(south, north), Station.lng.between(west, east)
        )
        found = [
            _Near(geo.distance_m(position, geo.Position(lat, lng)), station_id, region_code)
            for station_id, region_code, lat, lng in session.execute(inside)
        ]
        found = sorted(each for each in found if each.distance_m <= radius)
        if len(found) >= limit:
            break
    return found[:limit]
