"""The catalogue: what is offered, at what price, what it looks like and when it is given out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import marshmallow as ma
from flask import Response
from marshmallow import fields, validate

from app.identity.actors import Actor
from app.kernel import clock
from app.kernel.http import requires, takes_form, takes_query
from app.kernel.i18n import say
from app.kernel.schemas import Line, QueryWhole, Schema, Text
from app.media.cleaning import CleanPhoto, clean_apart
from app.places import queries as places
from app.places.hours import read_spans
from app.rewards import catalogue, queries, shop
from app.rewards.kinds import KINDS
from app.rewards.limits import MONTH, PERIODS
from app.web.edge import Pages, go, once, page
from app.web.forms import Choice, Continue, Nothing
from app.web.menus import menu_of
from app.web.scopes import regions_of

pages = Pages("catalogue")

SHOWN = 50
WEEK = tuple(f"hours_{weekday}" for weekday in range(7))  # the week's fields, from Monday


class Spans(fields.Field[list[list[str]]]):
    """A day's hours, typed like 10:00-14:00, 17:00-19:30; an empty field is a day without."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[list[str]]:
        spans = read_spans(str(value))
        if spans is None or len(spans) > 6:
            raise ma.ValidationError("pick-up-hours-unreadable")
        return spans


class OfferForm(Schema):
    """A reward and its price."""

    name_zh = Line(60, required=True)
    name_en = Line(60, required=True)
    kind = Choice(list(KINDS), required=True)
    points = QueryWhole(1, 100_000, required=True)
    limit_count = QueryWhole(1, 1000, load_default=None)
    limit_period = Choice(PERIODS, load_default=MONTH)
    region_code = fields.String(required=True, validate=validate.Regexp(r"^[0-9]{2,20}\Z"))


class _ReviseForm(Schema):
    name_zh = Line(60, required=True)
    name_en = Line(60, required=True)
    words_zh = Text(300, load_default="")
    words_en = Text(300, load_default="")
    pick_up_days = QueryWhole(1, 60, required=True)

    @ma.post_load
    def _to_week(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        week = [data.pop(name) for name in WEEK]
        return data | {"pick_up_hours": week if any(week) else None}


ReviseForm = _ReviseForm.from_dict({name: Spans(load_default=list) for name in WEEK}, name="ReviseForm")


@pages.get("/desk/rewards")
@requires("rewards.manage")
@takes_query(Continue)
def rewards(by: Actor, cursor: str | None = None) -> str:
    """Everything on offer, and the form for more; with a cursor what was offered before"""
    found = shop.shop(cursor=cursor, limit=SHOWN, at=clock.now())
    return page(
        "desk/rewards.html",
        items=found.items, next_cursor=found.next_cursor, further_back=cursor is not None,
        regions=regions_of(by, "rewards.manage"), menu=menu_of(by),
        kind_options=[(each, say(f"rewards.kind-{each}")) for each in KINDS],
        periods=[(each, say(f"rewards.period-{each}")) for each in PERIODS],
    )  # fmt: skip


@pages.post("/desk/rewards", again=rewards, blame={"region-not-found": "region_code"})
@requires("rewards.manage")
@once
@takes_form(OfferForm)
def offer(by: Actor, **what: Any) -> Response:
    """Offer one more"""
    catalogue.offer(**what, by=by, at=clock.now())
    return go("/desk/rewards", said="web.said.offered")


@pages.get("/desk/rewards/<uuid:reward_id>")
@requires("rewards.manage")
def edit(reward_id: UUID, by: Actor) -> str:
    """One reward: its words, hours and photo may change; what was promised, its price and limits, may not"""
    reward = queries.reward(reward_id)
    by.must("rewards.manage", region_path=places.region_path(reward.region_code))
    return page(
        "desk/reward.html",
        reward=reward, region=places.full_name(reward.region_code), menu=menu_of(by),
        week=[(name, _typed(spans)) for name, spans in zip(WEEK, reward.pick_up_hours or [[]] * 7, strict=True)],
    )  # fmt: skip


def _typed(spans: list[list[str]]) -> str:
    return ", ".join("-".join(span) for span in spans)


@pages.post("/desk/rewards/<uuid:reward_id>", again=edit)
@requires("rewards.manage")
@takes_form(ReviseForm)
def revise(reward_id: UUID, by: Actor, **told: Any) -> Response:
    """Say it better, or give it out at other times"""
    catalogue.revise(reward_id=reward_id, **told, by=by, at=clock.now())
    return go(f"/desk/rewards/{reward_id}", said="web.said.saved")


@pages.post("/desk/rewards/<uuid:reward_id>/photo", again=edit)
@requires("rewards.manage")
@takes_form(Nothing, photo=clean_apart)
def picture(reward_id: UUID, photo: CleanPhoto, by: Actor) -> Response:
    """Show what it looks like"""
    catalogue.picture(reward_id=reward_id, photo=photo, by=by, at=clock.now())
    return go(f"/desk/rewards/{reward_id}", said="web.said.saved")


@pages.post("/desk/rewards/<uuid:reward_id>/withdraw", again=None)
@requires("rewards.manage")
@takes_form(Nothing)
def withdraw(reward_id: UUID, by: Actor) -> Response:
    """Offer it no longer; vouchers already reserved stay good"""
    catalogue.withdraw(reward_id=reward_id, by=by, at=clock.now())
    return go("/desk/rewards", said="web.said.reward-withdrawn")
