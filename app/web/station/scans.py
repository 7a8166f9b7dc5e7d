"""What a station's scanner did lately: who was checked in, what was turned away and why; a wrong scan is taken back."""

from __future__ import annotations

from uuid import UUID

from flask import Response

from app.checkins import queries
from app.checkins.annulling import annul_check_in, may_be_annulled
from app.identity.actors import Actor
from app.kernel import clock
from app.kernel.http import requires, takes_form, traced
from app.kernel.schemas import Schema, Text
from app.places import queries as places
from app.rewards.queries import masked_rider
from app.web.edge import Pages, go, once, page
from app.web.menus import menu_of

pages = Pages("station-scans")

LATELY = 30


class AnnulForm(Schema):
    """Why."""

    reason = Text(200, required=True)


@pages.get("/station/<uuid:station_id>/scans")
@requires("station.scan")
@traced("checkins.seen")
def scans(station_id: UUID, by: Actor) -> str:
    """The last check-ins and refusals here"""
    by.must("station.scan", station_id=station_id)
    at = clock.now()
    made = queries.check_ins_at(station_id, limit=LATELY).items
    annulled = queries.annulled_of([each.id for each in made])
    return page(
        "station/scans.html",
        station=places.station(station_id),
        rows=[
            (each, masked_rider(each.person_id), each.id in annulled, may_be_annulled(each, at))
            for each in made
        ],
        refused=queries.refused_at(station_id, limit=LATELY).items,
        menu=menu_of(by),
    )


@pages.post("/station/<uuid:station_id>/scans/<uuid:checkin_id>/annul", refused="station/refused.html")
@requires("station.scan")
@once
@takes_form(AnnulForm)
def annul(station_id: UUID, checkin_id: UUID, reason: str, by: Actor) -> Response:
    """Take a wrong scan back; its points go back"""
    annul_check_in(checkin_id=checkin_id, station_id=station_id, reason=reason, by=by, at=clock.now())
    return go(f"/station/{station_id}/scans", said="web.said.scan-annulled")
