"""Shapes of regions and stations."""

from __future__ import annotations

from marshmallow import fields, validate

from app.kernel import clock, geo
from app.kernel.schemas import QueryNumber, QueryWhole, Schema
from app.places.models import Station


class RegionRead(Schema):
    """A region."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    level = fields.String(required=True)
    parent_code = fields.String(required=True, allow_none=True)


class RegionsQuery(Schema):
    """Which regions: those right below `parent`, or the top."""

    parent = fields.String(load_default=None, validate=validate.Regexp(r"^[0-9]{2,20}$"))


class StationRead(Schema):
    """A station, with whether it is open now."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    region_code = fields.String(required=True)
    address = fields.String(required=True)
    phone = fields.String(required=True, allow_none=True)
    lat = fields.Float(required=True)
    lng = fields.Float(required=True)
    datum = fields.Constant(geo.WGS84)
    hours = fields.Raw(
        required=True,
        metadata={
            "description": "seven days from Monday, each a list of [open, close]",
            "type": "array",
            "items": {"type": "array", "items": {"type": "array", "items": {"type": "string"}}},
        },
    )
    facilities = fields.List(fields.String(), required=True)
    open_now = fields.Method("_open_now", required=True)
    is_demo = fields.Boolean(required=True)

    def _open_now(self, station: Station) -> bool:
        return station.is_open(clock.now())


class NearbyRead(Schema):
    """A station and its distance in metres."""

    station = fields.Nested(StationRead, required=True)
    distance_m = fields.Integer(required=True)


class NearQuery(Schema):
    """Around which position."""

    lat = QueryNumber(-90, 90, required=True)
    lng = QueryNumber(-180, 180, required=True)
    datum = fields.String(load_default=geo.WGS84, validate=validate.OneOf([geo.WGS84, geo.GCJ02]))
    limit = QueryWhole(1, 50, load_default=20)
