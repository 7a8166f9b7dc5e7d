"""Opening a station."""

from __future__ import annotations

from datetime import datetime

from app.kernel import randomness
from app.kernel.db import session
from app.kernel.geo import Position
from app.places.models import Station
from app.places.queries import region


def open_station(
    *,
    name: str,
    region_code: str,
    address: str,
    position: Position,
    hours: list[list[list[str]]],
    facilities: list[str],
    phone: str | None = None,
    is_demo: bool = False,
    at: datetime,
) -> Station:
    """Put a station on the map of the programme, with a short code of its own for its poster."""
    region(region_code)
    station = Station(
        name=name,
        short_code=randomness.crockford(6),
        region_code=region_code,
        address=address,
        phone=phone,
        lat=position.lat,
        lng=position.lng,
        hours=hours,
        facilities=facilities,
        is_demo=is_demo,
        opened_at=at,
    )
    session.add(station)
    session.flush()
    return station
