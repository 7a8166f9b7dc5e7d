"""Home: the rider's own code to be scanned, two numbers, and the ways on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response, make_response, request
from markupsafe import Markup
from marshmallow import fields, validate

from app.codes import bars, drawing, steps
from app.codes.enrolling import is_good, renew_server_handle
from app.codes.models import SERVER
from app.codes.queries import HANDLE_IN_USE, handle_in_use
from app.codes.showing import show_personal_code
from app.identity import profile
from app.identity.actors import Actor
from app.identity.queries import NAME, name_of, person
from app.kernel import clock, i18n
from app.kernel.http import asks_ahead, public, requires, takes_form, takes_query
from app.kernel.schemas import Schema
from app.ledger.queries import BALANCE, balance_of
from app.notices.queries import UNREAD, unread_count
from app.volunteering.queries import TOTALS, hours_totals
from app.web.edge import Pages, go, kept_offline, page, remember
from app.web.forms import Choice
from app.web.menus import menu_of
from app.web.paths import local_path

pages = Pages("home")


class Preferences(Schema):
    """Language and type size, and the page to come back to."""

    back = fields.String(load_default="/", validate=validate.Length(max=500))
    lang = Choice(i18n.LOCALES, load_default=None)
    large = Choice(("yes", "no"), load_default=None)


class Passing(Schema):
    """Whether this phone has drawn the rider's own code: then it need not be sent with the page."""

    draws = Choice(("yes",), load_default=None)


@pages.get("/")
@public
@asks_ahead(NAME, UNREAD, HANDLE_IN_USE[SERVER], BALANCE, TOTALS)
def home(by: Actor) -> Any:
    """The rider's home; visitors are welcomed, staff find their desks"""
    if by.is_anonymous:
        return go("/welcome")
    at = clock.now()
    facts: dict[str, Any] = {
        "name": name_of(by.id),
        "desks": menu_of(by),
        "unread": unread_count(by.id),
    }
    if not by.is_rider:
        return page("rider/desks.html", **facts, me=person(by.id))
    code: dict[str, Any] = {"step_s": steps.STEP_S}
    if request.cookies.get("draws") != by.key:  # else this very phone has shown that it draws its own
        if not is_good(handle_in_use(by.id, SERVER), at):
            return go("/code")  # once a week: a page that is only looked at cannot write
        code |= _code_now(by, at)
    return kept_offline(page("rider/home.html", **facts, **code, **_numbers(by)))


@pages.get("/code", write=True)
@requires("self")
def prepare_code(by: Actor) -> Response:
    """Give the rider a fresh number for codes that the server draws, for as long as the phone does not"""
    renew_server_handle(by=by, at=clock.now())
    response = go("/")
    remember(response, draws="no")
    return response


def _code_now(by: Actor, at: datetime) -> dict[str, Any]:
    shown = show_personal_code(by=by, at=at)
    return {
        "digits": shown.digits,
        "svg": Markup(drawing.svg(shown.digits)),  # noqa: S704 -- drawn by us from digits
        "bars": Markup(bars.svg(shown.digits)),  # noqa: S704 -- drawn by us from digits
        "seconds_left": max(1, int((shown.valid_until - at).total_seconds())),
    }


def _numbers(by: Actor) -> dict[str, Any]:
    return {"balance": balance_of(by.id), "totals": hours_totals(by.id)}


@pages.get("/renew")
@requires("self")
@takes_query(Passing)
def renew(by: Actor, draws: str | None = None) -> Response:
    """Nothing to see: a script whose short access has run out comes by here, or one that drew the own code itself"""
    response = make_response("", 204)
    if draws == "yes":
        remember(response, draws=by.key)
    # How wrong its clock is, and whose session this is by now, a phone learns here before it sends what waited.
    response.headers["X-Time"] = clock.now().isoformat()
    response.headers["X-Person"] = by.key
    return response


@pages.post("/preferences")
@public
@takes_form(Preferences)
def prefer(by: Actor, back: str, lang: str | None, large: str | None) -> Response:
    """Change language or type size, on this device and for the person"""
    big = None if large is None else large == "yes"
    if not by.is_anonymous:
        changes = {"locale": lang, "large_type": big}
        given = {name: value for name, value in changes.items() if value is not None}
        profile.change_profile(changes=given, by=by, at=clock.now())
    response = go(local_path(back))
    remember(response, language=lang, large=big)
    return response
