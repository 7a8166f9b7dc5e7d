"""Shapes of selections, candidates, rolls and consents."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from app.honours import queries
from app.honours.combining import RULES, SILENT
from app.honours.fetching import FILE_STATES
from app.honours.making import KINDS
from app.honours.models import CHOICES, FULL, IN, MASKED, OUT, PURPOSES, UNLISTED, Selection
from app.honours.queries import Roll
from app.honours.scoring import GROUPS, SOURCES, TIES
from app.honours.selecting import Told
from app.honours.standing import Standing
from app.kernel import i18n
from app.kernel.schemas import Day, Figures, Id, Line, QueryWhole, Schema, Text, Whole

WORDS = {"type": ["string", "null"]}
REGION = validate.Regexp(r"^[0-9]{2,20}\Z")


class EligibilityIn(Schema):
    """Who is considered at all."""

    enrolled_days = Whole(0, 3650, required=True)
    minimum_minutes = Whole(0, 1_000_000, required=True)
    training_minutes = Whole(0, 1_000_000, load_default=0)


class ComponentIn(Schema):
    """One part of the score: `weight * (min(value, cap) * 1000 // cap)`."""

    source = fields.String(required=True, validate=validate.OneOf(SOURCES))
    weight = Whole(1, 100, required=True)
    cap = Whole(1, 10_000_000, required=True)


class QuotaIn(Schema):
    """At least and at most so many of a group; without a group: at most so many of each."""

    by = fields.String(required=True, validate=validate.OneOf(GROUPS))
    group = Text(30, load_default=None)
    at_least = Whole(0, 1000, load_default=0)
    at_most = Whole(0, 1000, load_default=None, allow_none=True)


class ReviewRuleIn(Schema):
    """How several marks become one, how many it takes, and below which a person has to decide."""

    rule = fields.String(required=True, validate=validate.OneOf(RULES))
    minimum_marks = Whole(1, 20, load_default=1)
    pass_mark = Whole(0, 100, load_default=0)


class CriteriaIn(Schema):
    """Criteria as data."""

    seats = Whole(1, 1000, required=True)
    eligibility = fields.Nested(EligibilityIn, required=True)
    components = fields.List(
        fields.Nested(ComponentIn), required=True, validate=validate.Length(min=1, max=len(SOURCES))
    )
    tie_break = fields.List(
        fields.String(validate=validate.OneOf(TIES)),
        load_default=list,
        validate=validate.Length(max=len(TIES)),
    )
    quotas = fields.List(fields.Nested(QuotaIn), load_default=list, validate=validate.Length(max=50))
    review = fields.Nested(ReviewRuleIn, load_default=lambda: dict(SILENT))


class CriteriaVersionIn(Schema):
    """Another wording."""

    criteria = fields.Nested(CriteriaIn, required=True)


class SelectionIn(Schema):
    """A new selection."""

    title_zh = Line(60, required=True)
    title_en = Line(120, load_default=None)
    region_code = fields.String(required=True, validate=REGION)
    only_regions = fields.List(
        fields.String(validate=REGION), load_default=list, validate=validate.Length(max=50)
    )
    purpose = fields.String(required=True, validate=validate.OneOf(PURPOSES))
    approval_number = Line(60, load_default=None)
    period_start_on = Day(required=True)
    period_end_on = Day(required=True)
    criteria = fields.Nested(CriteriaIn, required=True)


class SelectionRead(Schema):
    """A selection at its desk."""

    id = fields.UUID(required=True)
    title = fields.Method("_title", required=True)
    region_code = fields.String(required=True)
    purpose = fields.String(required=True)
    period_start_on = fields.Date(required=True)
    period_end_on = fields.Date(required=True)
    criteria = fields.Method("_criteria", required=True, metadata={"type": "object"})
    regions = fields.List(fields.String(), required=True)
    criteria_sha256 = fields.String(required=True)
    criteria_number = fields.Integer(required=True, attribute="criteria_version.number")
    criteria_approved_at = fields.AwareDateTime(
        required=True, allow_none=True, attribute="criteria_version.approved_at"
    )
    state = fields.String(required=True)
    snapshot_sha256 = fields.String(required=True, allow_none=True)
    frozen_at = fields.AwareDateTime(required=True, allow_none=True)
    notice_starts_on = fields.Date(required=True, allow_none=True)
    notice_ends_on = fields.Date(required=True, allow_none=True)
    notice_ended_at = fields.AwareDateTime(required=True, allow_none=True)
    named_at = fields.AwareDateTime(required=True, allow_none=True)
    is_demo = fields.Boolean(required=True)

    def _title(self, selection: Selection) -> str:
        return i18n.pick(selection.title_zh, selection.title_en)

    def _criteria(self, selection: Selection) -> dict[str, Any]:
        return queries.criteria_of(selection)


class ScoredRead(Schema):
    """One line of a dry run."""

    pseudonym = fields.String(required=True)
    position = fields.Integer(required=True)
    score = fields.Integer(required=True)
    parts = fields.List(fields.Integer(), required=True)
    chosen = fields.Boolean(required=True)


class TrialQuery(Schema):
    """Another period to try the criteria on."""

    start_on = Day(load_default=None)
    end_on = Day(load_default=None)


class TrialRead(Schema):
    """What the criteria would give: how many have any facts, how many are eligible, the first thousand of them.

    A number of fewer than ten riders, or one that gives such a number away, is null. Then nobody is listed, or it is
    not said of each who would be chosen.
    """

    known = fields.Integer(required=True, allow_none=True)
    eligible = fields.Integer(required=True, allow_none=True)
    chosen = fields.Integer(required=True, allow_none=True)
    candidates = fields.Method(
        "_first", required=True, metadata={"type": "array", "items": {"type": "object"}}
    )

    def _first(self, trial: Told) -> Any:
        unsaid = ("chosen",) if trial.chosen is None else ()
        return ScoredRead(many=True, exclude=unsaid).dump(trial.candidates[:1000])


class CandidatesQuery(Schema):
    """Where the desk's list continues."""

    after = QueryWhole(0, load_default=0)
    limit = QueryWhole(1, 200, load_default=100)


