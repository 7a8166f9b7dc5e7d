"""The catalogue: what is offered, at what price."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields, validate

from app.identity.actors import Actor
from app.kernel import clock
from app.kernel.http import requires, takes_form
from app.kernel.i18n import say
from app.kernel.schemas import QueryWhole, Schema, Text
from app.rewards import catalogue, shop
from app.rewards.kinds import KINDS
from app.web.edge import Pages, go, page
from app.web.forms import Choice, Nothing
from app.web.menus import menu_of
from app.web.scopes import regions_of

pages = Pages("catalogue")


class OfferForm(Schema):
    """A reward and its price."""

    name_zh = Text(60, required=True)
    name_en = Text(120, required=True)
    kind = Choice(list(KINDS), required=True)
    points = QueryWhole(1, 100_000, required=True)
    limit_count = QueryWhole(1, 1000, load_default=None)
    region_code = fields.String(required=True, validate=validate.Regexp(r"^[0-9]{2,20}\Z"))


@pages.get("/desk/rewards")
@requires("rewards.manage")
def rewards(by: Actor) -> str:
    """Everything on offer, and the form for more"""
    return page(
        "desk/rewards.html",
        items=shop.shop(limit=100, at=clock.now()).items, regions=regions_of(by, "rewards.manage"), menu=menu_of(by),
        kind_options=[(each, say(f"rewards.kind-{each}")) for each in KINDS],
    )  # fmt: skip


@pages.post("/desk/rewards", again=rewards, blame={"region-not-found": "region_code"})
@requires("rewards.manage")
@takes_form(OfferForm)
def offer(by: Actor, **what: Any) -> Response:
    """Offer one more"""
    catalogue.offer(**what, by=by, at=clock.now())
    return go("/desk/rewards", said="web.said.offered")


@pages.post("/desk/rewards/<uuid:reward_id>/withdraw", again=None)
@requires("rewards.manage")
@takes_form(Nothing)
def withdraw(reward_id: UUID, by: Actor) -> Response:
    """Offer it no longer; vouchers already reserved stay good"""
    catalogue.withdraw(reward_id=reward_id, by=by, at=clock.now())
    return go("/desk/rewards", said="web.said.reward-withdrawn")
