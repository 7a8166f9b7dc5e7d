"""Shapes of rule sets, dry runs, campaigns, awards and unwinding. What a rule looks like is in `rule_schemas`."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from app.kernel.i18n import say
from app.kernel.schemas import Day, Id, Instant, Line, Schema, Text, Whole
from app.rules.explaining import cut_in_words, explain
from app.rules.kinds import KINDS
from app.rules.models import CAMPAIGN_KINDS, RUN_STATES
from app.rules.queries import rules_of
from app.rules.rule_schemas import REGION_CODE, ConditionValue
from app.rules.sentences import condition_in_words, rule_in_words
from app.rules.unwinding import SUBJECTS


class OpenRuleSet(Schema):
    """A rule set for a region."""

    region_code = fields.String(required=True, validate=REGION_CODE)
    title_zh = Line(60, required=True)
    title_en = Line(120, required=True)
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


class AskToUnwind(Schema):
    """Which fact (or whole activity) is void, and why; the rider reads the reason."""

    fact_kind = fields.String(required=True, validate=validate.OneOf(SUBJECTS))
    fact_id = Id(required=True)
    reason = Text(300, required=True)


class DecideUnwinding(Schema):
    """The second person's answer."""

    approved = fields.Boolean(required=True, truthy={True}, falsy={False})


class DeclareCampaign(Schema):
    """Bad weather or an emergency: where, from when (now, if nothing is said), until when, in which words."""

    region_code = fields.String(required=True, validate=REGION_CODE)
    kind = fields.String(required=True, validate=validate.OneOf(CAMPAIGN_KINDS))
    title_zh = Line(60, required=True)
    title_en = Line(120, required=True)
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
    """What a version would have given over a past period; while a job is at it, how far it is."""

    id = fields.UUID(required=True)
    version_id = fields.UUID(required=True)
    from_on = fields.Date(required=True)
    until_on = fields.Date(required=True)
    asked_at = fields.AwareDateTime(required=True)
    state = fields.String(required=True, validate=validate.OneOf(RUN_STATES))
    facts = fields.Integer(required=True)
    facts_read = fields.Integer(required=True)
    why = fields.String(required=True, allow_none=True)
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


class UnwindingRead(Schema):
    """A request to unwind a fact, and what was taken back."""

    id = fields.UUID(required=True)
    fact_kind = fields.String(required=True)
    fact_id = fields.UUID(required=True)
    reason = fields.String(required=True)
    state = fields.String(required=True)
    asked_at = fields.AwareDateTime(required=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)
    outcome = fields.Dict(keys=fields.String(), required=True, allow_none=True)
