"""Codes: what a phone needs to make its own, the code of the moment, and posters."""

from __future__ import annotations

import base64
from typing import Any, Literal
from uuid import UUID

from flask import Response

from app.codes import drawing, signatures, steps
from app.codes.enrolling import enrol_phone, is_good, revoke_handles
from app.codes.errors import PosterEnded
from app.codes.kinds import screen
from app.codes.models import GRACE, PHONE, Poster
from app.codes.poster import Poster as Drawn
from app.codes.poster import a4_svg, pdf, poster_of
from app.codes.posters import end_posters, poster_in_force, replace_poster
from app.codes.queries import HANDLE_IN_USE, handle_in_use
from app.codes.schemas import (
    DeviceRead,
    DeviceState,
    EnrolDevice,
    PersonalCodeRead,
    PosterQuery,
    PosterRead,
    PublicKeys,
    ReplacePoster,
    ScreenRead,
)
from app.codes.showing import show_personal_code
from app.codes.steps import STEP_S
from app.identity.actors import Actor
from app.identity.edge import named_caller
from app.kernel import clock
from app.kernel.http import (
    Api,
    asks_ahead,
    attachment,
    gives,
    gives_file,
    idempotent,
    limited,
    public,
    requires,
    takes,
    takes_query,
)
from app.kernel.i18n import say
from app.kernel.limits import Limit
from app.places import queries as places

api = Api("codes", "/codes", "Codes for cameras and scanner guns")

SVG, PDF = "image/svg+xml", "application/pdf"
ENROLMENTS = Limit("enrol-device", 30, 3600)


# Not idempotent on purpose: the stored answer would keep the key in the database.
@api.post("/device")
@requires("self")
@limited(ENROLMENTS, named_caller)
@takes(EnrolDevice)
@gives(DeviceRead, 201)
def enrol_device(device_name: str, claim: str | None, by: Actor) -> dict[str, Any]:
    """Make this phone the one that shows my code

    The key is to be kept as a non-extractable key. Codes of any other phone end. A phone that got no answer asks again
    with the same `claim` and gets the same key; it forgets the claim with the answer.
    """
    at = clock.now()
    handle, key = enrol_phone(device_name=device_name, claim=claim, by=by, at=at)
    return {
        "handle": handle.handle,
        "alg": handle.alg,
        "key": base64.urlsafe_b64encode(key).rstrip(b"=").decode("ascii"),
        "step_s": STEP_S,
        "server_time": at,
        "valid_until": handle.expires_at,
        "usable_until": handle.expires_at + GRACE,
    }


@api.get("/device")
@requires("self")
@asks_ahead(HANDLE_IN_USE[PHONE])
@gives(DeviceState)
def read_device(by: Actor) -> dict[str, Any]:
    """Which phone shows my code, whether it has to be renewed, and what time it is here"""
    at = clock.now()
    found = handle_in_use(by.id, PHONE)
    return {
        "handle": found.handle if found else None,
        "device_name": found.device_name if found else None,
        "claimed": found.claim if found else None,
        "since": found.created_at if found else None,
        "renew": not is_good(found, at),
        "server_time": at,
    }


@api.delete("/device")
@requires("self")
@gives(None)
def end_devices(by: Actor) -> None:
    """End my codes on every device (lost phone)"""
    revoke_handles(person_id=by.id, at=clock.now())


# These two write only the first time in a week, when the handle they draw with is renewed.
@api.get("/personal", write=True)
@requires("self")
@gives(PersonalCodeRead)
def read_personal_code(by: Actor) -> dict[str, Any]:
    """My code of this moment, made by the server"""
    shown = show_personal_code(by=by, at=clock.now())
    return {
        "digits": shown.digits,
        "valid_from": shown.valid_from,
        "valid_until": shown.valid_until,
        "svg": drawing.svg(shown.digits, title=say("codes.my-code")),
    }


@api.get("/personal.svg", write=True)
@requires("self")
@gives_file(SVG)
def draw_personal_code(by: Actor) -> Response:
    """My code of this moment as a picture"""
    shown = show_personal_code(by=by, at=clock.now())
    return Response(drawing.svg(shown.digits, title=say("codes.my-code")), content_type=SVG)


@api.get("/public-keys")
@public
@gives(PublicKeys)
def list_public_keys() -> dict[str, Any]:
    """The public keys that verify certificates: every one there ever was, revoked ones marked (a JSON Web Key Set)"""
    return signatures.as_jwks()


@api.get("/stations/<uuid:station_id>/poster.svg")
@requires("station.scan")
@gives_file(SVG)
def draw_poster(station_id: UUID, by: Actor) -> Response:
    """A station's poster on A4"""
    return Response(a4_svg(_poster(station_id, by)), content_type=SVG)


@api.get("/stations/<uuid:station_id>/poster.pdf")
@requires("station.scan")
@takes_query(PosterQuery)
@gives_file(PDF)
def print_poster(station_id: UUID, size: Literal["A4", "A3"], by: Actor) -> Response:
    """A station's poster as PDF on A4 or A3, with date and number"""
    poster = _poster(station_id, by)
    return attachment(pdf(poster, size), PDF, f"poster-{poster.number}-{size}.pdf")


@api.post("/stations/<uuid:station_id>/posters")
@requires("station.scan")
@idempotent
@takes(ReplacePoster)
@gives(PosterRead, 201)
def replace_station_poster(station_id: UUID, overlap: bool, by: Actor) -> Poster:
    """A new version of the poster; the old ones end now, or in a week"""
    return replace_poster(station_id=station_id, overlap=overlap, by=by, at=clock.now())


@api.delete("/stations/<uuid:station_id>/posters")
@requires("station.scan")
@gives(None)
def end_station_posters(station_id: UUID, by: Actor) -> None:
    """No poster of the station counts any more"""
    end_posters(station_id=station_id, by=by, at=clock.now())


@api.get("/stations/<uuid:station_id>/screen")
@requires("station.scan")
@gives(ScreenRead)
def show_screen(station_id: UUID, by: Actor) -> dict[str, Any]:
    """The code for a station's screen, good for this half minute"""
    by.must("station.scan", station_id=station_id)
    at = clock.now()
    link = screen.make(places.station(station_id).short_code, at)
    return {"link": link, "svg": drawing.svg(link), "valid_until": steps.ends_at(steps.step_at(at))}


def _poster(station_id: UUID, by: Actor) -> Drawn:
    station, at = places.station(station_id), clock.now()
    by.must("station.scan", station_id=station_id)
    found = poster_in_force(station, at=at)
    if found is None:
        raise PosterEnded(station=station.name)
    return poster_of(station, found.version, found.made_at)
