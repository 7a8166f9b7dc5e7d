"""The rule desk: rules as sentences, each rule as a form, a dry run, review and publication by a second person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Response, request
from marshmallow import fields, validate

from app.identity.actors import Actor
from app.kernel import clock, problems
from app.kernel.errors import Invalid, NotFound
from app.kernel.http import requires, takes_form
from app.kernel.i18n import say
from app.kernel.schemas import Day, Line, Schema
from app.places import queries as places
from app.rules import drafting, queries, trying
from app.rules.kinds import KINDS
from app.rules.models import OPEN_STATES, RuleSetVersion
from app.rules.sentences import rule_in_words
from app.web.desk import rule_choices, rule_form
from app.web.desk.dry_run_words import alarm_words, group_words, said_day
from app.web.edge import Pages, go, once, page
from app.web.forms import CityMoment, Nothing
from app.web.menus import menu_of
from app.web.scopes import regions_of

pages = Pages("rule-desk")

Save = Callable[[list[dict[str, Any]]], RuleSetVersion]

USUAL_DRY_RUN = timedelta(days=29)


class OpenForm(Schema):
    """A rule set for a region and a period."""

    region_code = fields.String(required=True, validate=validate.Regexp(r"^[0-9]{2,20}\Z"))
    title_zh = Line(60, required=True)
    title_en = Line(120, required=True)
    starts_on = Day(load_default=None)
    ends_on = Day(load_default=None)


class EndForm(Schema):
    """The last day of a rule set's period."""

    ends_on = Day(required=True)


class DryRunForm(Schema):
    """Over which past days."""

    from_on = Day(required=True)
    until_on = Day(required=True)


class PublishForm(Schema):
    """From when; nothing means now."""

    starts_at = CityMoment(load_default=None)


class AnyFields(Schema):
    """A rule's form; which fields there are depends on the kind of fact. `rule_form` reads them."""

    class Meta:
        unknown = "include"


@pages.get("/desk/rules")
@requires("ledger.read")
def rule_sets(by: Actor) -> str:
    """Every rule set and its versions"""
    sets = [(each, queries.versions_of(each.rule_set.id, by)) for each in queries.in_force(clock.now())]
    return page(
        "desk/rules.html", sets=sets, facts=_facts(), today=clock.city_day(clock.now()), menu=menu_of(by),
        regions=regions_of(by, "rules.edit") if by.holds("rules.edit") else [], can_end=by.holds("rules.review"),
    )  # fmt: skip


@pages.post("/desk/rules", again=rule_sets, blame={"rule-set-exists": "region_code"})
@requires("rules.edit")
@takes_form(OpenForm)
def open_rule_set(by: Actor, **given: Any) -> Response:
    """A region gets a rule set for a period"""
    drafting.open_rule_set(**given, by=by, at=clock.now())
    return go("/desk/rules", said="web.said.rule-set-opened")


@pages.post("/desk/rule-sets/<uuid:rule_set_id>/end", again=rule_sets)
@requires("rules.review")
@takes_form(EndForm)
def end_rule_set(rule_set_id: UUID, ends_on: date, by: Actor) -> Response:
    """The period of a rule set ends on a day"""
    drafting.end_rule_set(rule_set_id=rule_set_id, ends_on=ends_on, by=by, at=clock.now())
    return go("/desk/rules", said="web.said.rule-set-ended")


@pages.get("/desk/rules/<uuid:version_id>")
@requires("ledger.read")
def version(version_id: UUID, by: Actor) -> str:
    """One version in sentences; an open one can be changed, tried, reviewed and published"""
    found = queries.visible_version(version_id, by)
    today = clock.city_day(clock.now())
    is_open = found.state in OPEN_STATES
    return page(
        "desk/rules_version.html",
        alarm_words=alarm_words, group_words=group_words, said_day=said_day,
        version=found, rules=[(each, rule_in_words(each)) for each in queries.rules_of(found)], facts=_facts(),
        from_on=today - USUAL_DRY_RUN, until_on=today, run=trying.latest_run(found),
        under_way=trying.run_under_way(found), menu=menu_of(by),
        can_edit=by.holds("rules.edit") and is_open, can_draft=by.holds("rules.edit"), is_open=is_open,
        can_review=by.holds("rules.review") and found.written_by != by.person_id,
    )  # fmt: skip


