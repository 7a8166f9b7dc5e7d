"""Selections: criteria first, then the sealed facts, a second signature, the notice, the roll and its exports."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask import Response
from marshmallow import fields, validate

from app.honours import announcing, exporting, queries, reviewing, selecting
from app.honours.models import PURPOSES
from app.identity.actors import Actor
from app.kernel import clock
from app.kernel.http import SIGNED_IN, attachment, requires, takes_form
from app.kernel.i18n import say
from app.kernel.schemas import Day, QueryWhole, Schema, Text
from app.web.edge import Pages, go, page
from app.web.forms import Choice, Nothing
from app.web.menus import menu_of, must_enter
from app.web.scopes import regions_of

pages = Pages("selections")


class SelectionForm(Schema):
    """What is looked for, where and when."""

    title_zh = Text(60, required=True)
    purpose = Choice(PURPOSES, required=True)
    approval_number = Text(60, load_default=None)
    region_code = fields.String(required=True, validate=validate.Regexp(r"^[0-9]{2,20}\Z"))
    period_start_on = Day(required=True)
    period_end_on = Day(required=True)
    seats = QueryWhole(1, 1000, required=True)
    minimum_hours = QueryWhole(0, 2000, required=True)
    hours_weight = QueryWhole(1, 100, required=True)
    reports_weight = QueryWhole(1, 100, required=True)


class DecisionForm(Schema):
    """In or out, and why."""

    decision = Choice(("in", "out"), required=True)
    reason = Text(200, required=True)


@pages.get("/desk/honours")
@requires(SIGNED_IN)
def selections(by: Actor) -> str:
    """The selections of one's regions"""
    must_enter(by, "honours")
    found = queries.selections_of(by).items
    return page(
        "desk/honours.html",
        selections=found, regions=regions_of(by, "selection.run"), can_run=by.holds("selection.run"),
        purposes=[(each, say(f"web.honours.purpose-{each}")) for each in PURPOSES], menu=menu_of(by),
    )  # fmt: skip


@pages.post("/desk/honours", again=selections, blame={"selection-period-wrong": "period_end_on"})
@requires("selection.run")
@takes_form(SelectionForm)
def create(
    title_zh: str,
    purpose: str,
    approval_number: str | None,
    region_code: str,
    period_start_on: date,
    period_end_on: date,
    seats: int,
    minimum_hours: int,
    hours_weight: int,
    reports_weight: int,
    by: Actor,
) -> Response:
    """Write the criteria down before anybody's figures are seen"""
    criteria = {
        "seats": seats,
        "eligibility": {"enrolled_days": 0, "minimum_minutes": minimum_hours * 60},
        "components": [
            {"source": "hours.proven", "weight": hours_weight, "cap": 6000},
            {"source": "reports.resolved", "weight": reports_weight, "cap": 50},
        ],
        "tie_break": ["hours.proven", "reports.resolved"],
    }
    made = selecting.create_selection(
        title_zh=title_zh, region_code=region_code, purpose=purpose, approval_number=approval_number,
        period_start_on=period_start_on, period_end_on=period_end_on, criteria=criteria, by=by, at=clock.now(),
    )  # fmt: skip
    return go(f"/desk/honours/{made.id}", said="web.said.selection-made")


@pages.get("/desk/honours/<uuid:selection_id>")
@requires(SIGNED_IN)
def selection(selection_id: UUID, by: Actor) -> str:
    """One selection: five steps, the candidates, what comes next"""
    must_enter(by, "honours")
    found = queries.selection_for(selection_id, by)
    shown = queries.candidates(selection_id, by) if found.state != "draft" else []
    return page(
        "desk/selection.html",
        selection=found, criteria=queries.criteria_of(found), candidates=shown, menu=menu_of(by),
        can_run=by.holds("selection.run"), can_review=by.holds("selection.review") and by.person_id != found.created_by,
        can_export=by.holds("honours.export") and found.state in ("reviewed", "notice", "final"),
    )  # fmt: skip


@pages.post("/desk/honours/<uuid:selection_id>/run", again=selection)
@requires("selection.run")
@takes_form(Nothing)
def run(selection_id: UUID, by: Actor) -> Response:
    """Seal the facts and put candidates in order"""
    selecting.run_selection(selection_id=selection_id, by=by, at=clock.now())
    return go(f"/desk/honours/{selection_id}", said="web.said.selection-run")


@pages.post("/desk/honours/<uuid:selection_id>/candidates/<uuid:candidate_id>", again=selection)
@requires("selection.review")
@takes_form(DecisionForm)
def decide(selection_id: UUID, candidate_id: UUID, decision: str, reason: str, by: Actor) -> Response:
    """Take a candidate in or out"""
    reviewing.decide(
        selection_id=selection_id,
        candidate_id=candidate_id,
        decision=decision,
        reason=reason,
        by=by,
        at=clock.now(),
    )
    return go(f"/desk/honours/{selection_id}", said="web.said.decided")


@pages.post("/desk/honours/<uuid:selection_id>/sign", again=selection)
@requires("selection.review")
@takes_form(Nothing)
def sign(selection_id: UUID, by: Actor) -> Response:
    """The second person's signature"""
    reviewing.sign(selection_id=selection_id, by=by, at=clock.now())
    return go(f"/desk/honours/{selection_id}", said="web.said.signed")


@pages.post("/desk/honours/<uuid:selection_id>/notice", again=selection)
@requires("selection.run")
@takes_form(Nothing)
def notice(selection_id: UUID, by: Actor) -> Response:
    """Five working days of public notice"""
    announcing.open_notice(selection_id=selection_id, by=by, at=clock.now())
    return go(f"/desk/honours/{selection_id}", said="web.said.notice-opened")


@pages.post("/desk/honours/<uuid:selection_id>/final", again=selection)
@requires("selection.run")
@takes_form(Nothing)
def finalise(selection_id: UUID, by: Actor) -> Response:
    """The roll, once the notice has run"""
    announcing.finalise(selection_id=selection_id, by=by, at=clock.now())
    return go(f"/desk/honours/{selection_id}", said="web.said.finalised")


@pages.get("/desk/honours/<uuid:selection_id>/roll.<kind>", write=True)
@requires("honours.export")
def export(selection_id: UUID, kind: str, by: Actor) -> Response:
    """The roll as a file; every export leaves a trace"""
    make = exporting.roll_csv if kind == "csv" else exporting.roll_xlsx
    made = make(selection_id=selection_id, by=by, at=clock.now())
    return attachment(made.data, made.media_type, made.filename)
