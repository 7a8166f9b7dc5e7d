"""Shapes of merchants and their statements."""

from __future__ import annotations

from marshmallow import fields, validate

from app.kernel.schemas import Day, Id, Line, Schema
from app.rewards.books.models import MADE, PAID, SIGNED
from app.rewards.books.schemas import SettlementRead


class NameMerchant(Schema):
    """What they are called, and the region they belong to."""

    name = Line(100, required=True)
    region_code = fields.String(required=True, validate=validate.Regexp(r"^[0-9]{2,20}\Z"))


class FromMonth(Schema):
    """From the month that contains this day on."""

    from_month = Day(required=True)


class StationFromMonth(FromMonth):
    """Which station, and from when on."""

    station_id = Id(required=True)


class MerchantRead(Schema):
    """A merchant."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    short_code = fields.String(required=True)
    region_code = fields.String(required=True)
    named_at = fields.AwareDateTime(required=True)


class TurnRead(Schema):
    """With whom a station is settled from a month on; null: with itself."""

    station_id = fields.UUID(required=True)
    merchant_id = fields.UUID(required=True, allow_none=True)
    from_month = fields.Date(required=True)


class MerchantMonthRead(Schema):
    """A merchant's statement: the sum of those of its stations, to the point."""

    id = fields.UUID(attribute="statement.id", required=True)
    number = fields.String(attribute="statement.number", required=True)
    merchant_id = fields.UUID(attribute="statement.merchant_id", required=True)
    month = fields.Date(attribute="statement.month", required=True)
    opening = fields.Integer(attribute="statement.opening", required=True)
    captured = fields.Integer(attribute="statement.captured", required=True)
    undone = fields.Integer(attribute="statement.undone", required=True)
    refunded = fields.Integer(attribute="statement.refunded", required=True)
    paid = fields.Integer(attribute="statement.paid", required=True)
    other = fields.Integer(attribute="statement.other", required=True)
    closing = fields.Integer(attribute="statement.closing", required=True)
    sha256 = fields.String(attribute="statement.sha256", required=True)
    made_at = fields.AwareDateTime(attribute="statement.made_at", required=True)
    state = fields.String(required=True, validate=validate.OneOf((MADE, SIGNED, PAID)))
    stations = fields.List(fields.Nested(SettlementRead), required=True)