class CandidateRead(Schema):
    """A candidate at the desk: figures and decision, no name."""

    id = fields.UUID(required=True)
    pseudonym = fields.String(required=True)
    position = fields.Integer(required=True)
    score = fields.Integer(required=True)
    values = fields.Dict(
        required=True, keys=fields.String(), values=fields.Integer(), attribute="figures.values"
    )
    parts = fields.List(fields.Integer(), required=True, attribute="figures.parts")
    decision = fields.String(required=True)
    reason = fields.String(required=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)
    consent = fields.String(required=True)


class DecisionIn(Schema):
    """In or out, and why."""

    decision = fields.String(required=True, validate=validate.OneOf((IN, OUT)))
    reason = Text(300, required=True)


class ConsentIn(Schema):
    """How one wants to be named."""

    selection_id = Id(required=True)
    choice = fields.String(required=True, validate=validate.OneOf((FULL, MASKED, UNLISTED)))
    shows_story = fields.Boolean(load_default=False)
    shows_photo = fields.Boolean(load_default=False)


class ConsentRead(Schema):
    """How one is named on one roll."""

    selection_id = fields.UUID(required=True)
    consent = fields.String(required=True, validate=validate.OneOf(CHOICES))
    shows_story = fields.Boolean(required=True)
    shows_photo = fields.Boolean(required=True)
    consented_at = fields.AwareDateTime(required=True, allow_none=True)


class PublicSelectionRead(Schema):
    """A selection as everybody may see it."""

    id = fields.UUID(required=True)
    title = fields.Method("_title", required=True)
    region_code = fields.String(required=True)
    purpose = fields.String(required=True)
    state = fields.String(required=True)
    period_start_on = fields.Date(required=True)
    period_end_on = fields.Date(required=True)
    notice_starts_on = fields.Date(required=True, allow_none=True)
    notice_ends_on = fields.Date(required=True, allow_none=True)
    contact_phone = fields.String(required=True, allow_none=True)
    contact_place = fields.Function(lambda found: found.told_place, required=True, metadata=WORDS)
    contact_hours = fields.Function(lambda found: found.told_hours, required=True, metadata=WORDS)

    def _title(self, selection: Selection) -> str:
        return i18n.pick(selection.title_zh, selection.title_en)


