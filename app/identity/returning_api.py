"""What staff do for a rider without a number who lost the phone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from marshmallow import fields, validate

from app.identity import returning
from app.identity.actors import Actor
from app.identity.edge import named_caller
from app.identity.models import RETURN_STATES, RiderReturn
from app.identity.moving_api import HELPED, DecideMove
from app.identity.queries import masked_of
from app.identity.schemas import InviteMade
from app.kernel import clock, settings
from app.kernel.http import Api, gives, idempotent, limited, requires, takes, traced
from app.kernel.schemas import Id, Line, Schema, Text

api = Api("returns", "/rider-returns", "Riders without a number who lost the phone")


class AskReturn(Schema):
    """What the rider is called here, in full, and how staff know that it is them."""

    station_id = Id(required=True)
    nickname = Line(30, required=True)
    joined_on = fields.Date(load_default=None, allow_none=True)
    reason = Text(200, required=True)


class ReturnRead(Schema):
    """A rider on the way back: not who."""

    id = fields.UUID(required=True)
    station_id = fields.UUID(required=True)
    state = fields.String(required=True, validate=validate.OneOf(RETURN_STATES))
    asked_at = fields.AwareDateTime(required=True)
    not_before = fields.Function(
        lambda each: (each.asked_at + returning.OBJECTION).isoformat(), required=True
    )
    ended_at = fields.AwareDateTime(required=True, allow_none=True)


class OpenReturnRead(Schema):
    """The same with what a second person needs to judge it."""

    asked = fields.Nested(ReturnRead, required=True)
    rider = fields.String(required=True)
    station = fields.String(required=True)
    reason = fields.String(required=True)


@api.post("")
@requires("people.recover")
@limited(HELPED, named_caller)
@idempotent
@takes(AskReturn)
@gives(ReturnRead, 201)
def ask(station_id: UUID, nickname: str, joined_on: date | None, reason: str, by: Actor) -> RiderReturn:
    """Ask to let a rider in anew whom this station invited; a second person confirms, and a day must pass"""
    return returning.ask(
        nickname=nickname, joined_on=joined_on, station_id=station_id, reason=reason, by=by, at=clock.now()
    )


@api.get("")
@requires("people.confirm-move")
@traced("rider-returns.seen")
@gives(OpenReturnRead, many=True)
def list_open(by: Actor) -> Sequence[dict[str, Any]]:
    """Riders who are to be let in anew"""
    return [
        {
            "asked": asked,
            "rider": masked_of(rider),
            "station": station.name,
            "reason": asked.reason,
        }
        for asked, rider, station in returning.open_for(by, at=clock.now())
    ]


@api.post("/<uuid:return_id>/decision")
@requires("people.confirm-move")
@takes(DecideMove)
@gives(ReturnRead)
def decide(return_id: UUID, decision: str, by: Actor) -> RiderReturn:
    """Confirm or refuse what a colleague asked for"""
    verb = returning.confirm if decision == "confirm" else returning.refuse
    return verb(return_id=return_id, by=by, at=clock.now())


@api.post("/<uuid:return_id>/invitation")
@requires("people.recover")
@gives(InviteMade, 201)
def invite(return_id: UUID, by: Actor) -> dict[str, Any]:
    """The invitation that brings the rider back: half an hour, once"""
    made, token, pin = returning.invite(return_id=return_id, by=by, at=clock.now())
    return {"url": f"{settings.current().public_url}/I/{token}", "pin": pin, "expires_at": made.expires_at}


@api.delete("/mine")
@requires("self")
@gives(ReturnRead)
def object_to(by: Actor) -> RiderReturn:
    """Say that the phone is not lost; nothing changes"""
    return returning.object_to(by=by, at=clock.now())
