"""Shapes of a scan and what came of it."""

from __future__ import annotations

from marshmallow import fields, validate

from app.kernel.schemas import Id, PositionIn, Schema, Whole


class ScanIn(Schema):
    """What was read; where, if a station scans; from where, if a rider does."""

    text = fields.String(required=True, validate=validate.Length(1, 512))
    station_id = Id(load_default=None, allow_none=True)
    position = fields.Nested(PositionIn, load_default=None, allow_none=True)
    accuracy_m = Whole(0, 100_000, load_default=None, allow_none=True)


class ScanRead(Schema):
    """What came of it, in words and ids."""

    kind = fields.String(required=True)
    outcome = fields.String(
        required=True, validate=validate.OneOf(["done", "already", "preview", "confirmed"])
    )
    headline = fields.String(required=True)
    points = fields.Integer(required=True)
    why = fields.String(required=True)
    replayed = fields.Boolean(required=True)
    rider = fields.String(required=True, allow_none=True)
    checkin_id = fields.UUID(required=True, allow_none=True)
    attendance_id = fields.UUID(required=True, allow_none=True)
    voucher_id = fields.UUID(required=True, allow_none=True)
    scan_session_id = fields.UUID(required=True, allow_none=True)


class Nothing(Schema):
    """A form that is only a file."""


class TextsRead(Schema):
    """What was found on a photo."""

    texts = fields.List(fields.String(), required=True)
