"""Shapes of people, sign-in, consents and grants."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from app.identity import queries
from app.identity.models import OCCUPATIONS, PURPOSES, Person
from app.identity.permissions import ROLES
from app.kernel.schemas import Flag, Id, Line, Schema, Text

_CODE = validate.Regexp(r"^[0-9]{6}\Z")


class AskCode(Schema):
    """A phone number that wants a one-time code."""

    phone = Text(24, min_length=5, required=True)


class CodeSent(Schema):
    """A code is on its way, if the number can get one."""

    expires_in_s = fields.Integer(required=True)


class SignInWithCode(Schema):
    """The code that arrived. `consent` is needed once, when a new rider enrols."""

    phone = Text(24, min_length=5, required=True)
    code = fields.String(required=True, validate=_CODE)
    consent = Flag(load_default=False)
    device = Text(80, min_length=0, load_default="")


class SignInWithInvite(Schema):
    """A station's invitation and the PIN that was said aloud."""

    token = fields.String(required=True, validate=validate.Regexp(r"^[0-9A-Za-z]{16}\Z"))
    pin = fields.String(required=True, validate=_CODE)
    nickname = Line(30, load_default=None, allow_none=True)
    consent = Flag(load_default=False)
    device = Text(80, min_length=0, load_default="")


class ChangePassword(Schema):
    """The present password and the next one."""

    old = fields.String(required=True, validate=validate.Length(1, 200))
    new = fields.String(required=True, validate=validate.Length(12, 200))


class SignInWithPassword(Schema):
    """A member of staff."""

    username = Text(40, required=True)
    password = fields.String(required=True, validate=validate.Length(1, 200))
    code = Text(24, min_length=6, load_default=None)  # of the second step, for whoever has one
    device = Text(80, min_length=0, load_default="")


class Refresh(Schema):
    """The refresh token to trade in."""

    refresh_token = fields.String(required=True, validate=validate.Length(20, 2000))


class RoleRead(Schema):
    """A role and where it is held."""

    id = fields.UUID(required=True)
    role = fields.String(required=True)
    region_code = fields.String(required=True, allow_none=True)
    station_id = fields.UUID(required=True, allow_none=True)


class AppointmentRead(Schema):
    """A proposed role, and what became of it: `waiting`, `given` or `declined`."""

    id = fields.UUID(required=True)
    person_id = fields.UUID(required=True)
    role = fields.String(required=True)
    region_code = fields.String(required=True, allow_none=True)
    station_id = fields.UUID(required=True, allow_none=True)
    state = fields.String(required=True)
    asked_by = fields.UUID(required=True)
    asked_at = fields.AwareDateTime(required=True)
    decided_by = fields.UUID(required=True, allow_none=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)
    grant_id = fields.UUID(required=True, allow_none=True)


class MeRead(Schema):
    """The signed-in person."""

    id = fields.UUID(required=True)
    nickname = fields.String(required=True, allow_none=True)
    name = fields.String(required=True, allow_none=True)
    phone = fields.Function(
        lambda person: queries.masked_phone(person.phone) if person.phone else None, required=True
    )
    occupation = fields.String(required=True, allow_none=True)
    platform = fields.String(required=True, allow_none=True)
    home_region_code = fields.String(required=True, allow_none=True)
    locale = fields.String(required=True)
    large_type = fields.Boolean(required=True)
    is_rider = fields.Boolean(required=True)
    roles = fields.Method("_roles", required=True)

    def _roles(self, person: Person) -> Any:
        return RoleRead(many=True).dump(queries.grants_of(person.id))


class TokensRead(Schema):
    """What a signed-in client keeps: a short access token, and a refresh token that changes at each use."""

    access_token = fields.String(required=True)
    refresh_token = fields.String(required=True)
    expires_in_s = fields.Integer(required=True)
    person = fields.Nested(MeRead, required=True)


class ChangeMe(Schema):
    """Only what is given is changed."""

    nickname = Line(30, allow_none=True)
    name = Line(60, allow_none=True)
    occupation = fields.String(allow_none=True, validate=validate.OneOf(OCCUPATIONS))
    platform = Text(30, allow_none=True)
    home_region_code = fields.String(allow_none=True, validate=validate.Regexp(r"^[0-9]{2,20}\Z"))
    locale = fields.String(validate=validate.OneOf(["zh", "en"]))
    large_type = Flag()


class AnswerConsent(Schema):
    """A yes or a no to one purpose."""

    purpose = fields.String(required=True, validate=validate.OneOf(PURPOSES))
    given = Flag(required=True)


class ConsentsRead(Schema):
    """Every purpose and whether it is agreed to."""

    core = fields.Boolean(required=True)
    location = fields.Boolean(required=True)
    photo = fields.Boolean(required=True)
    publication = fields.Boolean(required=True)


class InviteRider(Schema):
    """Invite one rider at this station."""

    station_id = Id(required=True)


class InviteMade(Schema):
    """Shown once: the link for the QR code and the PIN to say aloud."""

    url = fields.String(required=True)
    pin = fields.String(required=True)
    expires_at = fields.AwareDateTime(required=True)


class AddStaff(Schema):
    """A staff account."""

    username = fields.String(required=True, validate=validate.Regexp(r"^[a-z][a-z0-9._-]{2,39}\Z"))
    password = fields.String(required=True, validate=validate.Length(12, 200))
    name = Line(60, required=True)


class StaffRead(Schema):
    """A staff account, as shown to administrators."""

    id = fields.UUID(required=True)
    username = fields.String(required=True)
    name = fields.String(required=True)


class Appoint(Schema):
    """A role for a person, in a region or at a station."""

    person_id = Id(required=True)
    role = fields.String(required=True, validate=validate.OneOf(ROLES))
    region_code = fields.String(
        load_default=None, allow_none=True, validate=validate.Regexp(r"^[0-9]{2,20}\Z")
    )
    station_id = Id(load_default=None, allow_none=True)

    @ma.validates_schema
    def _one_scope(self, data: dict[str, Any], **_: Any) -> None:
        if (data["region_code"] is None) == (data["station_id"] is None):
            raise ma.ValidationError("role-needs-scope", "region_code")
