"""The shape of a rule. One that could not be judged is refused with words a clerk understands, the field named."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from app.kernel.i18n import say
from app.kernel.schemas import Points, Schema, Text, Whole
from app.rules import rulebook
from app.rules.kinds import KINDS
from app.rules.kinds.shape import MAX_CHOICES, OPERATORS, FactKind

MAX_RULES, MAX_CONDITIONS, MAX_CAPS, MAX_TIERS = 50, 10, 5, 10
REGION_CODE = validate.Regexp(r"^[0-9]{2,20}\Z")
KEY = validate.Regexp(r"^R-[0-9]{2,3}\Z")
OPS = sorted({op for ops in OPERATORS.values() for op in ops})


class ConditionValue(fields.Field[Any]):
    """A text, a whole number, true or false, or a short list of texts or numbers; which, the field decides."""

    def __init__(self, **kwargs: Any) -> None:
        one: list[dict[str, Any]] = [
            {"type": "string", "maxLength": 40},
            {"type": "integer"},
            {"type": "boolean"},
        ]
        several = {"type": "array", "minItems": 1, "maxItems": MAX_CHOICES, "items": {"anyOf": one[:2]}}
        super().__init__(metadata={"anyOf": [*one, several]}, **kwargs)


class Condition(Schema):
    """`field op value`; the fields of a fact kind are in the registry of kinds."""

    field = Text(40, required=True)
    op = fields.String(required=True, validate=validate.OneOf(OPS))
    value = ConditionValue(required=True)


class Tier(Schema):
    """From this amount on, so many points."""

    at_least = Whole(0, 1_000_000, required=True)
    points = Points(required=True)


class Worth(Schema):
    """How many points a rule gives. A multiplier adds to what other rules gave for the same fact."""

    kind = fields.String(required=True, validate=validate.OneOf(rulebook.WORTHS))
    points = Points()
    field = Text(40)
    unit = Whole(1, 100_000)
    tiers = fields.List(fields.Nested(Tier), validate=validate.Length(1, MAX_TIERS))

    percent = Whole(101, 1000)
    of = fields.List(fields.String(validate=KEY), validate=validate.Length(1, MAX_RULES))

    NEEDED = {
        "fixed": {"points"},
        "per_unit": {"points", "field", "unit"},
        "tiered": {"field", "tiers"},
        "multiplier": {"percent"},
    }
    OPTIONAL = {"multiplier": {"of"}}

    @ma.validates_schema
    def _must_hold_what_its_kind_needs(self, data: dict[str, Any], **_: Any) -> None:
        needed, given = self.NEEDED[data["kind"]], set(data) - {"kind"}
        problems = {name: [say("field.required")] for name in needed - given}
        extra = given - needed - self.OPTIONAL.get(data["kind"], set())
        problems |= {name: [say("rules.problem.not-for-this-kind")] for name in extra}
        levels = [tier["at_least"] for tier in data.get("tiers", ())]
        if len(set(levels)) < len(levels):
            problems["tiers"] = [say("rules.problem.tiers-twice")]
        if problems:
            raise ma.ValidationError(problems)


class Cap(Schema):
    """At most so many points or times (one of the two) per rider, per station or for all, in a period."""

    per = fields.String(required=True, validate=validate.OneOf(rulebook.SUBJECTS))
    period = fields.String(required=True, validate=validate.OneOf(rulebook.PERIODS))
    points = Points()
    times = Whole(1, 100_000)

    @ma.validates_schema
    def _must_cap_one_thing(self, data: dict[str, Any], **_: Any) -> None:
        if ("points" in data) == ("times" in data):
            raise ma.ValidationError(say("rules.problem.cap-one-thing"), "points")


class RuleWords(Schema):
    """The rule's name as riders read it, in both languages."""

    zh = Text(60, required=True)
    en = Text(120, required=True)