@pages.post("/desk/rules/<uuid:version_id>/draft", again=version)
@requires("rules.edit")
@once
@takes_form(Nothing)
def draft(version_id: UUID, by: Actor) -> Response:
    """A new draft that starts from this version"""
    before = queries.visible_version(version_id, by)
    made = drafting.draft_version(rule_set_id=before.rule_set_id, rules=before.rules, by=by, at=clock.now())
    return go(f"/desk/rules/{made.id}", said="web.said.draft-made")


# --- one rule as a form ----------------------------------------------------------------------------------------------


@pages.get("/desk/rule-sets/<uuid:rule_set_id>/new/<fact>")
@requires("rules.edit")
def first_rule(rule_set_id: UUID, fact: str, by: Actor) -> str:
    """The first rule of a wording that starts from nothing"""
    found = queries.rule_set(rule_set_id)
    return _form(f"/desk/rule-sets/{rule_set_id}/new/{fact}", found.region_code, _new(fact, []), [], by)


@pages.post("/desk/rule-sets/<uuid:rule_set_id>/new/<fact>", again=first_rule)
@requires("rules.edit")
@once
@takes_form(AnyFields)
def draft_from_nothing(rule_set_id: UUID, fact: str, by: Actor, **_: Any) -> Response:
    """A new draft with one rule"""
    at = clock.now()
    made = _checked(
        fact,
        [],
        None,
        lambda rules: drafting.draft_version(rule_set_id=rule_set_id, rules=rules, by=by, at=at),
    )
    return go(f"/desk/rules/{made.id}", said="web.said.draft-made")


@pages.get("/desk/rules/<uuid:version_id>/new/<fact>")
@requires("rules.edit")
def new_rule(version_id: UUID, fact: str, by: Actor) -> str:
    """One more rule"""
    found = queries.visible_version(version_id, by)
    path = f"/desk/rules/{version_id}/new/{fact}"
    return _form(path, found.rule_set.region_code, _new(fact, found.rules), found.rules, by, back=version_id)


@pages.post("/desk/rules/<uuid:version_id>/new/<fact>", again=new_rule)
@requires("rules.edit")
@once
@takes_form(AnyFields)
def add_rule(version_id: UUID, fact: str, by: Actor, **_: Any) -> Response:
    """One more rule in a draft"""
    found = queries.visible_version(version_id, by)
    _checked(fact, found.rules, None, lambda rules: _change(version_id, rules, by, clock.now()))
    return go(f"/desk/rules/{version_id}", said="web.said.draft-changed")


@pages.get("/desk/rules/<uuid:version_id>/rules/<key>")
@requires("rules.edit")
def rule(version_id: UUID, key: str, by: Actor) -> str:
    """A rule of a draft"""
    found = queries.visible_version(version_id, by)
    path = f"/desk/rules/{version_id}/rules/{key}"
    shown = found.rules[_place(found, key)]
    return _form(path, found.rule_set.region_code, shown, found.rules, by, back=version_id)


@pages.post("/desk/rules/<uuid:version_id>/rules/<key>", again=rule)
@requires("rules.edit")
@takes_form(AnyFields)
def change_rule(version_id: UUID, key: str, by: Actor, **_: Any) -> Response:
    """Say a rule of a draft anew"""
    found = queries.visible_version(version_id, by)
    place = _place(found, key)
    fact = found.rules[place]["fact"]
    _checked(fact, found.rules, place, lambda rules: _change(version_id, rules, by, clock.now()))
    return go(f"/desk/rules/{version_id}", said="web.said.draft-changed")


@pages.post("/desk/rules/<uuid:version_id>/rules/<key>/remove", again=rule)
@requires("rules.edit")
@takes_form(Nothing)
def remove_rule(version_id: UUID, key: str, by: Actor) -> Response:
    """Take a rule out of a draft"""
    found = queries.visible_version(version_id, by)
    place = _place(found, key)
    _change(version_id, [*found.rules[:place], *found.rules[place + 1 :]], by, clock.now())
    return go(f"/desk/rules/{version_id}", said="web.said.draft-changed")


def _facts() -> list[tuple[str, str]]:
    return [(each, say(f"rules.fact.{each}")) for each in KINDS]


