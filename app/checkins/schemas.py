"""Shapes of check-ins."""

from __future__ import annotations

from marshmallow import fields

from app.identity.queries import masked_of, person
from app.kernel.i18n import has, say
from app.kernel.schemas import Id, Schema, Text


class CheckinRead(Schema):
    """A check-in of the rider."""

    id = fields.UUID(required=True)
    station_id = fields.UUID(required=True)
    happened_at = fields.AwareDateTime(required=True)
    arrived_at = fields.AwareDateTime(required=True)
    how = fields.String(required=True)


class StationCheckinRead(CheckinRead):
    """A check-in as the station sees it; the rider's name is masked."""

    rider = fields.Function(lambda made: masked_of(person(made.person_id)), required=True)


class MyCheckinRead(Schema):
    """A check-in and the station's name."""

    checkin = fields.Nested(CheckinRead, required=True)
    station = fields.Function(lambda each: each.station.name, required=True)


class RefusalRead(Schema):
    """A scan that was turned away, and why."""

    id = fields.UUID(required=True)
    station_id = fields.UUID(required=True, allow_none=True)
    code = fields.String(required=True, attribute="slug")
    words = fields.Function(lambda each: say(each.slug) if has(each.slug) else each.slug, required=True)
    at = fields.AwareDateTime(required=True, metadata={"description": "when it arrived"})
    happened_at = fields.Function(lambda each: (each.happened_at or each.at).isoformat(), required=True)
    device = fields.String(required=True, allow_none=True)


class AnnulCheckin(Schema):
    """Why a scan is taken back."""

    station_id = Id(required=True)
    reason = Text(200, required=True)


class AnnulledRead(Schema):
    """A check-in that was taken back."""

    checkin_id = fields.UUID(required=True)
    reason = fields.String(required=True)
    at = fields.AwareDateTime(required=True)