class NoticeIn(Schema):
    """Where to object: by telephone, at which address, when."""

    contact_phone = Figures(40, min_length=3, required=True)
    contact_place = Text(120, required=True)
    contact_hours = Text(120, required=True)
    contact_place_en = Text(120, load_default=None)
    contact_hours_en = Text(120, load_default=None)
    working_days = Whole(5, 30, load_default=5)


class RollRead(Schema):
    """A public list. Its order says nothing."""

    selection = fields.Nested(PublicSelectionRead, required=True)
    names = fields.Method("_names", required=True, metadata={"type": "array", "items": {"type": "string"}})
    unlisted = fields.Integer(
        required=True,
        allow_none=True,
        attribute="unlisted_told",
        metadata={"description": "null: fewer than ten"},
    )

    def _names(self, roll: Roll) -> list[str]:
        return [each.name for each in roll.listed]


class StandingRead(Schema):
    """One's own figures and what was needed."""

    selection = fields.Nested(PublicSelectionRead, required=True)
    values = fields.Dict(required=True, keys=fields.String(), values=fields.Integer())
    parts = fields.List(fields.Integer(), required=True)
    score = fields.Integer(required=True)
    cut_off = fields.Integer(required=True, allow_none=True)
    chosen = fields.Boolean(required=True)
    is_of_now = fields.Boolean(required=True)
    why = fields.Method("_why", required=True, metadata={"type": "string"})

    def _why(self, standing: Standing) -> str:
        key = f"honours.why.{standing.why}"
        return i18n.say(key) if i18n.has(key) else standing.why


class RevokeIn(Schema):
    """Why an honour is taken back."""

    reason = Text(300, required=True)


class SignatureIn(Schema):
    """The record of the deciding meeting."""

    meeting = Text(4000, min_length=0, load_default="")


class ObjectionIn(Schema):
    """What is wrong, with whom on the list or with the list."""

    pseudonym = Text(20, load_default=None, allow_none=True)
    words = Text(1000, required=True)


class ObjectionRead(Schema):
    """The case that was opened."""

    id = fields.UUID(required=True)
    number = fields.String(required=True)
    accept_by = fields.AwareDateTime(required=True)


class ExportIn(Schema):
    """What is wanted and why; `personal` adds telephone numbers, masked without consent."""

    kind = fields.String(required=True, validate=validate.OneOf(tuple(KINDS)))
    reason = Text(300, required=True, min_length=2)
    personal = fields.Boolean(load_default=False)


class ExportRead(Schema):
    """An export, to be fetched by its id."""

    id = fields.UUID(required=True)
    selection_id = fields.UUID(required=True)
    kind = fields.String(required=True)
    personal = fields.Boolean(required=True)
    reason = fields.String(required=True)
    at = fields.AwareDateTime(required=True)


class ExportProgressRead(Schema):
    """How far an export is."""

    export_id = fields.UUID(required=True)
    state = fields.String(required=True, validate=validate.OneOf(FILE_STATES))
    done = fields.Integer(required=True)
    rows = fields.Integer(required=True)


class CertificateRead(Schema):
    """A certificate as everybody may see it. No name: it was taken back, or the person is not listed."""

    selection = fields.Nested(PublicSelectionRead, required=True)
    name = fields.String(required=True, allow_none=True)
    granted_at = fields.AwareDateTime(required=True)
    revoked_at = fields.AwareDateTime(required=True, allow_none=True)


class CredentialRead(Schema):
    """A verifiable credential."""

    credential = fields.String(required=True)


class HonourRead(Schema):
    """An honour."""

    id = fields.UUID(required=True)
    selection_id = fields.UUID(required=True)
    granted_at = fields.AwareDateTime(required=True)
    revoked_at = fields.AwareDateTime(required=True, allow_none=True)


class MyHonourRead(Schema):
    """One's own honour with what it was for."""

    honour = fields.Nested(HonourRead, required=True)
    selection = fields.Nested(PublicSelectionRead, required=True)
