"""A station without a signal: its devices, and the page on which an enrolled one goes on working."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from app.identity.actors import Actor
from app.kernel import clock
from app.kernel.http import requires, takes_form
from app.places import queries as places
from app.sync import enrolling, queries
from app.sync.errors import DeviceUnknown
from app.web.edge import Pages, go, kept_offline, page
from app.web.forms import Nothing
from app.web.menus import menu_of
from app.web.notes import notes

pages = Pages("station-offline")


@pages.get("/station/<uuid:station_id>/offline")
@requires("station.scan")
def offline(station_id: UUID, by: Actor) -> Response:
    """Scanning goes on without a signal; kept on the device, like what it notes down"""
    by.must("station.scan", station_id=station_id)
    notes().wasm = True
    station = places.station(station_id)
    may_enrol = by.can("station.devices", station_id=station_id)
    return kept_offline(page("station/offline.html", station=station, menu=menu_of(by), may_enrol=may_enrol))


@pages.get("/station/<uuid:station_id>/devices")
@requires("station.devices")
def devices(station_id: UUID, by: Actor) -> str:
    """The station's devices, and a code to enrol another"""
    by.must("station.devices", station_id=station_id)
    return _devices(station_id, by)


def _devices(station_id: UUID, by: Actor, **more: Any) -> str:
    return page(
        "station/devices.html",
        station=places.station(station_id), devices=queries.devices_of(station_id), menu=menu_of(by),
        lease=queries.open_lease(station_id), **more,
    )  # fmt: skip


@pages.post("/station/<uuid:station_id>/devices", again=devices)
@requires("station.devices")
@takes_form(Nothing)
def make_code(station_id: UUID, by: Actor) -> str:
    """Shown once: the code to type into the device"""
    code = enrolling.make_enrolment_code(station_id=station_id, by=by, at=clock.now())
    return _devices(station_id, by, code=code)


@pages.post("/station/<uuid:station_id>/devices/<uuid:device_id>/revoke", again=devices)
@requires("station.devices")
@takes_form(Nothing)
def revoke(station_id: UUID, device_id: UUID, by: Actor) -> Response:
    """Take a device out of use"""
    if queries.device(device_id).station_id != station_id:
        raise DeviceUnknown
    enrolling.revoke_device(device_id=device_id, by=by, at=clock.now())
    return go(f"/station/{station_id}/devices", said="web.said.device-revoked")
