"""The rule editor: rules as sentences, a draft as a form, review and publication by a second person."""

from __future__ import annotations

import copy
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import Response, request

from app.identity.actors import Actor
from app.kernel import clock
from app.kernel.errors import Invalid
from app.kernel.http import requires, takes_form
from app.kernel.schemas import Day, Schema
from app.rules import drafting, queries, trying
from app.rules.models import RuleSetVersion
from app.rules.sentences import rule_in_words
from app.web.edge import Pages, go, page
from app.web.forms import Nothing
from app.web.menus import menu_of

pages = Pages("rule-desk")


@pages.get("/desk/rules")
@requires("ledger.read")
def rule_sets(by: Actor) -> str:
    """Every rule set and its versions"""
    sets = [(each, queries.versions_of(each.rule_set.id, by)) for each in queries.in_force(clock.now())]
    return page("desk/rules.html", sets=sets, menu=menu_of(by))


@pages.get("/desk/rules/<uuid:version_id>")
@requires("ledger.read")
def version(version_id: UUID, by: Actor) -> str:
    """One version in sentences; a draft of one's own as a form"""
    found = queries.visible_version(version_id, by)
    today = clock.city_day(clock.now())
    return page(
        "desk/rules_version.html", from_on=today - timedelta(days=30), until_on=today,
        version=found, sentences=[rule_in_words(each) for each in queries.rules_of(found)], menu=menu_of(by),
        can_edit=by.holds("rules.edit") and found.state in ("draft", "tried"),
        can_review=by.holds("rules.review") and found.written_by != by.person_id,
    )  # fmt: skip


@pages.post("/desk/rules/<uuid:version_id>/draft", again=version)
@requires("rules.edit")
@takes_form(Nothing)
def draft(version_id: UUID, by: Actor) -> Response:
    """A new draft that starts from this version"""
    before = queries.visible_version(version_id, by)
    made = drafting.draft_version(rule_set_id=before.rule_set_id, rules=before.rules, by=by, at=clock.now())
    return go(f"/desk/rules/{made.id}", said="web.said.draft-made")


class _Numbers(Nothing):
    """Points and daily caps by rule: `points-0`, `cap-0-0` …; which there are depends on the draft."""

    class Meta:
        unknown = "include"


@pages.post("/desk/rules/<uuid:version_id>/change", again=version)
@requires("rules.edit")
@takes_form(_Numbers)
def change(version_id: UUID, by: Actor, **_: Any) -> Response:
    """Change what the rules of a draft are worth"""
    found = queries.visible_version(version_id, by)
    drafting.change_draft(version_id=version_id, rules=_changed(found), by=by, at=clock.now())
    return go(f"/desk/rules/{version_id}", said="web.said.draft-changed")


def _changed(found: RuleSetVersion) -> list[dict[str, Any]]:
    rules = copy.deepcopy(list(found.rules))
    for number, rule in enumerate(rules):
        if "points" in rule["points"]:
            rule["points"]["points"] = _whole(f"points-{number}", rule["points"]["points"])
        for place, cap in enumerate(rule.get("caps") or []):
            for what in ("points", "times"):
                if cap.get(what) is not None:
                    cap[what] = _whole(f"cap-{number}-{place}", cap[what])
    return rules


def _whole(name: str, before: int) -> int:
    text = request.form.get(name, str(before)).strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise Invalid(fields={name: ["field.not-a-number"]})
    return int(text)


class DryRunForm(Schema):
    """Over which past days."""

    from_on = Day(required=True)
    until_on = Day(required=True)


@pages.post("/desk/rules/<uuid:version_id>/dry-run", again=version)
@requires("ledger.read")
@takes_form(DryRunForm)
def dry_run(version_id: UUID, from_on: date, until_on: date, by: Actor) -> Response:
    """What these rules would have given in a past period"""
    trying.dry_run(version_id=version_id, from_on=from_on, until_on=until_on, by=by, at=clock.now())
    return go(f"/desk/rules/{version_id}", said="web.said.rules-tried")


@pages.post("/desk/rules/<uuid:version_id>/review", again=version)
@requires("rules.review")
@takes_form(Nothing)
def review(version_id: UUID, by: Actor) -> Response:
    """A second person has read it"""
    drafting.review(version_id=version_id, by=by, at=clock.now())
    return go(f"/desk/rules/{version_id}", said="web.said.rules-reviewed")


@pages.post("/desk/rules/<uuid:version_id>/publish", again=version)
@requires("rules.review")
@takes_form(Nothing)
def publish(version_id: UUID, by: Actor) -> Response:
    """In force from now on; what was given stays as it was given"""
    drafting.publish(version_id=version_id, by=by, at=clock.now())
    return go(f"/desk/rules/{version_id}", said="web.said.rules-published")
