"""Shapes of rewards, vouchers, stock and the station's day."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from app.kernel import geo
from app.kernel.schemas import Id, Line, PageQuery, Points, QueryNumber, Schema, Text, Whole
from app.places.hours import Hours, read_spans
from app.rewards.kinds import KINDS
from app.rewards.limits import PERIODS

REGION_CODE = validate.Regexp(r"^[0-9]{2,20}\Z")


SPAN = {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2}
WEEK = {
    "description": "seven days from Monday, each a list of [from, until]; null: always",
    "type": "array",
    "items": {"type": "array", "items": SPAN, "maxItems": 6},
    "minItems": 7,
    "maxItems": 7,
}


class WeekHours(fields.Field[Hours]):
    """Seven days from Monday, each a list of [from, until] on the city's wall clock."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata=WEEK, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Hours:
        if not isinstance(value, list) or len(value) != 7:
            raise ma.ValidationError("pick-up-hours-unreadable")
        return [self._day(spans) for spans in value]

    def _day(self, spans: Any) -> list[list[str]]:
        if not isinstance(spans, list) or len(spans) > 6:
            raise ma.ValidationError("pick-up-hours-unreadable")
        found = []
        for span in spans:
            if not (isinstance(span, list) and len(span) == 2 and all(isinstance(end, str) for end in span)):
                raise ma.ValidationError("pick-up-hours-unreadable")
            read = read_spans("-".join(span))
            if read is None or len(read) != 1:
                raise ma.ValidationError("pick-up-hours-unreadable")
            found += read
        return found


