"""The shop: what points are good for, reserving it, and the vouchers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from markupsafe import Markup

from app.codes import drawing
from app.codes.kinds import voucher as voucher_code
from app.identity.actors import Actor
from app.kernel import clock, geo
from app.kernel.http import public, requires, takes_form, takes_query
from app.kernel.problems import sentence
from app.kernel.schemas import Id, Schema
from app.ledger.queries import balance_of
from app.rewards import ordering, queries
from app.rewards import shop as catalogue
from app.rewards.errors import VoucherUnknown
from app.rewards.models import RESERVED, Voucher
from app.rewards.shop import Place
from app.sync import sparing
from app.web.edge import Pages, go, once, page
from app.web.forms import Continue, Nothing, PlaceForm

pages = Pages("shop")

BARE = 5  # stations without one are named, with the nearest that has it; more would bury the list of those that do


class ShopQuery(PlaceForm, Continue):
    """A place, and where the list continues."""


class OrderForm(Schema):
    """Where it shall be picked up."""

    station_id = Id(required=True)


@pages.get("/shop")
@public
@takes_query(ShopQuery)
def shop(by: Actor, position: geo.Position | None, accuracy_m: int | None, cursor: str | None) -> str:
    """What is on offer, what it costs and how far it is from being affordable"""
    person_id = by.person_id if by.is_rider else None
    found = catalogue.shop(near=position, person_id=person_id, cursor=cursor, at=clock.now())
    return page(
        "rider/shop.html",
        items=found.items,
        next_cursor=found.next_cursor,
        balance=balance_of(person_id) if person_id else None,
        near=position,
        further_back=cursor is not None,
    )


@pages.get("/shop/<uuid:reward_id>")
@public
@takes_query(PlaceForm)
def reward(reward_id: UUID, by: Actor, position: geo.Position | None, accuracy_m: int | None) -> str:
    """One reward and the stations that have it"""
    item = catalogue.shop_item(
        reward_id, near=position, person_id=by.person_id if by.is_rider else None, at=clock.now()
    )
    obstacle = sentence(item.obstacle) if item.obstacle else ""
    return page(
        "rider/reward.html",
        item=item, reward=item.reward, signed_in=by.is_rider, obstacle=obstacle,
        bare=[(each, _nearest(reward_id, each)) for each in item.elsewhere[:BARE]],
    )  # fmt: skip


def _nearest(reward_id: UUID, bare: Place) -> Place | None:
    """The station nearest to one that has none now."""
    found = catalogue.places_with(reward_id, near=bare.station.position, but_not=bare.station.id)
    return found[0] if found else None


@pages.post(
    "/shop/<uuid:reward_id>",
    again=reward,
    blame={"out-of-stock": "station_id", "reward-not-offered-here": "station_id"},
)
@requires("self")
@once
@takes_form(OrderForm)
def reserve(reward_id: UUID, station_id: UUID, by: Actor) -> Response:
    """Put one aside; the points are held until it is picked up"""
    made = ordering.reserve(reward_id=reward_id, station_id=station_id, by=by, at=clock.now())
    return go(f"/vouchers/{made.id}", said="web.said.reserved")


@pages.get("/vouchers")
@requires("self")
@takes_query(Continue)
def vouchers(by: Actor, cursor: str | None = None) -> str:
    """My vouchers, newest first"""
    found = queries.my_vouchers(by.id, cursor)
    return page("rider/vouchers.html", details=found.items, next_cursor=found.next_cursor, at=clock.now())


@pages.get("/vouchers/<uuid:voucher_id>")
@requires("self")
def voucher(voucher_id: UUID, by: Actor) -> str:
    """One voucher; while it waits, its code to be scanned at the counter"""
    found, at = _mine(voucher_id, by), clock.now()
    return page("rider/voucher.html", at=at, kept_until=sparing.waits_until(found, at=at), **_shown(found))


@pages.post("/vouchers/<uuid:voucher_id>/cancel", again=None)
@requires("self")
@once
@takes_form(Nothing)
def cancel(voucher_id: UUID, by: Actor) -> Response:
    """Give it up; points and stock go back"""
    ordering.cancel(voucher_id=_mine(voucher_id, by).id, by=by, at=clock.now())
    return go(f"/vouchers/{voucher_id}", said="web.said.cancelled")


def _mine(voucher_id: UUID, by: Actor) -> Voucher:
    found = queries.voucher(voucher_id)
    if found.person_id != by.person_id:
        raise VoucherUnknown
    return found


def _shown(found: Voucher) -> dict[str, Any]:
    code = voucher_code.make(found.serial) if found.state == RESERVED else ""
    svg = Markup(drawing.svg(code, "Q")) if code else ""  # noqa: S704 -- drawn by us from digits
    return {"detail": queries.detail_of(found), "voucher": found, "code": code, "svg": svg}
