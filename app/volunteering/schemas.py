"""Shapes of activities, shifts, attendance and hours."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from app.identity.queries import display_name
from app.kernel import geo, i18n
from app.kernel.schemas import (
    Id,
    Instant,
    Line,
    PageQuery,
    PositionIn,
    QueryNumber,
    QueryWhole,
    Schema,
    Text,
    Whole,
)
from app.volunteering.heads import Looked
from app.volunteering.models import BASES, CATEGORIES, COURSES, HOURS_STATES, MAX_MINUTES, Activity
from app.volunteering.queries import Listed

REGION_CODE = validate.Regexp(r"^[0-9]{2,20}\Z")


class ActivityIn(Schema):
    """A new activity."""

    title_zh = Line(60, required=True)
    title_en = Line(120, load_default=None)
    words = Text(1000, min_length=0, load_default="")
    category = fields.String(required=True, validate=validate.OneOf(CATEGORIES))
    region_code = fields.String(required=True, validate=REGION_CODE)
    station_id = Id(load_default=None)
    place_words = Text(120, required=True)
    position = fields.Nested(PositionIn, load_default=None)


class ActivityRead(Schema):
    """An activity."""

    id = fields.UUID(required=True)
    title = fields.Method("_title", required=True)
    words = fields.String(required=True)
    category = fields.String(required=True)
    region_code = fields.String(required=True)
    station_id = fields.UUID(required=True, allow_none=True)
    place_words = fields.String(required=True)
    lat = fields.Float(required=True, allow_none=True)
    lng = fields.Float(required=True, allow_none=True)
    datum = fields.Constant(geo.WGS84)
    state = fields.String(required=True)
    is_demo = fields.Boolean(required=True)

    def _title(self, activity: Activity) -> str:
        return i18n.pick(activity.title_zh, activity.title_en)


class ShiftIn(Schema):
    """A new shift."""

    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    places = Whole(1, 10_000, required=True)


class ShiftOnlyRead(Schema):
    """A shift by itself, for its organiser."""

    id = fields.UUID(required=True)
    activity_id = fields.UUID(required=True)
    short_code = fields.String(required=True)
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
    places = fields.Integer(required=True)
    taken = fields.Integer(required=True)


class ShiftRead(Schema):
    """A shift with its activity, as the caller stands to it."""

    id = fields.UUID(required=True, attribute="shift.id")
    activity = fields.Nested(ActivityRead, required=True)
    starts_at = fields.AwareDateTime(required=True, attribute="shift.starts_at")
    ends_at = fields.AwareDateTime(required=True, attribute="shift.ends_at")
    places = fields.Integer(required=True, attribute="shift.places")
    places_left = fields.Integer(required=True, attribute="shift.places_left")
    is_full = fields.Boolean(required=True)
    signed_up = fields.Boolean(required=True)
    overlaps = fields.Boolean(
        required=True, metadata={"description": "clashes with another shift of the caller"}
    )


class ShiftsQuery(PageQuery):
    """Which shifts: inside a region, or around a position."""

    region = fields.String(load_default=None, validate=REGION_CODE)
    lat = QueryNumber(-90, 90, load_default=None)
    lng = QueryNumber(-180, 180, load_default=None)
    datum = fields.String(load_default=geo.WGS84, validate=validate.OneOf([geo.WGS84, geo.GCJ02]))
    within_m = QueryWhole(100, 50_000, load_default=5_000)

    @ma.validates_schema
    def _whole_position(self, data: dict[str, Any], **_: Any) -> None:
        if (data.get("lat") is None) != (data.get("lng") is None):
            raise ma.ValidationError(
                "Missing data for required field.", "lng" if data.get("lng") is None else "lat"
            )


class SignUpRead(Schema):
    """A place on a shift."""

    shift_id = fields.UUID(required=True)
    person_id = fields.UUID(required=True)
    state = fields.String(required=True)
    signed_up_at = fields.AwareDateTime(required=True)


class AttendanceRead(Schema):
    """When a rider was there."""

    id = fields.UUID(required=True)
    shift_id = fields.UUID(required=True)
    person_id = fields.UUID(required=True)
    signed_in_at = fields.AwareDateTime(required=True)
    signed_out_at = fields.AwareDateTime(required=True, allow_none=True)
    in_how = fields.String(required=True)
    out_how = fields.String(required=True, allow_none=True)
    auto_closed = fields.Boolean(required=True, metadata={"description": "the sign-out was forgotten"})


class HoursRead(Schema):
    """One interval of service and how it is known."""

    id = fields.UUID(required=True)
    person_id = fields.UUID(required=True)
    activity_id = fields.UUID(required=True)
    shift_id = fields.UUID(required=True, allow_none=True)
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
    minutes = fields.Integer(required=True)
    basis = fields.String(required=True, validate=validate.OneOf(BASES))
    state = fields.String(required=True, validate=validate.OneOf(HOURS_STATES))
    reason = fields.String(required=True, allow_none=True)
    rejected_because = fields.String(required=True, allow_none=True)
    confirmed_at = fields.AwareDateTime(required=True, allow_none=True)


class TotalsRead(Schema):
    """Minutes that count, by how they are known, and minutes that wait."""

    proven = fields.Integer(required=True)
    witnessed = fields.Integer(required=True)
    backfilled = fields.Integer(required=True)
    confirmed = fields.Integer(required=True)
    pending = fields.Integer(required=True)


class ListedRead(Schema):
    """One rider on a shift's list."""

    person_id = fields.UUID(required=True, attribute="person.id")
    name = fields.Method("_name", required=True)
    signed_up = fields.Method("_signed_up", required=True)
    attendance = fields.Nested(AttendanceRead, required=True, allow_none=True)
    hours = fields.List(fields.Nested(HoursRead), required=True)
    seen = fields.Method("_seen", required=True, allow_none=True)

    def _seen(self, listed: Listed) -> bool | None:
        return listed.look.seen if listed.look else None

    def _name(self, listed: Listed) -> str:
        return display_name(listed.person)

    def _signed_up(self, listed: Listed) -> bool:
        return listed.sign_up is not None


