"""Shapes of nominations, marks, recusals, holds and the case file."""

from __future__ import annotations

from marshmallow import fields, validate

from app.honours.links import LONGEST, MOST
from app.honours.models import ANSWERS, SHOWN
from app.honours.schemas import SelectionRead
from app.kernel.schemas import Day, Id, Line, Schema, Text, Whole


class PhotoIn(Schema):
    """A photo that was sent in for a nomination, and who is on it: the nominee, or nobody."""

    id = Id(required=True)
    shows = fields.String(required=True, validate=validate.OneOf(SHOWN))


class NominationIn(Schema):
    """Whom, by telephone number, and why."""

    phone = Text(24, min_length=5, required=True)
    story = Text(2000, required=True)
    links = fields.List(Text(LONGEST), load_default=list, validate=validate.Length(max=MOST))
    photos = fields.List(fields.Nested(PhotoIn), load_default=list, validate=validate.Length(max=3))


class MarkIn(Schema):
    """A score without a name."""

    score = Whole(0, 100, required=True)
    comment = Text(500, min_length=0, load_default="")


class MarkRead(Schema):
    """A mark."""

    candidate_id = fields.UUID(required=True)
    score = fields.Integer(required=True)
    comment = fields.String(required=True)


class WhyIn(Schema):
    """Why."""

    reason = Text(300, required=True)


class RelationIn(Schema):
    """Whom one is too close to, by telephone number, and why."""

    phone = Text(24, min_length=5, required=True)
    reason = Text(300, required=True)


class IntegrityHoldIn(Schema):
    """About whom, and why."""

    person_id = Id(required=True)
    reason = Text(300, required=True)


class IntegrityHoldRead(Schema):
    """A matter that keeps somebody out of selections."""

    id = fields.UUID(required=True)
    person_id = fields.UUID(required=True)
    opened_at = fields.AwareDateTime(required=True)
    lifted_at = fields.AwareDateTime(required=True, allow_none=True)


class SaidRead(Schema):
    """What one voice said: links are text and are not opened; photos are those the nominee agreed to."""

    role = fields.String(required=True)
    story = fields.String(required=True)
    links = fields.List(fields.String(), required=True)
    photo_ids = fields.List(fields.UUID(), required=True)


class NominationPhotoRead(Schema):
    """A photo of oneself that came with a nomination; the picture is at /api/v1/media/{media_id}."""

    id = fields.UUID(required=True, attribute="photo.id")
    media_id = fields.UUID(required=True, attribute="photo.media_id")
    selection_id = fields.UUID(required=True, attribute="selection.id")
    shows = fields.String(required=True, attribute="photo.shows")
    answer = fields.String(required=True, attribute="photo.answer", validate=validate.OneOf(ANSWERS))


class PhotoAnswerIn(Schema):
    """Yes or no."""

    agreed = fields.Boolean(required=True)


class PhotoAnswerRead(Schema):
    """What was said about a photo."""

    id = fields.UUID(required=True)
    answer = fields.String(required=True, validate=validate.OneOf(ANSWERS))


class FiledRead(Schema):
    """One candidate in the case file."""

    candidate_id = fields.UUID(required=True, attribute="candidate.id")
    pseudonym = fields.String(required=True, attribute="candidate.pseudonym")
    decision = fields.String(required=True, attribute="candidate.decision")
    name = fields.String(required=True, allow_none=True)
    held = fields.Boolean(required=True)
    on_hold = fields.Boolean(required=True)
    marked = fields.Integer(required=True)
    marks = fields.List(fields.Integer(), required=True)
    mark_tenths = fields.Integer(required=True, allow_none=True, attribute="mark")
    comments = fields.List(fields.String(), required=True)
    recused = fields.List(fields.String(), required=True)
    decisions = fields.List(fields.String(), required=True)
    voices = fields.List(fields.Nested(SaidRead), required=True)


class MeetingRead(Schema):
    """The record of a meeting."""

    id = fields.UUID(required=True)
    held_on = fields.Date(required=True)
    present = fields.List(fields.String(), required=True)
    votes_for = fields.Integer(required=True)
    votes_against = fields.Integer(required=True)
    votes_abstained = fields.Integer(required=True)
    decision = fields.String(required=True)
    is_carried = fields.Boolean(required=True)


class CaseFileRead(Schema):
    """What was known and said about everybody considered."""

    selection = fields.Nested(SelectionRead, required=True)
    meeting = fields.String(required=True)
    meetings = fields.List(fields.Nested(MeetingRead), required=True)
    filed = fields.List(fields.Nested(FiledRead), required=True)


class MeetingIn(Schema):
    """When, who was there, how they voted, what they decided."""

    held_on = Day(required=True)
    present = fields.List(Line(60), required=True, validate=validate.Length(min=1, max=50))
    votes_for = Whole(0, 50, required=True)
    votes_against = Whole(0, 50, load_default=0)
    votes_abstained = Whole(0, 50, load_default=0)
    decision = Text(4000, required=True)


class RecusalIn(Schema):
    """Which reviewer is too close to whom, by telephone number, and why."""

    reviewer_id = Id(required=True)
    phone = Text(24, min_length=5, required=True)
    reason = Text(300, required=True)
