"""Shapes of rules, rule sets and awards. A rule that could not be judged is refused with words a clerk understands."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from app.kernel.i18n import say
from app.kernel.schemas import Day, Instant, Points, Schema, Text, Whole
from app.rules import rulebook
from app.rules.explaining import cut_in_words, explain
from app.rules.kinds import KINDS
from app.rules.kinds.shape import MAX_CHOICES, OPERATORS, FactKind
from app.rules.models import CAMPAIGN_KINDS
from app.rules.queries import rules_of
from app.rules.sentences import condition_in_words, rule_in_words

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


class OpenRuleSet(Schema):
    """A rule set for a region."""

    region_code = fields.String(required=True, validate=REGION_CODE)
    title_zh = Text(60, required=True)
    title_en = Text(120, required=True)
    starts_on = Day(load_default=None, allow_none=True)
    ends_on = Day(load_default=None, allow_none=True)


class EndRuleSet(Schema):
    """The last day of its period."""

    ends_on = Day(required=True)


class Publish(Schema):
    """From when the version counts: now (nothing given) or later."""

    starts_at = Instant(load_default=None, allow_none=True)


class Retire(Schema):
    """Until when the version counts: now (nothing given) or later."""

    ends_at = Instant(load_default=None, allow_none=True)


class DryRunIn(Schema):
    """Over which past days, both included."""

    from_on = Day(required=True)
    until_on = Day(required=True)


class ExampleIn(Schema):
    """A made-up fact: what, who (a number of your own), when, where, and its own fields."""

    fact = fields.String(required=True, validate=validate.OneOf(sorted(KINDS)))
    rider = Whole(0, 1000, load_default=0)
    happened_at = Instant(required=True)
    region_code = fields.String(required=True, validate=REGION_CODE)
    fields_ = fields.Dict(keys=Text(40), values=ConditionValue(), load_default=dict, data_key="fields")

    @ma.validates_schema
    def _must_fit_its_kind(self, data: dict[str, Any], **_: Any) -> None:
        kind = KINDS[data["fact"]]
        problems = {
            name: [say("rules.problem.value", choices=kind.fields[name].possible)]
            if name in kind.fields
            else [say("rules.problem.field", fields=", ".join(kind.fields))]
            for name, value in data["fields_"].items()
            if name not in kind.fields or not kind.fields[name].takes(value)
        }
        if problems:
            raise ma.ValidationError({"fields": problems})


class ExamplesIn(Schema):
    """Up to a hundred made-up facts, in the order in which they happen."""

    facts = fields.List(fields.Nested(ExampleIn), required=True, validate=validate.Length(1, 100))


class DeclareCampaign(Schema):
    """Bad weather or an emergency: where, from when (now, if nothing is said), until when, in which words."""

    region_code = fields.String(required=True, validate=REGION_CODE)
    kind = fields.String(required=True, validate=validate.OneOf(CAMPAIGN_KINDS))
    title_zh = Text(60, required=True)
    title_en = Text(120, required=True)
    starts_at = Instant(load_default=None, allow_none=True)
    ends_at = Instant(required=True)


# --- going out -----------------------------------------------------------------------------------------------------


class RuleRead(Schema):
    """A rule as a sentence, and as data."""

    key = fields.String(required=True)
    fact = fields.String(required=True)
    name = fields.Function(lambda rule: rule.words_in(), required=True)
    sentence = fields.Function(rule_in_words, required=True)
    conditions = fields.Function(
        lambda rule: [condition_in_words(rule.fact, each) for each in rule.when], required=True
    )
    usable = fields.String(required=True)
    usable_after_days = fields.Integer(required=True, allow_none=True)
    expires_after_days = fields.Integer(required=True, allow_none=True)


class VersionRead(Schema):
    """A version of a rule set."""

    id = fields.UUID(required=True)
    rule_set_id = fields.UUID(required=True)
    number = fields.Integer(required=True)
    state = fields.String(required=True)
    starts_at = fields.AwareDateTime(required=True, allow_none=True)
    ends_at = fields.AwareDateTime(required=True, allow_none=True)
    written_at = fields.AwareDateTime(required=True)
    reviewed_at = fields.AwareDateTime(required=True, allow_none=True)
    published_at = fields.AwareDateTime(required=True, allow_none=True)
    sentences = fields.Method("_sentences", required=True)

    def _sentences(self, version: Any) -> list[Any]:
        return list(RuleRead(many=True).dump(rules_of(version)))


class VersionWithRulesRead(VersionRead):
    """The same, with the rules as data for the editor."""

    rules = fields.List(fields.Dict(keys=fields.String()), required=True)


class RuleSetRead(Schema):
    """A rule set and its version in force, null while there is none."""

    id = fields.UUID(required=True, attribute="rule_set.id")
    region_code = fields.String(required=True, attribute="rule_set.region_code")
    title = fields.String(required=True, attribute="rule_set.title")
    starts_on = fields.Date(required=True, attribute="rule_set.starts_on")
    ends_on = fields.Date(required=True, allow_none=True, attribute="rule_set.ends_on")
    version = fields.Nested(VersionRead, required=True, allow_none=True)


class AwardRead(Schema):
    """An award and why: the facts, the version, the arithmetic, the caps that cut it, and one sentence."""

    id = fields.UUID(required=True)
    fact_kind = fields.String(required=True)
    fact_id = fields.UUID(required=True)
    rule_key = fields.String(required=True)
    version_number = fields.Integer(required=True, attribute="version.number")
    version_id = fields.UUID(required=True)
    points = fields.Integer(required=True)
    state = fields.String(required=True)
    usable = fields.Boolean(required=True, attribute="is_usable")
    awarded_at = fields.AwareDateTime(required=True)
    facts = fields.Dict(keys=fields.String(), required=True)
    arithmetic = fields.Function(lambda award: award.explanation["arithmetic"], required=True)
    caps_that_cut = fields.Function(
        lambda award: [cut_in_words(cut) for cut in award.explanation["cuts"]], required=True
    )
    why = fields.Function(explain, required=True)


class FactAwardRead(Schema):
    """What a fact gave: its awards, or the reason for none."""

    fact_kind = fields.String(required=True)
    fact_id = fields.UUID(required=True)
    happened_at = fields.AwareDateTime(required=True)
    points = fields.Integer(required=True)
    awards = fields.List(fields.Nested(AwardRead), required=True)
    why_not = fields.String(required=True, allow_none=True)
    why = fields.String(required=True)


class DryRunRead(Schema):
    """What a version would have given over a past period."""

    id = fields.UUID(required=True)
    version_id = fields.UUID(required=True)
    from_on = fields.Date(required=True)
    until_on = fields.Date(required=True)
    asked_at = fields.AwareDateTime(required=True)
    result = fields.Dict(keys=fields.String(), required=True, allow_none=True)


class GivenRead(Schema):
    """What a rule gave for a made-up fact, and how much caps took."""

    rule = fields.String(required=True)
    points = fields.Integer(required=True)
    cut = fields.Integer(required=True)


class ExampleRead(Schema):
    """What a made-up fact would give."""

    points = fields.Integer(required=True)
    rules = fields.List(fields.Nested(GivenRead), required=True)


class CampaignRead(Schema):
    """A declared campaign."""

    id = fields.UUID(required=True)
    region_code = fields.String(required=True)
    kind = fields.String(required=True)
    title = fields.String(required=True)
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
