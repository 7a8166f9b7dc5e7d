"""The department's side of the stations' books: refunds a second person decides, statements to be signed and paid."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from app.identity.actors import Actor
from app.kernel import clock
from app.kernel.http import requires, takes_form, takes_query, traced
from app.kernel.schemas import Schema
from app.places import queries as places
from app.rewards.books import queries as books
from app.rewards.books import refunding, settling
from app.rewards.books.models import MADE, SIGNED, WAITING, Settlement
from app.rewards.books.queries import RefundDetail
from app.web.edge import Pages, go, once, page
from app.web.forms import Choice, Continue, Nothing
from app.web.menus import menu_of

pages = Pages("reward-books")


class DecideForm(Schema):
    """Agreed or not."""

    approved = Choice(("yes", "no"), required=True)


# --- refunds -------------------------------------------------------------------------------------------------------


@pages.get("/desk/rewards/refunds")
@requires("rewards.manage")
@traced("refunds.seen")
@takes_query(Continue)
def refunds(by: Actor, cursor: str | None) -> str:
    """What stations ask to take back; whoever asked does not decide"""
    waiting = books.refunds(by=by, state=WAITING, cursor=cursor)
    return page(
        "desk/refunds.html",
        rows=[_row(each, by) for each in waiting.items], next_cursor=waiting.next_cursor, menu=menu_of(by),
    )  # fmt: skip


def _row(detail: RefundDetail, by: Actor) -> dict[str, Any]:
    asked_by = detail.refund.asked_by
    return {
        "detail": detail,
        "asked_by": detail.asked_by,
        "is_mine": asked_by == by.id,
        "may_decide": asked_by != by.id and by.can("rewards.manage", region_path=detail.region_path),
    }


@pages.post("/desk/rewards/refunds/<uuid:refund_id>", again=refunds)
@requires("rewards.manage")
@once
@takes_form(DecideForm)
def decide_refund(refund_id: UUID, approved: str, by: Actor) -> Response:
    """The second person's answer; approved, points and stock go back at once"""
    refunding.decide_refund(refund_id=refund_id, approved=approved == "yes", by=by, at=clock.now())
    said = "web.said.refund-approved" if approved == "yes" else "web.said.refund-refused"
    return go("/desk/rewards/refunds", said=said)


# --- statements ----------------------------------------------------------------------------------------------------


@pages.get("/desk/rewards/settlements")
@requires("rewards.manage")
@takes_query(Continue)
def settlements(by: Actor, cursor: str | None) -> str:
    """What the stations are owed; one person signs, another pays"""
    found = books.settlements(by=by, cursor=cursor)
    return page(
        "desk/settlements.html",
        rows=[(each, places.station(each.station_id).name, _next_step(each, by)) for each in found.items],
        next_cursor=found.next_cursor, menu=menu_of(by),
    )  # fmt: skip


def _next_step(made: Settlement, by: Actor) -> str:
    """What this person can do with a statement now: sign, pay, or the reason why they cannot; empty once paid."""
    if not by.can("rewards.manage", station_id=made.station_id):
        return ""
    if made.state == MADE:
        return "sign"
    if made.state != SIGNED:
        return ""
    if made.closing <= 0:
        return "nothing-owed"
    if books.is_carried_over(made):
        return "carried-over"
    return "signed-by-you" if made.signed_by == by.id else "pay"


@pages.post("/desk/rewards/settlements/<uuid:settlement_id>/sign", again=settlements)
@requires("rewards.manage")
@once
@takes_form(Nothing)
def sign(settlement_id: UUID, by: Actor) -> Response:
    """The department has checked it"""
    settling.sign(settlement_id=settlement_id, by=by, at=clock.now())
    return go("/desk/rewards/settlements", said="web.said.settlement-signed")


@pages.post("/desk/rewards/settlements/<uuid:settlement_id>/paid", again=settlements)
@requires("rewards.manage")
@once
@takes_form(Nothing)
def paid(settlement_id: UUID, by: Actor) -> Response:
    """The station was paid, says somebody other than who signed"""
    settling.mark_paid(settlement_id=settlement_id, by=by, at=clock.now())
    return go("/desk/rewards/settlements", said="web.said.settlement-paid")
