"""Unwinding on the desk: one person says which fact is void and why, a second one decides."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields

from app.identity import queries as people
from app.identity.actors import Actor
from app.kernel import clock
from app.kernel.http import requires, takes_form, takes_query
from app.kernel.i18n import say
from app.kernel.schemas import Id, Schema, Text
from app.rules import queries, unwinding
from app.rules.models import ASKED, Unwinding
from app.web.edge import Pages, go, page
from app.web.forms import Choice
from app.web.menus import menu_of

pages = Pages("unwinding")


class Preset(Schema):
    """Which fact, when one comes from a page that knows it."""

    fact_kind = fields.String(load_default="")
    fact_id = fields.String(load_default="")


class AskForm(Schema):
    """Which fact is void, and why."""

    fact_kind = Choice(unwinding.SUBJECTS, required=True)
    fact_id = Id(required=True)
    reason = Text(300, required=True)


class DecideForm(Schema):
    """Agreed or not."""

    approved = Choice(("yes", "no"), required=True)


@pages.get("/desk/unwinding")
@requires("ledger.read")
@takes_query(Preset)
def listed(by: Actor, fact_kind: str, fact_id: str) -> str:
    """What was said to be void, and what came of it"""
    return page(
        "desk/unwinding.html",
        rows=[_row(each, by) for each in unwinding.unwindings(by)], menu=menu_of(by), can_ask=by.holds("facts.unwind"),
        kinds=[(each, say(f"rules.fact.{each}")) for each in unwinding.SUBJECTS], fact_kind=fact_kind, fact_id=fact_id,
    )  # fmt: skip


def _row(each: Unwinding, by: Actor) -> dict[str, Any]:
    recorded = queries.recorded_fact(each.fact_kind, each.fact_id)
    return {
        "unwinding": each,
        "what": say(f"rules.fact.{each.fact_kind}"),
        "happened_at": recorded.happened_at if recorded else None,
        "points": queries.points_given_for(each.fact_kind, each.fact_id),
        "asked_by": people.display_name(people.person(each.asked_by)),
        "can_decide": each.state == ASKED and by.holds("facts.unwind") and each.asked_by != by.person_id,
    }


@pages.post("/desk/unwinding", again=listed, blame={"nothing-to-unwind": "fact_id"})
@requires("facts.unwind")
@takes_form(AskForm)
def ask(fact_kind: str, fact_id: UUID, reason: str, by: Actor) -> Response:
    """Say that a fact is void"""
    unwinding.ask_to_unwind(fact_kind=fact_kind, fact_id=fact_id, reason=reason, by=by, at=clock.now())
    return go("/desk/unwinding", said="web.said.unwinding-asked")


@pages.post("/desk/unwinding/<uuid:unwinding_id>", again=listed)
@requires("facts.unwind")
@takes_form(DecideForm)
def decide(unwinding_id: UUID, approved: str, by: Actor) -> Response:
    """The second person's answer"""
    unwinding.decide_unwinding(unwinding_id=unwinding_id, approved=approved == "yes", by=by, at=clock.now())
    return go(
        "/desk/unwinding", said="web.said.unwound" if approved == "yes" else "web.said.unwinding-refused"
    )
