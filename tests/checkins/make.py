"""A rider at a station, and positions around it."""

from __future__ import annotations

from typing import Any

from app.checkins.checking_in import check_in_by_poster
from app.checkins.models import Checkin, RefusedScan
from app.identity.actors import Actor
from app.kernel import clock
from app.kernel.db import in_transaction, session, transaction
from app.kernel.errors import Problem
from app.kernel.geo import Position
from app.places.models import Station
from tests import make

METRES_PER_DEGREE = 111_195.08


def metres_north(metres: float) -> Position:
    """A position so far north of the usual station."""
    usual = make.STATION_POSITION
    return Position(usual.lat + metres / METRES_PER_DEGREE, usual.lng)


def a_station(**more: Any) -> Station:
    """The usual station in its city, in a unit of work of its own."""
    with transaction():
        make.regions()
        return make.station(**more)


def a_rider(nickname: str = "王师傅") -> Actor:
    """A rider, in a unit of work of their own."""
    with transaction():
        return make.actor(make.rider(nickname))


def a_manager(station: Station) -> Actor:
    """A manager of the station, in a unit of work of their own."""
    with transaction():
        return make.actor(make.staff("station-manager", station_id=station.id))


def by_poster(
    station: Station,
    by: Actor,
    position: Position | None = make.STATION_POSITION,
    accuracy_m: int | None = 10,
) -> Checkin:
    """One poster scanned, in a unit of work of its own."""
    return in_transaction(
        lambda: check_in_by_poster(
            station_id=station.id, position=position, accuracy_m=accuracy_m, by=by, at=clock.now()
        )
    )


def verdict(*args: Any, **more: Any) -> str:
    """`counted`, or the slug of the refusal."""
    try:
        by_poster(*args, **more)
    except Problem as problem:
        return problem.slug
    return "counted"


def count() -> int:
    """How many check-ins there are."""
    with transaction(write=False):
        return session.query(Checkin).count()


def refusals() -> list[RefusedScan]:
    """All refusals, in the order they happened."""
    with transaction():
        return session.query(RefusedScan).order_by(RefusedScan.id).all()