class ConfirmAttendanceIn(Schema):
    """Confirm an attendance; for a forgotten sign-out, when the rider really left."""

    signed_out_at = Instant(load_default=None)


class HeadIn(Schema):
    """One who is signed in, and whether they are there."""

    attendance_id = Id(required=True)
    seen = fields.Boolean(required=True)

    @ma.post_load
    def _to_looked(self, data: dict[str, Any], **_: Any) -> Looked:
        return Looked(**data)


class HeadCountIn(Schema):
    """How many are there, and of each who is signed in whether they are: the two must agree."""

    here = Whole(0, 10_000, required=True)
    heads = fields.List(fields.Nested(HeadIn), required=True, validate=validate.Length(1, 1_000))


class HeadCountRead(Schema):
    """A count: when, how many were signed in, how many were there."""

    id = fields.UUID(required=True)
    shift_id = fields.UUID(required=True)
    counted_at = fields.AwareDateTime(required=True)
    signed_in = fields.Integer(required=True)
    here = fields.Integer(required=True)


class WitnessIn(Schema):
    """Who was there without scans, and why somebody vouches for it."""

    person_id = Id(required=True)
    reason = Text(300, required=True)


class BackfillIn(Schema):
    """Past hours, with the reason why they are entered only now."""

    activity_id = Id(required=True)
    person_id = Id(required=True)
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    reason = Text(300, required=True)


class RejectIn(Schema):
    """Why hours do not count."""

    reason = Text(300, required=True)


class TrainingIn(Schema):
    """Who finished which training, where, when, and how long it was."""

    person_id = Id(required=True)
    course = fields.String(required=True, validate=validate.OneOf(COURSES))
    region_code = fields.String(required=True, validate=REGION_CODE)
    minutes = Whole(1, MAX_MINUTES, required=True)
    finished_at = Instant(required=True)


class TrainingRead(Schema):
    """A finished training and how it is known."""

    id = fields.UUID(required=True)
    person_id = fields.UUID(required=True)
    course = fields.String(required=True)
    region_code = fields.String(required=True)
    minutes = fields.Integer(required=True)
    finished_at = fields.AwareDateTime(required=True)
    basis = fields.String(required=True)
