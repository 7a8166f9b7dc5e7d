"""The auditor's and the department's view of the books, and funding a budget."""

from __future__ import annotations

from flask import Response, request
from marshmallow import fields, validate

from app.identity.actors import Actor
from app.kernel import clock
from app.kernel.http import requires, takes_form
from app.kernel.schemas import QueryWhole, Schema
from app.ledger import queries
from app.ledger.accounts import quarter
from app.ledger.budgets import fund_budget
from app.places import queries as places
from app.web.edge import Pages, go, once, page
from app.web.menus import menu_of
from app.web.scopes import regions_of

pages = Pages("books")


class FundForm(Schema):
    """How many points, for which region and quarter."""

    region_code = fields.String(required=True, validate=validate.Regexp(r"^[0-9]{2,20}\Z"))
    period = fields.String(required=True, validate=validate.Length(max=8))
    points = QueryWhole(1, 100_000_000, required=True)


@pages.get("/desk/ledger")
@requires("ledger.read")
def books(by: Actor) -> str:
    """Trial balance and budgets"""
    return page(
        "desk/ledger.html",
        totals=queries.totals(),
        budgets=[(each, places.region(each.region_code).name) for each in queries.budgets(by=by)],
        regions=regions_of(by, "rules.review"),
        period=quarter(clock.now()), can_fund=by.holds("rules.review"), menu=menu_of(by),
    )  # fmt: skip


@pages.post("/desk/ledger/budgets", again=books, blame={"period-unreadable": "period"})
@requires("rules.review")
@once
@takes_form(FundForm)
def fund(region_code: str, period: str, points: int, by: Actor) -> Response:
    """Fund a budget"""
    fund_budget(
        region_code=region_code, period=period, points=points, source=f"desk:{request.form['idempotency_key']}",
        by=by, at=clock.now(),
    )  # fmt: skip
    return go("/desk/ledger", said="web.said.funded")