def _new(fact: str, rules: Sequence[dict[str, Any]]) -> dict[str, Any]:
    if fact not in KINDS:
        raise NotFound
    return {"fact": fact, "key": rule_form.next_key(rules)}


def _place(found: RuleSetVersion, key: str) -> int:
    for place, each in enumerate(found.rules):
        if each["key"] == key:
            return place
    raise NotFound


def _form(
    path: str,
    region_code: str,
    shown: dict[str, Any],
    rules: Sequence[dict[str, Any]],
    by: Actor,
    back: UUID | None = None,
) -> str:
    kind = KINDS[shown["fact"]]
    return page(
        "desk/rule.html",
        path=path, kind=kind, value=rule_form.values_of(shown), menu=menu_of(by), is_ticked=rule_form.is_ticked,
        choices=rule_choices.choices_of(kind, places.region_path(region_code), shown), back=back,
        others=rule_choices.others(shown, rules), tiers=range(rule_form.TIERS), caps=range(rule_form.CAPS),
        counts=[(name, say(f"rules.field.{name}")) for name, each in kind.fields.items() if each.unit],
        is_new="words" not in shown,
    )  # fmt: skip


def _checked(fact: str, rules: Sequence[dict[str, Any]], place: int | None, save: Save) -> RuleSetVersion:
    """Put the rule that was sent in its place and save; a complaint names the field of the form."""
    if fact not in KINDS:
        raise NotFound
    sent = rule_form.read(request.form, fact)
    if sent.problems:
        raise Invalid(fields=sent.problems)
    place = len(rules) if place is None else place
    try:
        return save([*rules[:place], sent.rule, *rules[place + 1 :]])
    except Invalid as refused:
        raise Invalid(fields=sent.at_fields(problems.flatten(refused.fields), f"rules.{place}.")) from None


def _change(version_id: UUID, rules: list[dict[str, Any]], by: Actor, at: datetime) -> RuleSetVersion:
    return drafting.change_draft(version_id=version_id, rules=rules, by=by, at=at)


# --- trying, reviewing, publishing -----------------------------------------------------------------------------------


@pages.post("/desk/rules/<uuid:version_id>/dry-run", again=version)
@requires("ledger.read")
@takes_form(DryRunForm)
def dry_run(version_id: UUID, from_on: date, until_on: date, by: Actor) -> Response:
    """What these rules would have given in a past period"""
    run = trying.dry_run(version_id=version_id, from_on=from_on, until_on=until_on, by=by, at=clock.now())
    return go(f"/desk/rules/{version_id}", said=f"web.said.dry-run-{run.state}")


@pages.post("/desk/rules/<uuid:version_id>/dry-runs/<uuid:run_id>/cancel", again=version)
@requires("ledger.read")
@takes_form(Nothing)
def cancel_dry_run(version_id: UUID, run_id: UUID, by: Actor) -> Response:
    """Nobody needs to know any more"""
    run = trying.cancel(run_id=run_id, by=by, at=clock.now())
    return go(f"/desk/rules/{version_id}", said=f"web.said.dry-run-{run.state}")


@pages.post("/desk/rules/<uuid:version_id>/review", again=version)
@requires("rules.review")
@takes_form(Nothing)
def review(version_id: UUID, by: Actor) -> Response:
    """A second person has read it"""
    drafting.review(version_id=version_id, by=by, at=clock.now())
    return go(f"/desk/rules/{version_id}", said="web.said.rules-reviewed")


@pages.post(
    "/desk/rules/<uuid:version_id>/publish", again=version, blame={"rule-starts-in-the-past": "starts_at"}
)
@requires("rules.review")
@takes_form(PublishForm)
def publish(version_id: UUID, starts_at: datetime | None, by: Actor) -> Response:
    """In force from now or later on; what was given stays as it was given"""
    drafting.publish(version_id=version_id, starts_at=starts_at, by=by, at=clock.now())
    return go(f"/desk/rules/{version_id}", said="web.said.rules-published")


@pages.post("/desk/rules/<uuid:version_id>/retire", again=version)
@requires("rules.review")
@takes_form(Nothing)
def retire(version_id: UUID, by: Actor) -> Response:
    """No longer in force; what was given stays"""
    drafting.retire(version_id=version_id, by=by, at=clock.now())
    return go(f"/desk/rules/{version_id}", said="web.said.rules-retired")
