"""The second step of staff signing in, and where one is signed in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from marshmallow import fields, validate

from app.identity import second_factor, sessions
from app.identity.actors import Actor
from app.identity.edge import named_caller
from app.identity.models import SessionFamily
from app.identity.second_factor import Begun, State
from app.kernel import clock
from app.kernel.http import Api, gives, limited, requires, takes
from app.kernel.limits import Limit
from app.kernel.schemas import Schema, Text

api = Api("second-factor", "", "The second step of signing in, and sessions")

SECOND_STEPS = Limit("second-step", 10, 900)  # tries of one person


class CodeGiven(Schema):
    """Six digits of the phone, or a code from paper; spaces and dashes do not matter."""

    code = Text(24, min_length=6, required=True)


class SecondFactorRead(Schema):
    """How it stands with one's second step."""

    is_set = fields.Boolean(required=True)
    since_at = fields.AwareDateTime(required=True, allow_none=True)
    papers_left = fields.Integer(required=True)


class BegunRead(Schema):
    """What an authenticator has to learn: as a link for a QR code, or the secret (base32) to type."""

    secret = fields.String(required=True)
    uri = fields.String(required=True)


class PapersRead(Schema):
    """Ten codes for paper, shown this once."""

    paper_codes = fields.List(fields.String(), required=True, validate=validate.Length(equal=10))


class SessionRead(Schema):
    """Where one is signed in."""

    id = fields.UUID(required=True)
    device = fields.String(required=True)
    opened_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)


class SessionsRead(Schema):
    """Where one is signed in, newest first; `current` is the one that asks."""

    items = fields.List(fields.Nested(SessionRead), required=True)
    current = fields.UUID(required=True, allow_none=True)


@api.get("/me/second-factor")
@requires("self")
@gives(SecondFactorRead)
def read(by: Actor) -> State:
    """How it stands with one's own second step"""
    return second_factor.state_of(by.id)


@api.post("/me/second-factor")
@requires("self")
@gives(BegunRead, 201)
def begin(by: Actor) -> Begun:
    """Begin to set up the second step; it counts once a code was given"""
    return second_factor.begin(by=by, at=clock.now())


@api.post("/me/second-factor/confirmation")
@limited(SECOND_STEPS, named_caller)
@requires("self")
@takes(CodeGiven)
@gives(PapersRead)
def confirm(code: str, by: Actor) -> dict[str, Any]:
    """The first code of the phone; every other session ends"""
    return {"paper_codes": second_factor.confirm(code=code, by=by, at=clock.now())}


@api.post("/me/second-factor/paper-codes")
@limited(SECOND_STEPS, named_caller)
@requires("self")
@takes(CodeGiven)
@gives(PapersRead)
def renew_papers(code: str, by: Actor) -> dict[str, Any]:
    """New codes for paper instead of the old ones"""
    return {"paper_codes": second_factor.new_papers(code=code, by=by, at=clock.now())}


@api.post("/me/second-factor/removal")
@limited(SECOND_STEPS, named_caller)
@requires("self")
@takes(CodeGiven)
@gives(None)
def remove(code: str, by: Actor) -> None:
    """Sign in without the second step again"""
    second_factor.remove(code=code, by=by, at=clock.now())


@api.post("/staff/<uuid:staff_id>/second-factor/reset")
@requires("people.appoint")
@gives(None)
def reset(staff_id: UUID, by: Actor) -> None:
    """A colleague lost the phone: take the second step away and sign them out"""
    second_factor.reset(person_id=staff_id, by=by, at=clock.now())


@api.get("/sessions")
@requires("self")
@gives(SessionsRead)
def list_sessions(by: Actor) -> dict[str, Any]:
    """Where one is signed in"""
    found: list[SessionFamily] = list(sessions.open_sessions(by.id, at=clock.now()))
    return {"items": found, "current": by.family_id}


@api.delete("/sessions/<uuid:session_id>")
@requires("self")
@gives(None)
def end_session(session_id: UUID, by: Actor) -> None:
    """Sign out on one device"""
    sessions.end_one_session(family_id=session_id, by=by, at=clock.now())
