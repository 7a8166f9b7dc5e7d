"""A poster was scanned: the page asks for the place and sends itself; looking at it credits nothing."""

from __future__ import annotations

from uuid import UUID

from flask import Response

from app.checkins import queries
from app.checkins.checking_in import check_in_by_poster
from app.codes import reading
from app.codes.errors import CodeFormat
from app.codes.kinds.screen import ScreenCode
from app.codes.kinds.station import StationCode
from app.codes.posters import station_behind
from app.identity.actors import Actor
from app.kernel import clock, geo
from app.kernel.http import public, requires, takes_form, takes_query
from app.ledger.queries import balance_of
from app.places import queries as places
from app.places.models import Station
from app.rules.explaining import explain_fact
from app.rules.queries import recorded_fact
from app.web.edge import Pages, go, once, page
from app.web.forms import Continue, PlaceForm

pages = Pages("checking-in")


def _station_of(token: str) -> Station:
    at = clock.now()
    scanned = reading.read(f"/S/{token}", at=at)
    if not isinstance(scanned, StationCode | ScreenCode):
        raise CodeFormat
    return station_behind(scanned, at=at)


@pages.get("/S/<path:token>")
@public
def poster(token: str, by: Actor) -> str:
    """Behind a poster: the station, and one button"""
    return page(
        "rider/check_in.html", token=token, station=_station_of(token), signed_in=by.is_rider,
        withheld=by.agrees_to_location is False,
    )  # fmt: skip


@pages.post("/S/<path:token>", refused="rider/check_in_refused.html")
@requires("self")
@once
@takes_form(PlaceForm)
def check_in(token: str, position: geo.Position | None, accuracy_m: int | None, by: Actor) -> Response:
    """Check in here"""
    station = _station_of(token)
    made = check_in_by_poster(
        station_id=station.id, position=position, accuracy_m=accuracy_m, by=by, at=clock.now()
    )
    checkin_id = made.id
    return go(f"/check-ins/{checkin_id}", ahead=lambda: _result(checkin_id, by))


@pages.get("/check-ins/<uuid:checkin_id>")
@requires("self")
def checked_in(checkin_id: UUID, by: Actor) -> str:
    """The result: green, the points, and why"""
    return _result(checkin_id, by)


def _result(checkin_id: UUID, by: Actor) -> str:
    made = queries.my_check_in(checkin_id, by.id)
    return page(
        "rider/checked_in.html",
        made=made,
        station=places.station(made.station_id),
        told=explain_fact(judged) if (judged := recorded_fact("checkin", made.id)) else None,
        balance=balance_of(by.id),
    )


@pages.get("/check-ins")
@requires("self")
@takes_query(Continue)
def check_ins(by: Actor, cursor: str | None = None) -> str:
    """My own history of presence"""
    found = queries.my_check_ins(by.id, cursor)
    refused = queries.my_refusals(by.id).items if cursor is None else ()
    return page("rider/check_ins.html", rows=found.items, next_cursor=found.next_cursor, refused=refused)
