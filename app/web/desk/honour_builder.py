"""Setting a selection up in five steps. What was typed travels along in the form, so nothing is kept until it is whole.

Each step is checked when it is left; back and forth loses nothing, also by the browser's own button, and no script is
needed.
"""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, request
from marshmallow import ValidationError, fields, validate

from app.honours import selecting
from app.honours.combining import RULES
from app.honours.models import PURPOSES
from app.honours.scoring import GROUPS, TIES
from app.identity.actors import Actor
from app.kernel import clock
from app.kernel.answering import load
from app.kernel.http import requires, takes_form
from app.kernel.i18n import say
from app.kernel.schemas import Day, Line, QueryWhole, Schema
from app.places.queries import full_name
from app.web.desk.honour_choices import (
    DEFAULT_TIES,
    FINER,
    LEAST,
    MAIN,
    NO_TIE,
    TIE_FIELDS,
    components_of,
    groups,
    looked_at,
    name_of,
    quotas_of,
    ties,
    ties_looked_at,
    ties_of,
)
from app.web.edge import Pages, faults_of_request, go, once, page
from app.web.forms import Choice
from app.web.menus import menu_of
from app.web.scopes import regions_of

pages = Pages("selection-builder")


def _is_group(text: str) -> None:
    by, _, group = text.partition(":")
    if by not in GROUPS or not 0 < len(group) <= 30:
        raise ValidationError("field.wrong-form")


class _Told(Schema):
    """What is looked for, where and when."""

    title_zh = Line(60, required=True)
    title_en = Line(120, load_default=None)
    purpose = Choice(PURPOSES, required=True)
    approval_number = Line(60, load_default=None)
    region_code = fields.String(required=True, validate=validate.Regexp(r"^[0-9]{2,20}\Z"))
    period_start_on = Day(required=True)
    period_end_on = Day(required=True)
    seats = QueryWhole(1, 1000, required=True)
    minimum_hours = QueryWhole(0, 2000, required=True)
    enrolled_days = QueryWhole(0, 3650, load_default=30)
    training_hours = QueryWhole(0, 200, load_default=0)
    most_of_a_district = QueryWhole(1, 1000, load_default=None)
    most_of_a_platform = QueryWhole(1, 1000, load_default=None)
    marks_rule = Choice(RULES, load_default="mean")
    minimum_marks = QueryWhole(1, 20, load_default=2)
    pass_mark = QueryWhole(0, 100, load_default=60)


SelectionForm = _Told.from_dict(
    {
        **{each.field: QueryWhole(0, 100, load_default=0) for each in (*MAIN, *FINER)},
        **{name: Choice((*TIES, NO_TIE), load_default=None) for name in TIE_FIELDS},
        **{name: fields.String(load_default=None, validate=_is_group) for name, _ in LEAST},
        **{name: QueryWhole(1, 1000, load_default=None) for _, name in LEAST},
    },
    name="SelectionForm",
)

# Which fields each step asks for: what it is, when and how many, who may be in it, what counts, who judges.
STEPS = (
    ("title_zh", "title_en", "purpose", "approval_number", "region_code"),
    (
        *("period_start_on", "period_end_on", "seats", "most_of_a_district", "most_of_a_platform"),
        *(name for pair in LEAST for name in pair),
    ),
    ("minimum_hours", "enrolled_days", "training_hours"),
    (*(each.field for each in (*MAIN, *FINER)), *TIE_FIELDS),
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
def build(by: Actor) -> Response:
    """The first step, or the one that has a fault"""
    faulty = [number for number, names in enumerate(STEPS, 1) if faults_of_request() & set(names)]
    return _turned(faulty[0] if faulty else 1, by)


@pages.post("/desk/honours/new", again=build, blame={"selection-period-wrong": "period_end_on"})
@requires("selection.run")
@takes_form(BuilderForm)
def turn(by: Actor, step: int, to: str, **typed: str) -> Response:
    """A step on or back, nothing kept yet"""
    if to == "back":
        return _turned(max(1, step - 1), by)
    filled = {name: text for name, text in typed.items() if text}
    here = STEPS[step - 1]
    checked = load(SelectionForm(only=here), {name: filled[name] for name in here if name in filled})
    if "purpose" in checked:
        selecting.must_be_approved(checked["purpose"], checked["approval_number"])
    if "period_start_on" in checked:
        selecting.must_be_a_period(checked["period_start_on"], checked["period_end_on"])
        quotas_of(checked)
    ties_of(checked)
    return _turned(min(step + 1, len(STEPS)), by)


@pages.post("/desk/honours/new/made", again=build, blame={"selection-period-wrong": "period_end_on"})
@requires("selection.run")
@once
@takes_form(BuilderForm)
def create(by: Actor, step: int, to: str, **typed: str) -> Response:
    """The criteria are written down, before anybody's figures are seen"""
    whole = load(SelectionForm(), {name: text for name, text in typed.items() if text})
    selecting.must_be_a_period(whole["period_start_on"], whole["period_end_on"])
    quotas_of(whole)
    ties_of(whole)
    made = selecting.create_selection(
        **{each: whole[each] for each in TOLD}, criteria=_criteria(whole), by=by, at=clock.now()
    )
    return go(f"/desk/honours/{made.id}", said="web.said.selection-made")


def _turned(number: int, by: Actor) -> Response:
    """A step, which the browser keeps: it cannot go back to the answer to a form that it did not keep."""
    response = make_response(_step(number, by))
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _step(number: int, by: Actor) -> str:
    purposes = [(each, say(f"web.honours.purpose-{each}")) for each in PURPOSES]
    return page(
        "desk/selection_new.html",
        step=number, steps=len(STEPS), asked=STEPS[number - 1], names=NAMES, regions=regions_of(by, "selection.run"),
        purposes=purposes, purpose=dict(purposes).get(request.form.get("purpose", ""), ""),
        rules=[(each, say(f"web.honours.rule-{each}")) for each in RULES], menu=menu_of(by),
        region=_region_words() if number == len(STEPS) else "",
        looked_at=looked_at(request.form) if number == len(STEPS) else (),
        ties_looked_at=ties_looked_at(request.form) if number == len(STEPS) else (),
        main=[(each, name_of(each)) for each in MAIN], finer=[(each, name_of(each)) for each in FINER],
        tie_fields=list(zip(TIE_FIELDS, DEFAULT_TIES, strict=True)), ties=ties(), least=LEAST, no_tie=NO_TIE,
        groups=groups(request.form.get("region_code", "")) if number == 2 else (),
    )  # fmt: skip


def _region_words() -> str:
    code = request.form.get("region_code", "")
    return full_name(code) if code else ""


def _criteria(filled: dict[str, Any]) -> dict[str, Any]:
    """The form's figures as criteria; whoever needs more writes them through the API."""
    return {
        "seats": filled["seats"],
        "eligibility": {
            "enrolled_days": filled["enrolled_days"],
            "minimum_minutes": filled["minimum_hours"] * 60,
            "training_minutes": filled["training_hours"] * 60,
        },
        "components": components_of(filled),
        "tie_break": ties_of(filled) or list(DEFAULT_TIES),
        "quotas": quotas_of(filled),
        "review": {
            "rule": filled["marks_rule"],
            "minimum_marks": filled["minimum_marks"],
            "pass_mark": filled["pass_mark"],
        },
    }