class RuleIn(Schema):
    """One rule: which fact, under which conditions, how many points, capped how, usable when, in which words."""

    key = fields.String(required=True, validate=KEY)
    fact = fields.String(required=True, validate=validate.OneOf(sorted(KINDS)))
    when = fields.List(
        fields.Nested(Condition), load_default=list, validate=validate.Length(max=MAX_CONDITIONS)
    )
    points = fields.Nested(Worth, required=True)
    caps = fields.List(fields.Nested(Cap), load_default=list, validate=validate.Length(max=MAX_CAPS))
    usable = fields.String(load_default=rulebook.AT_ONCE, validate=validate.OneOf(rulebook.USABLE))
    usable_after_days = Whole(1, 366, load_default=None, allow_none=True)
    expires_after_days = Whole(1, 3650, load_default=None, allow_none=True)
    words = fields.Nested(RuleWords, required=True)

    @ma.validates_schema
    def _must_fit_its_fact(self, data: dict[str, Any], **_: Any) -> None:
        kind = KINDS[data["fact"]]
        problems = _problems_of_conditions(kind, data["when"]) | _problems_of_worth(kind, data["points"])
        if not problems and not kind.names_one_step(data["when"]):
            problems["when"] = [say("rules.problem.one-step", steps=kind.fields[kind.step or ""].possible)]
        if data["usable"] == rulebook.ON_OUTCOME and not kind.has_outcome:
            problems["usable"] = [say("rules.problem.no-outcome")]
        if (data["usable"] == rulebook.AFTER_DAYS) != (data["usable_after_days"] is not None):
            problems["usable_after_days"] = [say("rules.problem.days-for-date")]
        if not kind.has_station and any(cap["per"] == rulebook.STATION for cap in data["caps"]):
            problems["caps"] = [say("rules.problem.no-station")]
        if problems:
            raise ma.ValidationError(problems)


def _problems_of_conditions(kind: FactKind, conditions: list[dict[str, Any]]) -> dict[str, Any]:
    problems: dict[int, Any] = {}
    for number, condition in enumerate(conditions):
        field = kind.fields.get(condition["field"])
        if field is None:
            known = ", ".join(kind.fields)
            problems[number] = {"field": [say("rules.problem.field", fields=known)]}
        elif (key := field.problem_with(condition["op"], condition["value"])) is not None:
            choices = field.possible
            where = "op" if key == "rules.problem.operator" else "value"
            text = say(key, operators=", ".join(OPERATORS[field.type]), choices=choices, max=MAX_CHOICES)
            problems[number] = {where: [text]}
    return {"when": problems} if problems else {}


def _problems_of_worth(kind: FactKind, worth: dict[str, Any]) -> dict[str, Any]:
    if worth["kind"] in (rulebook.FIXED, rulebook.MULTIPLIER):
        return {}
    countable = [name for name, field in kind.fields.items() if field.unit]
    if worth["field"] in countable:
        return {}
    text = (
        say("rules.problem.countable", fields=", ".join(countable))
        if countable
        else say("rules.problem.only-fixed")
    )
    return {"points": {"field": [text]}}


class RulesIn(Schema):
    """The rules of a version, all of them."""

    rules = fields.List(fields.Nested(RuleIn), required=True, validate=validate.Length(1, MAX_RULES))

    @ma.validates_schema
    def _must_not_repeat_keys(self, data: dict[str, Any], **_: Any) -> None:
        keys = [rule["key"] for rule in data["rules"]]
        if len(set(keys)) < len(keys):
            raise ma.ValidationError(say("rules.problem.key-twice"), "rules")

    @ma.validates_schema
    def _must_multiply_rules_of_the_same_fact(self, data: dict[str, Any], **_: Any) -> None:
        possible = {
            (rule["fact"], rule["key"])
            for rule in data["rules"]
            if rule["points"]["kind"] != rulebook.MULTIPLIER
        }
        problems = {
            number: {"points": {"of": [say("rules.problem.multiplies-nothing")]}}
            for number, rule in enumerate(data["rules"])
            if any((rule["fact"], key) not in possible for key in rule["points"].get("of", ()))
            or (
                rule["points"]["kind"] == rulebook.MULTIPLIER
                and not any(fact == rule["fact"] for fact, _ in possible)
            )
        }
        if problems:
            raise ma.ValidationError({"rules": problems})
