"""The phone that shows my code: which one it is, and what to do when it is lost."""

from __future__ import annotations

from flask import Response

from app.codes.enrolling import revoke_handles
from app.codes.models import PHONE
from app.codes.queries import handle_in_use
from app.identity import moving, returning, sessions
from app.identity.actors import Actor
from app.identity.queries import phone_tail
from app.kernel import clock
from app.kernel.http import requires, takes_form
from app.web.edge import Pages, go, page
from app.web.forms import Nothing

pages = Pages("my-code")


@pages.get("/me/code")
@requires("self")
def my_code(by: Actor) -> str:
    """Which phone shows my code"""
    move = moving.open_move_of(by.id)
    return page(
        "rider/my_code.html",
        phone=handle_in_use(by.id, PHONE), move=move, tail=phone_tail(move.new_phone) if move else "",
        not_before=move.asked_at + moving.OBJECTION if move else None,
        asked_back=returning.open_of(by.id, at=clock.now()),
    )  # fmt: skip


@pages.post("/me/code/not-me", again=my_code)
@requires("self")
@takes_form(Nothing)
def object_to_move(by: Actor) -> Response:
    """The rider did not ask for another number: it stays"""
    moving.object_to_move(by=by, at=clock.now())
    return go("/me/code", said="web.said.move-stopped")


@pages.post("/me/code/not-lost", again=my_code)
@requires("self")
@takes_form(Nothing)
def object_to_return(by: Actor) -> Response:
    """The phone is not lost: nobody is let in on another"""
    returning.object_to(by=by, at=clock.now())
    return go("/me/code", said="web.said.return-stopped")


@pages.post("/me/code/lost")
@requires("self")
@takes_form(Nothing)
def lost(by: Actor) -> Response:
    """A phone is gone: its codes end, and everything but this browser is signed out"""
    at = clock.now()
    revoke_handles(person_id=by.id, at=at)
    sessions.end_other_sessions(by=by, at=at)
    return go("/me/code", said="web.said.phone-ended")
