"""How one signs in: the second step of staff, and the devices on which one is signed in."""

from __future__ import annotations

from uuid import UUID

from flask import Response
from marshmallow import fields

from app.codes import drawing
from app.identity import second_factor, sessions
from app.identity.actors import Actor
from app.identity.edge import named_caller
from app.identity.queries import person
from app.identity.second_factor_api import SECOND_STEPS, CodeGiven
from app.kernel import clock
from app.kernel.errors import Forbidden
from app.kernel.http import limited, requires, takes_form
from app.kernel.i18n import say
from app.kernel.schemas import Schema
from app.web.edge import Pages, go, page
from app.web.forms import Nothing

pages = Pages("safety")
BLAME = {"second-factor-wrong": "code", "too-many-tries": "code"}


# What browsers and systems call themselves, the more particular first: most also name what they descend from.
BROWSERS = (
    ("MicroMessenger", "微信 WeChat"),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


class DeviceForm(Schema):
    """One session of one's own."""

    session_id = fields.UUID(required=True)


@pages.get("/me/second-step")
@requires("self")
def second_step(by: Actor) -> str:
    """The second step: what it is, the picture for the phone, or how it stands"""
    if person(by.id).password_hash is None:
        raise Forbidden
    at = clock.now()
    begun = second_factor.begun(by=by, at=at)
    return page(
        "rider/second_step.html",
        fresh=sessions.is_fresh(by=by, at=at),
        state=second_factor.state_of(by.id),
        begun=begun,
        picture=drawing.svg(begun.uri) if begun else None,
        lacking=by.lacks_second_step,
    )


@pages.post("/me/second-step", again=second_step)
@requires("self")
@takes_form(Nothing)
def begin(by: Actor) -> Response:
    """Make the picture"""
    second_factor.begin(by=by, at=clock.now())
    return go("/me/second-step")


@pages.post("/me/second-step/confirm", again=second_step, blame=BLAME)
@limited(SECOND_STEPS, named_caller)
@requires("self")
@takes_form(CodeGiven)
def confirm(code: str, by: Actor) -> str:
    """The first code; answers with the codes for paper, which are shown this once"""
    codes = second_factor.confirm(code=code, by=by, at=clock.now())
    return page("rider/papers.html", codes=codes, done=say("web.papers.done"))


@pages.post("/me/second-step/papers", again=second_step, blame=BLAME)
@limited(SECOND_STEPS, named_caller)
@requires("self")
@takes_form(CodeGiven)
def renew_papers(code: str, by: Actor) -> str:
    """New codes for paper"""
    codes = second_factor.new_papers(code=code, by=by, at=clock.now())
    return page("rider/papers.html", codes=codes, done=say("web.papers.renewed"))


@pages.post("/me/second-step/remove", again=second_step, blame=BLAME)
@limited(SECOND_STEPS, named_caller)
@requires("self")
@takes_form(CodeGiven)
def remove(code: str, by: Actor) -> Response:
    """Sign in without it again"""
    second_factor.remove(code=code, by=by, at=clock.now())
    return go("/me", said="web.said.second-step-removed")


@pages.get("/me/devices")
@requires("self")
def devices(by: Actor) -> str:
    """Where one is signed in"""
    found = [(each, device_words(each.device)) for each in sessions.open_sessions(by.id, at=clock.now())]
    return page("rider/devices.html", devices=found, current=by.family_id)


def device_words(called: str) -> str:
    """`Chrome · Android` for what a browser says of itself; other names, as an app gives them, stay as they are."""
    if not called.startswith("Mozilla/"):
        return called
    known = [next((words for mark, words in names if mark in called), "") for names in (BROWSERS, SYSTEMS)]
    return " · ".join(filter(None, known))


@pages.post("/me/devices", again=devices)
@requires("self")
@takes_form(DeviceForm)
def end_device(session_id: UUID, by: Actor) -> Response:
    """Sign out there"""
    sessions.end_one_session(family_id=session_id, by=by, at=clock.now())
    return go("/me/devices", said="web.said.device-ended")
