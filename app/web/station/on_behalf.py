"""A voucher for a rider without a smartphone: reserved by the station with the rider's points, handed out on paper."""

from __future__ import annotations

from uuid import UUID

from flask import Response

from app.identity.actors import Actor
from app.identity.edge import named_caller
from app.identity.signing_in import normal_phone
from app.kernel import clock
from app.kernel.http import limited, requires, takes_form
from app.kernel.i18n import say
from app.kernel.schemas import Id, Schema, Text
from app.places import queries as places
from app.rewards import ordering, queries
from app.rewards.books.api import ON_BEHALF
from app.web.edge import Pages, go, once, page
from app.web.menus import menu_of

pages = Pages("on-behalf")


class OnBehalfForm(Schema):
    """For whom (the whole phone number), what, and why they do not do it themselves."""

    phone = Text(20, required=True)
    reward_id = Id(required=True)
    reason = Text(200, required=True)


@pages.get("/station/<uuid:station_id>/on-behalf")
@requires("station.scan")
def on_behalf(station_id: UUID, by: Actor) -> str:
    """The form: the rider's number, what lies here, and why"""
    by.must("station.scan", station_id=station_id)
    free = [each for each in queries.station_stock(station_id) if each.stock.free > 0 and each.reward.active]
    return page(
        "station/on_behalf.html",
        station=places.station(station_id), menu=menu_of(by),
        options=[
            (each.reward.id, f"{each.reward.name} · {say('web.counter.price', n=each.reward.points)}") for each in free
        ],
    )  # fmt: skip


@pages.post(
    "/station/<uuid:station_id>/on-behalf",
    again=on_behalf,
    blame={
        "out-of-stock": "reward_id",
        "reward-limit-reached": "reward_id",
        "reward-withdrawn": "reward_id",
        "points-short": "reward_id",
    },
)
@requires("station.scan")
@limited(ON_BEHALF, named_caller)
@once
@takes_form(OnBehalfForm)
def reserve_on_behalf(station_id: UUID, phone: str, reward_id: UUID, reason: str, by: Actor) -> Response:
    """Reserve for them; they are told, and the audit log knows who did it"""
    by.must("station.scan", station_id=station_id)
    made = ordering.reserve_on_behalf(
        phone=normal_phone(phone),
        reward_id=reward_id,
        station_id=station_id,
        reason=reason,
        by=by,
        at=clock.now(),
    )
    return go(f"/station/{station_id}/vouchers/{made.id}", said="web.said.reserved-on-behalf")
