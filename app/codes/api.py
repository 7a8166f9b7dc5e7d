"""Codes: what a phone needs to make its own, the code of the moment, and posters."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID

from flask import Response

from app.codes import drawing, signatures
from app.codes.enrolling import enrol_phone, revoke_handles
from app.codes.models import GRACE
from app.codes.poster import a4_svg, poster_of
from app.codes.schemas import DeviceRead, EnrolDevice, PersonalCodeRead, PublicKeys
from app.codes.showing import show_personal_code
from app.codes.steps import STEP_S
from app.identity.actors import Actor
from app.kernel import clock
from app.kernel.http import Api, gives, gives_file, limited, public, requires, takes
from app.kernel.i18n import say
from app.kernel.limits import Limit
from app.places import queries as places

api = Api("codes", "/codes", "Codes for cameras and scanner guns")

SVG = "image/svg+xml"
ENROLMENTS = Limit("enrol-device", 30, 3600)


# Not idempotent on purpose: the stored answer would keep the key in the database.
@api.post("/device")
@requires("self")
@limited(ENROLMENTS)
@takes(EnrolDevice)
@gives(DeviceRead, 201)
def enrol_device(device_name: str, by: Actor) -> dict[str, Any]:
    """Make this phone the one that shows my code

    The key is given out this once, to be kept as a non-extractable key. Codes of any other phone end.
    """
    at = clock.now()
    handle, key = enrol_phone(device_name=device_name, by=by, at=at)
    return {
        "handle": handle.handle,
        "alg": handle.alg,
        "key": base64.urlsafe_b64encode(key).rstrip(b"=").decode("ascii"),
        "step_s": STEP_S,
        "server_time": at,
        "valid_until": handle.expires_at,
        "usable_until": handle.expires_at + GRACE,
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
    station = places.station(station_id)
    by.must("station.scan", station_id=station_id)
    return Response(a4_svg(poster_of(station, at=clock.now())), content_type=SVG)
