"""Shapes of photos."""

from __future__ import annotations

from marshmallow import fields, validate

from app.kernel.schemas import Schema
from app.media.models import PURPOSES

WHOLE, THUMB = "whole", "thumb"


class PhotoUpload(Schema):
    """What the photo is for; the photo itself is the file field `photo`."""

    purpose = fields.String(load_default="report", validate=validate.OneOf(PURPOSES))


class PhotoQuery(Schema):
    """The whole photo or its thumbnail."""

    size = fields.String(load_default=WHOLE, validate=validate.OneOf([WHOLE, THUMB]))


class PhotoRead(Schema):
    """A photo that was taken in. The picture itself is at /api/v1/media/{id}."""

    id = fields.UUID(required=True)
    purpose = fields.String(required=True)
    width = fields.Integer(required=True)
    height = fields.Integer(required=True)
    size_bytes = fields.Integer(required=True)
    created_at = fields.AwareDateTime(required=True)