class NearQuery(Schema):
    """A position to measure from, both halves or neither; becomes `near`."""

    lat = QueryNumber(-90, 90, load_default=None)
    lng = QueryNumber(-180, 180, load_default=None)
    datum = fields.String(load_default=geo.WGS84, validate=validate.OneOf([geo.WGS84, geo.GCJ02]))

    @ma.validates_schema
    def _both_or_neither(self, data: dict[str, Any], **_: Any) -> None:
        for given, missing in (("lat", "lng"), ("lng", "lat")):
            if data.get(given) is not None and data.get(missing) is None:
                raise ma.ValidationError("field.required", missing)

    @ma.post_load
    def _to_position(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        lat, lng, datum = data.pop("lat"), data.pop("lng"), data.pop("datum")
        return data | {"near": None if lat is None else geo.from_edge(lat, lng, datum)}


class Nothing(Schema):
    """A form that carries only a file."""


class ShopQuery(NearQuery, PageQuery):
    """Which rewards, and from where distances are measured."""

    region_code = fields.String(load_default=None, validate=REGION_CODE)


class RewardRead(Schema):
    """A reward, in the caller's language."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    words = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(list(KINDS)))
    points = fields.Integer(required=True)
    region_code = fields.String(required=True)
    limit_count = fields.Integer(required=True, allow_none=True)
    limit_period = fields.String(required=True, allow_none=True, validate=validate.OneOf(PERIODS))
    pick_up_days = fields.Integer(required=True)
    pick_up_hours = fields.List(fields.List(fields.List(fields.String())), required=True, allow_none=True)
    photo_id = fields.UUID(required=True, allow_none=True)
    active = fields.Boolean(required=True)
    is_demo = fields.Boolean(required=True)


class PlaceRead(Schema):
    """A station that has it: how many are free, and how far away it is."""

    station_id = fields.UUID(attribute="station.id", required=True)
    station = fields.String(attribute="station.name", required=True)
    address = fields.String(attribute="station.address", required=True)
    free = fields.Integer(required=True)
    distance_m = fields.Integer(required=True, allow_none=True)


class ShopItemRead(Schema):
    """A reward on offer and where it lies; for a rider what is missing, what is left, and what stands in the way."""

    reward = fields.Nested(RewardRead, required=True)
    free = fields.Integer(required=True)
    places = fields.List(fields.Nested(PlaceRead), required=True)
    elsewhere = fields.List(fields.Nested(PlaceRead), required=True)
    short_by = fields.Integer(required=True, allow_none=True)
    left = fields.Integer(required=True, allow_none=True)
    obstacle = fields.String(attribute="obstacle.slug", dump_default=None, allow_none=True)


class OfferReward(Schema):
    """A new reward."""

    name_zh = Line(60, required=True)
    name_en = Line(60, required=True)
    words_zh = Text(300, min_length=0, load_default="")
    words_en = Text(300, min_length=0, load_default="")
    kind = fields.String(required=True, validate=validate.OneOf(list(KINDS)))
    points = Points(required=True)
    region_code = fields.String(required=True, validate=REGION_CODE)
    limit_count = Whole(1, 1000, load_default=None, allow_none=True)
    limit_period = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(PERIODS))
    pick_up_days = Whole(1, 60, load_default=7)
    pick_up_hours = WeekHours(load_default=None, allow_none=True)


class ReviseReward(Schema):
    """What may be said anew of a reward: everything but its price, kind, region and limits."""

    name_zh = Line(60, required=True)
    name_en = Line(60, required=True)
    words_zh = Text(300, min_length=0, load_default="")
    words_en = Text(300, min_length=0, load_default="")
    pick_up_days = Whole(1, 60, required=True)
    pick_up_hours = WeekHours(load_default=None, allow_none=True)


class OrderReward(Schema):
    """Which reward, to be picked up where."""

    reward_id = Id(required=True)
    station_id = Id(required=True)


class VoucherRead(Schema):
    """A voucher: what it promises, where, and what has become of it."""

    id = fields.UUID(attribute="voucher.id", required=True)
    state = fields.String(attribute="voucher.state", required=True)
    reward_id = fields.UUID(attribute="voucher.reward_id", required=True)
    reward = fields.String(attribute="reward.name", required=True)
    station_id = fields.UUID(attribute="voucher.station_id", required=True)
    station = fields.String(attribute="station.name", required=True)
    points = fields.Integer(attribute="voucher.points", required=True)
    reserved_at = fields.AwareDateTime(attribute="voucher.reserved_at", required=True)
    expires_at = fields.AwareDateTime(attribute="voucher.expires_at", required=True)
    handed_over_at = fields.AwareDateTime(attribute="voucher.handed_over_at", required=True, allow_none=True)
    undo_until = fields.AwareDateTime(attribute="voucher.undo_until", required=True, allow_none=True)
    ended_at = fields.AwareDateTime(attribute="voucher.ended_at", required=True, allow_none=True)


class OwnVoucherRead(VoucherRead):
    """A voucher as its own rider sees it: with the code to show, while it can be picked up."""

    code = fields.String(required=True, allow_none=True)
    code_svg = fields.String(
        required=True, allow_none=True, metadata={"description": "where the drawn code is"}
    )


class ReadVoucherCode(Schema):
    """What was scanned or typed (26 digits, a link, or the 13 digits of the serial), and at which station."""

    code = Text(512, required=True)
    station_id = Id(required=True)


class PreviewRead(Schema):
    """What a voucher promises, to be confirmed by a person."""

    voucher_id = fields.UUID(attribute="voucher.id", required=True)
    reward_id = fields.UUID(attribute="reward.id", required=True)
    reward = fields.String(attribute="reward.name", required=True)
    points = fields.Integer(attribute="voucher.points", required=True)
    rider = fields.String(required=True)
    seconds_left = fields.Integer(required=True)


class HandOver(Schema):
    """The confirmed voucher, at this station."""

    voucher_id = Id(required=True)
    station_id = Id(required=True)


class HandOverAtCounter(Schema):
    """The scan of the rider's code that proves they are here, and what they take."""

    scan_session_id = Id(required=True)
    reward_id = Id(required=True)
    station_id = Id(required=True)


class ShelfItemRead(Schema):
    """A reward in a station's stock."""

    reward_id = fields.UUID(attribute="reward.id", required=True)
    reward = fields.String(attribute="reward.name", required=True)
    points = fields.Integer(attribute="reward.points", required=True)
    active = fields.Boolean(attribute="reward.active", required=True)
    on_hand = fields.Integer(attribute="stock.on_hand", required=True)
    held = fields.Integer(attribute="stock.held", required=True)
    free = fields.Integer(attribute="stock.free", required=True)


class StockRead(Schema):
    """How many lie there now."""

    reward_id = fields.UUID(required=True)
    station_id = fields.UUID(required=True)
    on_hand = fields.Integer(required=True)
    held = fields.Integer(required=True)
    free = fields.Integer(required=True)


class Delivery(Schema):
    """What was delivered."""

    reward_id = Id(required=True)
    quantity = Whole(1, 100_000, required=True)
    reason = Text(200, load_default=None, allow_none=True)


class StockCount(Schema):
    """What was counted; a difference needs a reason."""

    reward_id = Id(required=True)
    counted = Whole(0, 1_000_000, required=True)
    reason = Text(200, load_default=None, allow_none=True)


class WriteOff(Schema):
    """What is broken, spoiled or lost, and why."""

    reward_id = Id(required=True)
    quantity = Whole(1, 100_000, required=True)
    reason = Text(200, required=True)


class MovementRead(Schema):
    """One change of a stock."""

    id = fields.UUID(required=True)
    reward_id = fields.UUID(attribute="stock.reward_id", required=True)
    kind = fields.String(required=True)
    quantity = fields.Integer(required=True)
    reason = fields.String(required=True, allow_none=True)
    voucher_id = fields.UUID(required=True, allow_none=True)
    by_id = fields.UUID(required=True, allow_none=True)
    at = fields.AwareDateTime(required=True)


class RewardStatus(Schema):
    """A reward after it was changed."""

    id = fields.UUID(required=True)
    active = fields.Boolean(required=True)
    withdrawn_at = fields.AwareDateTime(required=True, allow_none=True)
