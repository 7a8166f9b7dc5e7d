"""Setting a selection up in five steps. What was typed travels along in the form, so nothing is kept until it is whole.

Each step is checked when it is left; back and forth loses nothing, and no script is needed.
"""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, request
from marshmallow import fields, validate

from app.honours import selecting
from app.honours.combining import RULES
from app.honours.models import PURPOSES
from app.identity.actors import Actor
from app.kernel import clock
from app.kernel.http import load, requires, takes_form
from app.kernel.i18n import say
from app.kernel.schemas import Day, QueryWhole, Schema, Text
from app.places.queries import full_name
from app.web.edge import Pages, faults_of_request, go, page
from app.web.forms import Choice
from app.web.menus import menu_of
from app.web.scopes import regions_of

pages = Pages("selection-builder")


class SelectionForm(Schema):
    """What is looked for, where and when."""

    title_zh = Text(60, required=True)
    title_en = Text(120, load_default=None)
    purpose = Choice(PURPOSES, required=True)
    approval_number = Text(60, load_default=None)
    region_code = fields.String(required=True, validate=validate.Regexp(r"^[0-9]{2,20}\Z"))
    period_start_on = Day(required=True)
    period_end_on = Day(required=True)
    seats = QueryWhole(1, 1000, required=True)
    minimum_hours = QueryWhole(0, 2000, required=True)
    enrolled_days = QueryWhole(0, 3650, load_default=30)
    training_hours = QueryWhole(0, 200, load_default=0)
    hours_weight = QueryWhole(0, 100, required=True)
    reports_weight = QueryWhole(0, 100, required=True)
    rescue_weight = QueryWhole(0, 100, load_default=0)
    breadth_weight = QueryWhole(0, 100, load_default=0)
    most_of_a_district = QueryWhole(1, 1000, load_default=None)
    most_of_a_platform = QueryWhole(1, 1000, load_default=None)
    marks_rule = Choice(RULES, load_default="mean")
    minimum_marks = QueryWhole(1, 20, load_default=2)
    pass_mark = QueryWhole(0, 100, load_default=60)


# Which fields each step asks for: what it is, when and how many, who may be in it, what counts, who judges.
STEPS = (
    ("title_zh", "title_en", "purpose", "approval_number", "region_code"),
    ("period_start_on", "period_end_on", "seats", "most_of_a_district", "most_of_a_platform"),
    ("minimum_hours", "enrolled_days", "training_hours"),
    ("hours_weight", "reports_weight", "rescue_weight", "breadth_weight"),
    ("marks_rule", "minimum_marks", "pass_mark"),
)
NAMES = tuple(name for names in STEPS for name in names)
TOLD = (
    "title_zh",
    "title_en",
    "region_code",
    "purpose",
    "approval_number",
    "period_start_on",
    "period_end_on",
)


class StepForm(Schema):
    """Where somebody is and wants to go."""

    step = QueryWhole(1, len(STEPS), required=True)
    to = Choice(("on", "back"), load_default="on")


BuilderForm = StepForm.from_dict(
    {name: fields.String(load_default="", validate=validate.Length(max=300)) for name in NAMES},
    name="BuilderForm",
)


@pages.get("/desk/honours/new")
@requires("selection.run")
def build(by: Actor) -> str:
    """The first step, or the one that has a fault"""
    faulty = [number for number, names in enumerate(STEPS, 1) if faults_of_request() & set(names)]
    return _step(faulty[0] if faulty else 1, by)


@pages.post("/desk/honours/new", again=build, blame={"selection-period-wrong": "period_end_on"})
@requires("selection.run")
@takes_form(BuilderForm)
def turn(by: Actor, step: int, to: str, **typed: str) -> Response:
    """A step on or back; after the last the criteria are written down, before anybody's figures are seen"""
    if to == "back":
        return make_response(_step(max(1, step - 1), by))
    filled = {name: text for name, text in typed.items() if text}
    here = STEPS[step - 1]
    checked = load(SelectionForm(only=here), {name: filled[name] for name in here if name in filled})
    if "period_start_on" in checked:
        selecting.must_be_a_period(checked["period_start_on"], checked["period_end_on"])
    if step < len(STEPS):
        return make_response(_step(step + 1, by))
    whole = load(SelectionForm(), filled)
    made = selecting.create_selection(
        **{each: whole[each] for each in TOLD}, criteria=_criteria(whole), by=by, at=clock.now()
    )
    return go(f"/desk/honours/{made.id}", said="web.said.selection-made")


def _step(number: int, by: Actor) -> str:
    return page(
        "desk/selection_new.html",
        step=number, steps=len(STEPS), asked=STEPS[number - 1], names=NAMES, regions=regions_of(by, "selection.run"),
        purposes=[(each, say(f"web.honours.purpose-{each}")) for each in PURPOSES],
        rules=[(each, say(f"web.honours.rule-{each}")) for each in RULES], menu=menu_of(by),
        region=_region_words() if number == len(STEPS) else "",
    )  # fmt: skip


def _region_words() -> str:
    code = request.form.get("region_code", "")
    return full_name(code) if code else ""


# What the form can weigh: (field, source, the figure at which more adds nothing).
WEIGHED = (
    ("hours_weight", "hours.proven", 6000),
    ("hours_weight", "hours.witnessed", 6000),
    ("reports_weight", "reports.resolved", 50),
    ("rescue_weight", "callups.rescue", 10),
    ("breadth_weight", "breadth.categories", 7),
)


def _criteria(filled: dict[str, Any]) -> dict[str, Any]:
    """The form's figures as criteria; whoever needs more writes them through the API."""
    components = [
        {"source": source, "weight": filled[weight], "cap": cap}
        for weight, source, cap in WEIGHED
        if filled[weight]
    ]
    quotas = [
        {"by": by, "group": None, "at_least": 0, "at_most": filled[f"most_of_a_{by}"]}
        for by in ("district", "platform")
        if filled[f"most_of_a_{by}"]
    ]
    return {
        "seats": filled["seats"],
        "eligibility": {
            "enrolled_days": filled["enrolled_days"],
            "minimum_minutes": filled["minimum_hours"] * 60,
            "training_minutes": filled["training_hours"] * 60,
        },
        "components": components,
        "tie_break": ["hours.proven", "reports.resolved", "enrolled_days"],
        "quotas": quotas,
        "review": {
            "rule": filled["marks_rule"],
            "minimum_marks": filled["minimum_marks"],
            "pass_mark": filled["pass_mark"],
        },
    }
