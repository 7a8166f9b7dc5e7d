"""A forgotten password of staff: the passing one that an administrator is given, and the new one that it is worth."""

from __future__ import annotations

from uuid import UUID

from marshmallow import fields, validate

from app.identity import passing
from app.identity.actors import Actor
from app.identity.api import TRIES_PER_ADDRESS, TRIES_PER_USERNAME, username_of_body
from app.identity.edge import named_caller
from app.identity.passing import Passing
from app.kernel import clock
from app.kernel.http import Api, gives, limited, public, requires, takes
from app.kernel.limits import Limit
from app.kernel.schemas import Schema, Text
from app.kernel.subjects import address

api = Api("passing-passwords", "", "Forgotten passwords of staff")

GIVEN = Limit("passing-password", 20, 3600)  # for one administrator


class PassingRead(Schema):
    """Shown once: what the person trades in for a password of their own."""

    password = fields.String(required=True)
    expires_at = fields.AwareDateTime(required=True)


class ChoosePassword(Schema):
    """Name and passing password, and the password that is to be."""

    username = Text(40, required=True)
    password = fields.String(required=True, validate=validate.Length(1, 200))
    new = fields.String(required=True, validate=validate.Length(12, 200))


@api.post("/staff/<uuid:staff_id>/password/reset")
@limited(GIVEN, named_caller)
@requires("people.appoint")
@gives(PassingRead, 201)
def give(staff_id: UUID, by: Actor) -> Passing:
    """A colleague forgot the password: a passing one, and they are signed out everywhere"""
    return passing.give(person_id=staff_id, by=by, at=clock.now())


@api.post("/sign-in/password/new")
@public
@limited(TRIES_PER_USERNAME, username_of_body)
@limited(TRIES_PER_ADDRESS, address)
@takes(ChoosePassword)
@gives(None)
def choose(username: str, password: str, new: str) -> None:
    """Trade a passing password in for one of one's own; nobody is signed in by it"""
    passing.choose(username=username, password=password, new=new, at=clock.now())
