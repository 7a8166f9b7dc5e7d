"""Shapes of codes."""

from __future__ import annotations

from marshmallow import fields, validate

from app.kernel.schemas import Schema, Text


class EnrolDevice(Schema):
    """A phone that wants to make codes by itself."""

    device_name = Text(80, load_default="手机")
    claim = Text(
        64,
        min_length=22,
        load_default=None,
        metadata={
            "description": "made up by the phone for this request, at least 128 random bits; shown to nobody else"
        },
    )


class DeviceRead(Schema):
    """What a phone needs to make codes. The key is in no other answer."""

    handle = fields.String(required=True)
    alg = fields.String(required=True)
    key = fields.String(required=True, metadata={"description": "32 bytes, base64url without padding"})
    step_s = fields.Integer(required=True)
    server_time = fields.AwareDateTime(required=True, format="iso")
    valid_until = fields.AwareDateTime(required=True, format="iso")
    usable_until = fields.AwareDateTime(
        required=True, format="iso", metadata={"description": "without a connection"}
    )


class DeviceState(Schema):
    """Which phone shows the code. `renew`: it should ask for a new number now."""

    handle = fields.String(required=True, allow_none=True)
    device_name = fields.String(required=True, allow_none=True)
    claimed = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "SHA-256 of the claim it was given out under, hexadecimal"},
    )
    since = fields.AwareDateTime(required=True, allow_none=True)
    renew = fields.Boolean(required=True)
    server_time = fields.AwareDateTime(required=True, format="iso")


class PersonalCodeRead(Schema):
    """A rider's code of this moment."""

    digits = fields.String(required=True)
    valid_from = fields.AwareDateTime(required=True, format="iso")
    valid_until = fields.AwareDateTime(required=True, format="iso")
    svg = fields.String(required=True)


class PublicKeyRead(Schema):
    """One public key (RFC 8037). After `revoked_at` its signatures prove nothing without the issuance record."""

    kty = fields.String(required=True)
    crv = fields.String(required=True)
    alg = fields.String(required=True)
    use = fields.String(required=True)
    kid = fields.String(required=True)
    x = fields.String(required=True)
    status = fields.String(required=True)
    revoked_at = fields.String(required=True, allow_none=True)


class PublicKeys(Schema):
    """A JSON Web Key Set."""

    keys = fields.List(fields.Nested(PublicKeyRead), required=True)


class PosterQuery(Schema):
    """The paper."""

    size = fields.String(load_default="A4", validate=validate.OneOf(["A4", "A3"]))


class ReplacePoster(Schema):
    """Whether the old posters may hang for another week."""

    overlap = fields.Boolean(load_default=False)


class PosterRead(Schema):
    """A version of a station's poster."""

    station_id = fields.UUID(required=True)
    version = fields.Integer(required=True)
    made_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True, allow_none=True)
    confirmed_at = fields.AwareDateTime(required=True, allow_none=True)


class ScreenRead(Schema):
    """What a station's screen shows now."""

    link = fields.String(required=True)
    svg = fields.String(required=True)
    valid_until = fields.AwareDateTime(required=True)
