"""Stations: which are near, which are open now, and what one offers. Anybody may look."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from marshmallow import fields, validate

from app.identity.actors import Actor
from app.kernel import clock, geo
from app.kernel.http import public, takes_query
from app.places import queries as places
from app.rewards.queries import station_stock
from app.web.edge import Pages, page
from app.web.forms import PlaceForm

pages = Pages("stations")

SHOWN = 30
LISTED = 200  # whoever says neither where they are nor which district


class WhereQuery(PlaceForm):
    """A place, or a district."""

    district = fields.String(load_default="", validate=validate.Regexp(r"^[0-9]{0,20}\Z"))


@pages.get("/stations")
@public
@takes_query(WhereQuery)
def stations(by: Actor, position: geo.Position | None, accuracy_m: int | None, district: str) -> str:
    """Stations, nearest first where the phone said where it is; open ones before closed ones otherwise"""
    at = clock.now()
    city = places.city()
    if position is not None:
        rows: list[tuple[Any, int | None]] = [
            (each.station, each.distance_m) for each in places.stations_near(position, SHOWN)
        ]
    else:
        path = places.region_path(district) if district else ""
        rows = [(each, None) for each in places.stations(path, LISTED)]
        rows.sort(key=lambda row: not row[0].is_open(at))
    districts = places.children_of(city.code) if city else []
    return page(
        "rider/stations.html",
        rows=rows,
        at=at,
        districts=districts,
        district=district,
        near=position is not None,
        by=by,
    )


@pages.get("/stations/<uuid:station_id>")
@public
@takes_query(PlaceForm)
def station(station_id: UUID, by: Actor, position: geo.Position | None, accuracy_m: int | None) -> str:
    """One station: open now, hours, what it offers"""
    at = clock.now()
    found = places.station(station_id)
    return page(
        "rider/station.html",
        station=found,
        at=at,
        where=places.full_name(found.region_code),
        distance_m=round(geo.distance_m(position, found.position)) if position else None,
        shelf=[each for each in station_stock(station_id) if each.stock.free > 0 and each.reward.active],
        today=clock.city_time(at).weekday(),
    )
