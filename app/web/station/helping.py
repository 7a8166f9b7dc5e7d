"""The counter helps a rider who lost the phone, whose number has changed, or who never had one here."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask import Response, request
from markupsafe import Markup
from marshmallow import fields

from app.codes import drawing
from app.identity import moving, returning, signing_in
from app.identity.actors import Actor
from app.identity.api import CODES_PER_PHONE, phone_or_address
from app.identity.edge import named_caller
from app.identity.moving_api import HELPED
from app.identity.queries import masked_name
from app.kernel import clock, settings
from app.kernel.http import limited, requires, takes_form
from app.kernel.schemas import Line, Schema, Text
from app.places import queries as places
from app.web.edge import Pages, go, once, page
from app.web.forms import Nothing, SixDigits
from app.web.menus import menu_of

pages = Pages("helping")


class LostForm(Schema):
    """Whose phone is gone (the whole number), and how the station knows them."""

    old_phone = Text(24, min_length=5, required=True)
    reason = Text(200, required=True)


class NewNumberForm(Schema):
    """The phone that gets a code."""

    new_phone = Text(24, min_length=5, required=True)


class MoveForm(Schema):
    """Both numbers, the code that arrived on the new phone, and how the station knows them."""

    old_phone = Text(24, min_length=5, required=True)
    new_phone = Text(24, min_length=5, required=True)
    code = SixDigits(required=True)
    reason = Text(200, required=True)


class ReturnForm(Schema):
    """What a rider without a number is called here (in full), and how the station knows them."""

    nickname = Line(30, required=True)
    joined_on = fields.Date(load_default=None)
    reason = Text(200, required=True)


def _new_phone() -> str:
    """The number in its normal form, so that spaces do not buy more codes."""
    return phone_or_address(request.form.get("new_phone", ""))


@pages.get("/station/<uuid:station_id>/help")
@requires("people.recover")
def help_rider(station_id: UUID, by: Actor) -> str:
    """Two forms: a lost phone, and a changed number, which begins with a code on the new phone"""
    return _page(station_id, by)


@pages.post(
    "/station/<uuid:station_id>/help/lost",
    again=help_rider,
    blame={"person-not-found": "old_phone", "staff-account": "old_phone"},
)
@requires("people.recover")
@limited(HELPED, named_caller)
@once
@takes_form(LostForm)
def end_phone(station_id: UUID, old_phone: str, reason: str, by: Actor) -> Response:
    """Sign the rider out everywhere"""
    moving.end_phone(phone=old_phone, station_id=station_id, reason=reason, by=by, at=clock.now())
    return go(f"/station/{station_id}/help", said="web.said.lost-phone-ended")


@pages.post(
    "/station/<uuid:station_id>/help/code",
    again=help_rider,
    blame={"phone-wrong": "new_phone", "no-sms-provider": "new_phone"},
)
@requires("people.recover")
@limited(HELPED, named_caller)
@limited(CODES_PER_PHONE, _new_phone)
@takes_form(NewNumberForm)
def send_code(station_id: UUID, new_phone: str, by: Actor) -> str:
    """Send a code to the new phone, and ask for it"""
    by.must("people.recover", station_id=station_id)
    signing_in.request_code(phone=new_phone, at=clock.now())
    return _page(station_id, by, sent_to=new_phone)


@pages.post(
    "/station/<uuid:station_id>/help/move",
    again=help_rider,
    blame={"person-not-found": "old_phone", "staff-account": "old_phone", "code-wrong": "code", "code-expired": "code"},
)  # fmt: skip
@requires("people.recover")
@limited(HELPED, named_caller)
@once
@takes_form(MoveForm)
def ask_move(station_id: UUID, old_phone: str, new_phone: str, code: str, reason: str, by: Actor) -> Response:
    """Ask for the change; a colleague of the department confirms it, and a day must pass"""
    moving.ask_move(
        old_phone=old_phone,
        new_phone=new_phone,
        code=code,
        station_id=station_id,
        reason=reason,
        by=by,
        at=clock.now(),
    )
    return go(f"/station/{station_id}/help", said="web.said.move-asked")


@pages.post(
    "/station/<uuid:station_id>/help/return",
    again=help_rider,
    blame={
        "person-not-found": "nickname",
        "staff-account": "nickname",
        "return-open": "nickname",
        "riders-alike": "joined_on",
    },
)
@requires("people.recover")
@limited(HELPED, named_caller)
@once
@takes_form(ReturnForm)
def ask_return(station_id: UUID, nickname: str, joined_on: date | None, reason: str, by: Actor) -> Response:
    """Ask to let a rider without a number in anew; a colleague of the department confirms it, and a day must pass"""
    returning.ask(
        nickname=nickname, joined_on=joined_on, station_id=station_id, reason=reason, by=by, at=clock.now()
    )
    return go(f"/station/{station_id}/help", said="web.said.return-asked")


@pages.post("/station/<uuid:station_id>/help/returns/<uuid:return_id>", again=help_rider)
@requires("people.recover")
@takes_form(Nothing)
def invite_back(station_id: UUID, return_id: UUID, by: Actor) -> str:
    """Shown once: the code to scan and the PIN to say aloud"""
    by.must("people.recover", station_id=station_id)
    made, token, pin = returning.invite(return_id=return_id, by=by, at=clock.now())
    svg = Markup(drawing.svg(f"{settings.current().public_url}/I/{token}", "M"))  # noqa: S704 -- drawn by us
    return page(
        "station/invite_back.html",
        station=places.station(station_id), made=made, pin=pin, svg=svg, menu=menu_of(by),
    )  # fmt: skip


def _page(station_id: UUID, by: Actor, sent_to: str | None = None) -> str:
    by.must("people.recover", station_id=station_id)
    at = clock.now()
    returns = [
        {"asked": asked, "rider": masked_name(rider.nickname), "ready": returning.is_ready(asked, at),
         "not_before": asked.asked_at + returning.OBJECTION}
        for asked, rider in returning.open_at(station_id, at=at)
    ]  # fmt: skip
    return page(
        "station/help.html",
        station=places.station(station_id), sent_to=sent_to, returns=returns, menu=menu_of(by),
    )  # fmt: skip
