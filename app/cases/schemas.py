"""Shapes of cases, coming in and going out."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from marshmallow import fields, validate

from app.cases import states as s
from app.cases.grades import GRADES
from app.cases.kinds import KINDS, appeal, report, suggestion
from app.cases.viewing import stands
from app.kernel import clock, geo
from app.kernel.i18n import say
from app.kernel.schemas import (
    Id,
    Instant,
    PageQuery,
    PositionIn,
    QueryNumber,
    Schema,
    Text,
    Whole,
)

MAX_WORDS, MAX_PHOTOS = 2000, 6


def _photos() -> fields.List[UUID]:
    return fields.List(Id(), load_default=list, validate=validate.Length(max=MAX_PHOTOS))


def _client_ref() -> Text:
    return Text(36, load_default=None, allow_none=True, validate=validate.Regexp(r"^[A-Za-z0-9._-]+$"))


# --- coming in -----------------------------------------------------------------------------------------------------


class ReportIn(Schema):
    """A new report: category, where (position, words, or both), and what is seen."""

    category = fields.String(required=True, validate=validate.OneOf(list(report.KIND.categories)))
    position = fields.Nested(PositionIn, load_default=None, allow_none=True)
    place_words = Text(200, min_length=0, load_default=None, allow_none=True)
    description = Text(MAX_WORDS, min_length=0, load_default="")
    photo_ids = _photos()
    client_ref = _client_ref()
    happened_at = Instant(load_default=None, allow_none=True)


class SuggestionIn(Schema):
    """An idea."""

    words = Text(MAX_WORDS, required=True)
    category = fields.String(load_default="other", validate=validate.OneOf(list(suggestion.KIND.categories)))
    client_ref = _client_ref()


class PointsQueryIn(Schema):
    """A question about one entry of the wallet, or about points that are missing."""

    entry_id = Id(load_default=None, allow_none=True)
    words = Text(MAX_WORDS, required=True)


class AppealIn(Schema):
    """A hardship, told in private."""

    category = fields.String(required=True, validate=validate.OneOf(list(appeal.KIND.categories)))
    words = Text(MAX_WORDS, required=True)
    photo_ids = _photos()
    client_ref = _client_ref()


class AcceptIn(Schema):
    """How urgent the dispatcher finds it; empty keeps the grade it has."""

    grade = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(GRADES))


class ReasonIn(Schema):
    """Why; the reporter (or, for a hand-back, the dispatcher) reads these words."""

    reason = Text(500, required=True)


class ReopenIn(ReasonIn):
    """Why it is not done, with photos."""

    photo_ids = _photos()


class MaybeReasonIn(Schema):
    """Why, if one likes to say."""

    reason = Text(500, min_length=0, load_default="")


class MergeIn(Schema):
    """The case that it belongs to."""

    into_id = Id(required=True)


class ReassignIn(Schema):
    """To which unit, to whom, and why."""

    unit_region_code = fields.String(
        load_default=None, allow_none=True, validate=validate.Regexp(r"^[0-9]{2,20}$")
    )
    handler_id = Id(load_default=None, allow_none=True)
    note = Text(500, required=True)


class StartIn(Schema):
    """What the reporter may know while it is being worked on."""

    words = Text(500, min_length=0, load_default="")


class ResolveIn(Schema):
    """What was done, for the reporter, with photos."""

    note = Text(MAX_WORDS, required=True)
    photo_ids = _photos()


class RateIn(Schema):
    """Is it fixed?"""

    answer = fields.String(required=True, validate=validate.OneOf(s.ANSWERS))
    stars = Whole(1, 5, load_default=None, allow_none=True)


class SimilarQuery(Schema):
    """What would be reported, and where."""

    category = fields.String(required=True, validate=validate.OneOf(list(report.KIND.categories)))
    lat = QueryNumber(-90, 90, required=True)
    lng = QueryNumber(-180, 180, required=True)
    datum = fields.String(load_default=geo.WGS84, validate=validate.OneOf([geo.WGS84, geo.GCJ02]))


class MineQuery(PageQuery):
    """One's own cases, all or of one kind."""

    kind = fields.String(load_default=None, validate=validate.OneOf(list(KINDS)))


class DeskQuery(MineQuery):
    """The desk's list: open cases by time left, unless a filter asks for others."""

    state = fields.String(load_default=None, validate=validate.OneOf(s.STATES))
    overdue = fields.Boolean(load_default=False)
    disputed = fields.Boolean(load_default=False)
    number = fields.String(load_default=None, validate=validate.Regexp(r"^[A-Za-z][0-9]{4,12}$"))


# --- going out -----------------------------------------------------------------------------------------------------


class Said(fields.String):
    """A code in the caller's words: `Said("case.state.{}", attribute="state")`."""

    def __init__(self, key: str, **kwargs: Any) -> None:
        self.key = key
        super().__init__(dump_only=True, **kwargs)  # several may tell of one attribute

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else say(self.key.format(value))


class Stands(Said):
    """A state of somebody else's report."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return stands(value)


class Passed(fields.Boolean):
    """Whether an instant lies in the past."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> bool:
        return value is not None and value < clock.now()


