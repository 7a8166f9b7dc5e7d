"""The shelf: deliveries, counts and write-offs, each with its reason; and what the station gives riders on paper."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import Response
from markupsafe import Markup

from app.codes import drawing
from app.identity.actors import Actor
from app.identity.signing_in import invite_rider
from app.kernel import clock, settings
from app.kernel.http import requires, takes_form, takes_query
from app.kernel.schemas import Id, QueryWhole, Schema, Text
from app.places import queries as places
from app.rewards import queries, shop, stocking
from app.web.edge import Pages, go, once, page
from app.web.forms import Choice, Continue, Nothing
from app.web.menus import menu_of

MOST_OFFERED = 1_000  # whatever is offered can be delivered

pages = Pages("shelf")

DELIVERY, COUNT, WRITE_OFF = "delivery", "count", "write-off"


class MoveForm(Schema):
    """What happened on the shelf."""

    what = Choice((DELIVERY, COUNT, WRITE_OFF), required=True)
    reward_id = Id(required=True)
    quantity = QueryWhole(0, 10_000, required=True)
    reason = Text(200, load_default=None)

    @ma.validates_schema
    def _moves_something(self, data: dict[str, Any], **_: Any) -> None:
        if data["what"] != COUNT and data["quantity"] == 0:
            raise ma.ValidationError({"quantity": ["Must be greater than or equal to 1."]})


@pages.get("/station/<uuid:station_id>/stock")
@requires("station.stock")
@takes_query(Continue)
def stock(station_id: UUID, by: Actor, cursor: str | None = None) -> str:
    """What lies on the shelf, and how it came about; with a cursor what was further back"""
    by.must("station.stock", station_id=station_id)
    station, shelf = places.station(station_id), queries.station_stock(station_id)
    moved = queries.movements_at(station_id, cursor)
    offered = shop.shop(region_code=station.region_code, limit=MOST_OFFERED, at=clock.now()).items
    return page(
        "station/stock.html",
        station=station, shelf=shelf, names={each.stock.id: each.reward.name for each in shelf},
        options=[(each.reward.id, each.reward.name) for each in offered],
        movements=moved.items, next_cursor=moved.next_cursor, further_back=cursor is not None, menu=menu_of(by),
    )  # fmt: skip


@pages.post(
    "/station/<uuid:station_id>/stock",
    again=stock,
    blame={
        "stock-promised": "quantity",
        "stock-short": "quantity",
        "stock-reason-needed": "reason",
        "stock-unknown": "reward_id",
    },
)
@requires("station.stock")
@once
@takes_form(MoveForm)
def move(
    station_id: UUID, what: str, reward_id: UUID, quantity: int, reason: str | None, by: Actor
) -> Response:
    """Write a movement down"""
    at, where = clock.now(), {"reward_id": reward_id, "station_id": station_id}
    if what == DELIVERY:
        stocking.deliver(**where, quantity=quantity, reason=reason, by=by, at=at)
    elif what == COUNT:
        stocking.count(**where, counted=quantity, reason=reason, by=by, at=at)
    else:
        stocking.write_off(**where, quantity=quantity, reason=reason or "", by=by, at=at)
    return go(f"/station/{station_id}/stock", said="web.said.stock-moved")


@pages.get("/station/<uuid:station_id>/invite")
@requires("people.invite")
def invite_page(station_id: UUID, by: Actor) -> str:
    """One invitation for one rider"""
    by.must("people.invite", station_id=station_id)
    return page("station/invite.html", station=places.station(station_id), menu=menu_of(by), made=None)


@pages.post("/station/<uuid:station_id>/invite", again=invite_page)
@requires("people.invite")
@takes_form(Nothing)
def invite(station_id: UUID, by: Actor) -> str:
    """Shown once: the code to scan and the PIN to say aloud"""
    made, token, pin = invite_rider(station_id=station_id, by=by, at=clock.now())
    svg = Markup(drawing.svg(f"{settings.current().public_url}/I/{token}", "M"))  # noqa: S704 -- drawn by us
    return page(
        "station/invite.html",
        station=places.station(station_id),
        menu=menu_of(by),
        made=made,
        pin=pin,
        svg=svg,
    )
