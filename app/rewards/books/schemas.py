"""Shapes of a station's books: its day, its refunds, its statements."""

from __future__ import annotations

from marshmallow import fields, validate

from app.kernel.schemas import Day, Flag, Id, PageQuery, Schema, Text, Whole
from app.rewards.books.models import MADE, PAID, REFUND_STATES, SIGNED
from app.rewards.models import AT_THE_COUNTER


class ReserveOnBehalf(Schema):
    """For whom (the rider's whole phone number), what, and why they do not do it themselves."""

    phone = Text(20, required=True)
    reward_id = Id(required=True)
    reason = Text(200, required=True)


# --- the day -------------------------------------------------------------------------------------------------------


class CounterLineRead(Schema):
    """One movement over the counter."""

    voucher_id = fields.UUID(attribute="voucher.id", required=True)
    kind = fields.String(required=True, validate=validate.OneOf(AT_THE_COUNTER))
    reward = fields.String(attribute="reward.name", required=True)
    points = fields.Integer(required=True)
    rider = fields.String(required=True)
    state = fields.String(attribute="voucher.state", required=True)
    at = fields.AwareDateTime(attribute="movement.at", required=True)
    undo_until = fields.AwareDateTime(attribute="voucher.undo_until", required=True)


class StationDayRead(Schema):
    """What went over the counter since the last closing."""

    day = fields.Date(required=True)
    handed_over = fields.Integer(required=True)
    undone = fields.Integer(required=True)
    refunded = fields.Integer(required=True)
    points = fields.Integer(required=True)
    waiting = fields.Integer(required=True)
    last_closed_on = fields.Date(required=True, allow_none=True)
    lines = fields.List(fields.Nested(CounterLineRead), required=True)


class CountIn(Schema):
    """How many of a reward were counted; a difference needs a reason."""

    reward_id = Id(required=True)
    counted = Whole(0, 1_000_000, required=True)
    reason = Text(200, load_default=None, allow_none=True)


class CloseDay(Schema):
    """Which day, and what was counted."""

    day = Day(required=True)
    counts = fields.List(fields.Nested(CountIn), required=True, validate=validate.Length(max=500))


class DayCloseRead(Schema):
    """A closed day in numbers."""

    id = fields.UUID(required=True)
    station_id = fields.UUID(required=True)
    day = fields.Date(required=True)
    number = fields.Integer(required=True)
    handed_over = fields.Integer(required=True)
    undone = fields.Integer(required=True)
    refunded = fields.Integer(required=True)
    points = fields.Integer(required=True)
    closed_by = fields.UUID(required=True)
    closed_at = fields.AwareDateTime(required=True)
    reopened_by = fields.UUID(required=True, allow_none=True)
    reopened_at = fields.AwareDateTime(required=True, allow_none=True)
    reopen_reason = fields.String(required=True, allow_none=True)


class CountRead(Schema):
    """What the system said and what was counted."""

    reward_id = fields.UUID(attribute="reward.id", required=True)
    reward = fields.String(attribute="reward.name", required=True)
    system = fields.Integer(attribute="count.system", required=True)
    counted = fields.Integer(attribute="count.counted", required=True)
    difference = fields.Integer(attribute="count.difference", required=True)
    reason = fields.String(attribute="count.reason", required=True, allow_none=True)


class ClosedDayRead(Schema):
    """A closed day with its list and its counts."""

    close = fields.Nested(DayCloseRead, required=True)
    lines = fields.List(fields.Nested(CounterLineRead), required=True)
    counts = fields.List(fields.Nested(CountRead), required=True)


class ReopenDay(Schema):
    """Why a closed day is opened again."""

    reason = Text(200, required=True)


# --- refunds -------------------------------------------------------------------------------------------------------


class AskRefund(Schema):
    """Why a hand-over shall be taken back, and whether the thing came back."""

    reason = Text(200, required=True)
    came_back = Flag(required=True)


class DecideRefund(Schema):
    """Yes or no."""

    approved = Flag(required=True)


class RefundRead(Schema):
    """A refund."""

    id = fields.UUID(required=True)
    voucher_id = fields.UUID(required=True)
    station_id = fields.UUID(required=True)
    reason = fields.String(required=True)
    came_back = fields.Boolean(required=True)
    state = fields.String(required=True, validate=validate.OneOf(REFUND_STATES))
    asked_by = fields.UUID(required=True)
    asked_at = fields.AwareDateTime(required=True)
    decided_by = fields.UUID(required=True, allow_none=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)


class RefundDetailRead(Schema):
    """A refund with what it is about."""

    refund = fields.Nested(RefundRead, required=True)
    reward = fields.String(attribute="reward.name", required=True)
    points = fields.Integer(attribute="voucher.points", required=True)
    station = fields.String(attribute="station.name", required=True)
    rider = fields.String(required=True)
    handed_over_at = fields.AwareDateTime(attribute="voucher.handed_over_at", required=True)


class RefundQuery(PageQuery):
    """Which refunds."""

    state = fields.String(load_default=None, validate=validate.OneOf(REFUND_STATES))


# --- statements ----------------------------------------------------------------------------------------------------


class SettleMonth(Schema):
    """The month that contains this day."""

    month = Day(required=True)


class SettlementQuery(PageQuery):
    """Which statements."""

    station_id = fields.UUID(load_default=None)


class SettlementRead(Schema):
    """A settlement statement: it opens, adds up and closes to the point."""

    id = fields.UUID(required=True)
    number = fields.String(required=True)
    station_id = fields.UUID(required=True)
    month = fields.Date(required=True)
    opening = fields.Integer(required=True)
    captured = fields.Integer(required=True)
    undone = fields.Integer(required=True)
    refunded = fields.Integer(required=True)
    paid = fields.Integer(required=True)
    other = fields.Integer(required=True)
    closing = fields.Integer(required=True)
    sha256 = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf((MADE, SIGNED, PAID)))
    made_at = fields.AwareDateTime(required=True)
    signed_by = fields.UUID(required=True, allow_none=True)
    signed_at = fields.AwareDateTime(required=True, allow_none=True)
    paid_by = fields.UUID(required=True, allow_none=True)
    paid_at = fields.AwareDateTime(required=True, allow_none=True)
