"""Regions and stations: anybody may look, signed in or not."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from app.kernel import geo
from app.kernel.http import Api, gives, public, takes_query
from app.places import queries
from app.places.models import Region, Station
from app.places.queries import Nearby
from app.places.schemas import NearbyRead, NearQuery, RegionRead, RegionsQuery, StationRead

api = Api("places", "/places", "Regions and stations")


@api.get("/regions")
@public
@takes_query(RegionsQuery)
@gives(RegionRead, many=True)
def list_regions(parent: str | None) -> Sequence[Region]:
    """The regions right below one, or the city itself"""
    return queries.children_of(queries.region(parent).code if parent else None)


@api.get("/stations")
@public
@takes_query(NearQuery)
@gives(NearbyRead, many=True)
def list_stations_near(lat: float, lng: float, datum: str, limit: int) -> list[Nearby]:
    """Stations around a position, nearest first"""
    return queries.stations_near(geo.from_edge(lat, lng, datum), limit)


@api.get("/stations/<uuid:station_id>")
@public
@gives(StationRead)
def read_station(station_id: UUID) -> Station:
    """One station"""
    return queries.station(station_id)
