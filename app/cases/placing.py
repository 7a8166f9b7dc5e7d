"""Where a case lies and who answers for it there."""

from __future__ import annotations

from sqlalchemy import exists, select

from app.cases.errors import PlaceFarAway
from app.identity import queries as people
from app.identity.actors import Actor
from app.kernel import geo
from app.kernel.db import session
from app.places import queries as places
from app.places.errors import RegionNotFound
from app.places.models import Station

AROUND_M = 150_000
UNIT_LEVEL = "subdistrict"  # who answers for what happens in a community


def must_be_near(position: geo.Position) -> None:
    """Refuse a position that is nowhere near the city, measured from its stations (borders are not in the data)."""
    south, west, north, east = geo.box_around(position, AROUND_M)
    near = exists().where(Station.lat.between(south, north), Station.lng.between(west, east))
    any_at_all = exists().select_from(Station)
    is_near, has_stations = session.execute(select(near, any_at_all)).one()
    if has_stations and not is_near:
        raise PlaceFarAway


def region_of(position: geo.Position | None, by: Actor) -> str:
    """The community a position lies in; where that is unknown the reporter's home region, else the city."""
    if found := places.nearest_community(position):
        return found
    home = people.person(by.person_id).home_region_code if by.person_id else None
    if home is not None:
        return home
    city = places.city()
    if city is None:
        raise RegionNotFound(code="-")
    return city.code


def unit_of(region_code: str) -> str:
    """The region whose staff answer for it: its subdistrict, or the region itself where it is larger."""
    line = places.line_of(region_code)
    return next((each.code for each in line if each.level == UNIT_LEVEL), region_code)
