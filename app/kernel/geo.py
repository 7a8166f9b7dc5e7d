"""Positions. Inside the product every position is WGS-84; maps and phones in China may speak GCJ-02 at the edge."""

from __future__ import annotations

import math
from dataclasses import dataclass

import prcoords

FASTEST_M_S = 100_000 / 3600  # nobody rides through a city at more than 100 km/h
EARTH_RADIUS_M = 6_371_008.8
WGS84, GCJ02 = "wgs84", "gcj02"


@dataclass(frozen=True, slots=True)
class Position:
    """Latitude and longitude in degrees, WGS-84."""

    lat: float
    lng: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.lat) and math.isfinite(self.lng)):
            raise ValueError("a position must be finite")
        if not (-90 <= self.lat <= 90 and -180 <= self.lng <= 180):
            raise ValueError("no such place on earth")


def from_edge(lat: float, lng: float, datum: str = WGS84) -> Position:
    """A position as it came in, turned into WGS-84. Raises ValueError for an impossible one."""
    given = Position(lat, lng)
    if datum == WGS84:
        return given
    if datum != GCJ02:
        raise ValueError("unknown datum")
    there = prcoords.Coords(lat, lng)
    if not prcoords.sanity_in_china_p(there):  # there the two are the same, and the formula leaves the earth
        return given
    mended = prcoords.gcj_wgs_bored(there, check_china=False)
    return Position(mended.lat, mended.lon)


def to_gcj02(position: Position) -> tuple[float, float]:
    """(lat, lng) in GCJ-02, for maps and phones that expect it."""
    there = prcoords.Coords(position.lat, position.lng)
    if not prcoords.sanity_in_china_p(there):
        return position.lat, position.lng
    shifted = prcoords.wgs_gcj(there, check_china=False)
    return shifted.lat, shifted.lon


def distance_m(a: Position, b: Position) -> float:
    """Great-circle distance in metres (haversine on the mean earth radius)."""
    lat_a, lat_b = math.radians(a.lat), math.radians(b.lat)
    half_lat, half_lng = (lat_b - lat_a) / 2, math.radians(b.lng - a.lng) / 2
    chord = math.sin(half_lat) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(half_lng) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, chord)))


def box_around(centre: Position, radius_m: float) -> tuple[float, float, float, float]:
    """(south, west, north, east) of a box that holds every point within `radius_m`."""
    lat_span = math.degrees(radius_m / EARTH_RADIUS_M)
    lng_span = lat_span / max(0.01, math.cos(math.radians(centre.lat)))
    return centre.lat - lat_span, centre.lng - lng_span, centre.lat + lat_span, centre.lng + lng_span