class CaseBrief(Schema):
    """A case in a list: nothing about who reported it."""

    id = fields.UUID(required=True)
    number = fields.String(required=True)
    kind = fields.String(required=True)
    category = fields.String(required=True)
    category_words = Said("case.category.{}", attribute="category_key", required=True)
    grade = fields.String(required=True)
    grade_words = Said("case.grade.{}", attribute="grade", required=True)
    state = fields.String(required=True)
    state_words = Said("case.state.{}", attribute="state", required=True)
    place_words = fields.String(required=True, allow_none=True)
    region_code = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    accept_by = fields.AwareDateTime(required=True)
    resolve_by = fields.AwareDateTime(required=True, allow_none=True)
    due_at = fields.AwareDateTime(required=True, allow_none=True)
    overdue = Passed(attribute="due_at", required=True, dump_only=True)
    accepted_at = fields.AwareDateTime(required=True, allow_none=True)
    resolved_at = fields.AwareDateTime(required=True, allow_none=True)
    closed_at = fields.AwareDateTime(required=True, allow_none=True)
    answer = fields.String(required=True, allow_none=True)
    reopened = fields.Integer(required=True)


class FollowedRead(CaseBrief):
    """A report of somebody else in a list: its state in words that ask nothing of whoever only follows it."""

    state_words = Stands("case.stands.{}", attribute="state", required=True)


class StepRead(Schema):
    """One step of a case's life."""

    verb = fields.String(required=True)
    verb_words = Said("case.verb.{}", attribute="verb", required=True)
    from_state = fields.String(required=True, allow_none=True)
    to_state = fields.String(required=True)
    at = fields.AwareDateTime(required=True)
    by = fields.String(required=True, validate=validate.OneOf(["reporter", "staff", "system"]))
    words = fields.String(required=True)
    note = fields.String(required=True, allow_none=True, metadata={"description": "for staff only"})
    photo_ids = fields.List(fields.UUID(), required=True)


class DecidedRead(Schema):
    """How the matter of a merged report stands, told by the report that decides it, whoever reported that."""

    state = fields.String(required=True)
    state_words = fields.String(required=True)
    at = fields.AwareDateTime(required=True, allow_none=True)
    words = fields.String(required=True)


class CaseRead(CaseBrief):
    """A case for one reader; `reporter` is masked and there for staff only, `can` says what the reader can do now."""

    description = fields.String(required=True)
    lat = fields.Float(required=True, allow_none=True)
    lng = fields.Float(required=True, allow_none=True)
    datum = fields.Constant(geo.WGS84)
    happened_at = fields.AwareDateTime(required=True, allow_none=True)
    subject = fields.String(required=True, allow_none=True)
    stars = fields.Integer(required=True, allow_none=True)
    escalated_at = fields.AwareDateTime(required=True, allow_none=True)
    duplicate_of = fields.UUID(required=True, allow_none=True)
    unit_region_code = fields.String(required=True)
    unit = fields.String(required=True)
    mine = fields.Boolean(required=True)
    reporter = fields.String(required=True, allow_none=True)
    handler = fields.String(required=True, allow_none=True)
    me_toos = fields.Integer(required=True)
    photo_ids = fields.List(fields.UUID(), required=True)
    steps = fields.List(fields.Nested(StepRead), required=True)
    can = fields.List(fields.String(), required=True)
    decided = fields.Nested(
        DecidedRead, required=True, allow_none=True, metadata={"description": "of a merged report"}
    )

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """What the view adds, else what the case itself says."""
        return super().get_attribute(obj if hasattr(obj, attr) else obj.case, attr, default)


class Receipt(Schema):
    """What the reporter is told at once."""

    id = fields.UUID(required=True)
    number = fields.String(required=True)
    state = fields.String(required=True)
    grade = fields.String(required=True)
    accept_by = fields.AwareDateTime(required=True)
    words = fields.String(required=True)


class SimilarRead(Schema):
    """An open report close by: about the thing, nothing about who reported it."""

    id = fields.UUID(required=True, attribute="case.id")
    number = fields.String(required=True, attribute="case.number")
    category = fields.String(required=True, attribute="case.category")
    state = fields.String(required=True, attribute="case.state")
    state_words = Said("case.state.{}", attribute="case.state", required=True)
    place_words = fields.String(required=True, allow_none=True, attribute="case.place_words")
    created_at = fields.AwareDateTime(required=True, attribute="case.created_at")
    distance_m = fields.Integer(required=True)


class CategoryRead(Schema):
    """A category of reports, in the caller's words, with what to look at and how soon somebody looks."""

    code = fields.String(required=True)
    words = Said("case.category.report.{}", attribute="code", required=True)
    prompt = Said("case.prompt.{}", attribute="code", required=True)
    grade = fields.String(required=True)
    within = Said("case.within.{}", attribute="grade", required=True)


class CountsRead(Schema):
    """The desk at a glance."""

    waiting = fields.Integer(required=True)
    working = fields.Integer(required=True)
    overdue = fields.Integer(required=True)
    disputed = fields.Integer(required=True)
