"""What staff do for a rider who lost the phone or has another number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from marshmallow import fields, validate

from app.identity import moving, signing_in
from app.identity.actors import Actor
from app.identity.api import CODES_PER_PHONE, phone_of_body
from app.identity.edge import named_caller
from app.identity.models import MOVE_STATES, NumberMove
from app.identity.queries import masked_of, masked_phone
from app.identity.schemas import AskCode, CodeSent
from app.kernel import clock
from app.kernel.http import Api, gives, idempotent, limited, requires, takes, traced
from app.kernel.limits import Limit
from app.kernel.schemas import Id, Schema, Text

api = Api("moves", "/number-moves", "Lost phones and changed numbers")

HELPED = Limit("rider-helped", tries=20, per_s=3600)  # for one member of staff


class EndPhone(Schema):
    """Whose phone is gone, by the rider's whole number, and how staff know that it is them."""

    station_id = Id(required=True)
    old_phone = Text(24, min_length=5, required=True)
    reason = Text(200, required=True)


class AskMove(Schema):
    """The number until now, the new one with the code that arrived there, and how staff know that it is them."""

    station_id = Id(required=True)
    old_phone = Text(24, min_length=5, required=True)
    new_phone = Text(24, min_length=5, required=True)
    code = fields.String(required=True, validate=validate.Regexp(r"^[0-9]{6}\Z"))
    reason = Text(200, required=True)


class DecideMove(Schema):
    """What the second person says."""

    decision = fields.String(required=True, validate=validate.OneOf(["confirm", "refuse"]))


class MoveRead(Schema):
    """A change of number: nobody's number or name is shown in full."""

    id = fields.UUID(required=True)
    station_id = fields.UUID(required=True)
    state = fields.String(required=True, validate=validate.OneOf(MOVE_STATES))
    asked_at = fields.AwareDateTime(required=True)
    not_before = fields.Function(lambda each: (each.asked_at + moving.OBJECTION).isoformat(), required=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)


class OpenMoveRead(Schema):
    """The same with what a second person needs to judge it."""

    move = fields.Nested(MoveRead, required=True)
    rider = fields.String(required=True)
    old_phone = fields.String(required=True)
    new_phone = fields.String(required=True)
    station = fields.String(required=True)
    reason = fields.String(required=True)


@api.post("/lost-phones")
@requires("people.recover")
@limited(HELPED, named_caller)
@takes(EndPhone)
@gives(None)
def end_phone(station_id: UUID, old_phone: str, reason: str, by: Actor) -> None:
    """End a lost phone for a rider who stands at the counter: signed out everywhere, codes void"""
    moving.end_phone(phone=old_phone, station_id=station_id, reason=reason, by=by, at=clock.now())


@api.post("/codes")
@requires("people.recover")
@limited(HELPED, named_caller)
@limited(CODES_PER_PHONE, phone_of_body)
@takes(AskCode)
@gives(CodeSent, 202)
def send_code(phone: str) -> dict[str, int]:
    """Send a code to the rider's new phone, which proves that they hold it"""
    signing_in.request_code(phone=phone, at=clock.now())
    return {"expires_in_s": int(signing_in.CODE_LIVES.total_seconds())}


@api.post("")
@requires("people.recover")
@limited(HELPED, named_caller)
@idempotent
@takes(AskMove)
@gives(MoveRead, 201)
def ask_move(
    station_id: UUID, old_phone: str, new_phone: str, code: str, reason: str, by: Actor
) -> NumberMove:
    """Ask that an account get its rider's new number; a second person confirms, and a day must pass"""
    return moving.ask_move(
        old_phone=old_phone,
        new_phone=new_phone,
        code=code,
        station_id=station_id,
        reason=reason,
        by=by,
        at=clock.now(),
    )


@api.get("")
@requires("people.confirm-move")
@traced("number-moves.seen")
@gives(OpenMoveRead, many=True)
def list_open_moves(by: Actor) -> Sequence[dict[str, Any]]:
    """Changes of number that are open"""
    return [
        {
            "move": move,
            "rider": masked_of(rider),
            "old_phone": masked_phone(rider.phone),
            "new_phone": masked_phone(move.new_phone),
            "station": station.name,
            "reason": move.reason,
        }
        for move, rider, station in moving.open_moves(by)
    ]


@api.post("/<uuid:move_id>/decision")
@requires("people.confirm-move")
@takes(DecideMove)
@gives(MoveRead)
def decide_move(move_id: UUID, decision: str, by: Actor) -> NumberMove:
    """Confirm or refuse a change of number that a colleague asked for"""
    decide = moving.confirm_move if decision == "confirm" else moving.refuse_move
    return decide(move_id=move_id, by=by, at=clock.now())


@api.delete("/mine")
@requires("self")
@gives(MoveRead)
def object_to_move(by: Actor) -> NumberMove:
    """Say that nobody was asked to change my number; it stays"""
    return moving.object_to_move(by=by, at=clock.now())
