"""Staff who forgot the password choose a new one, after the passing one that an administrator was given for them."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from marshmallow import fields, validate

from app.identity import passing
from app.identity.api import TRIES_PER_ADDRESS
from app.kernel import clock
from app.kernel.errors import Invalid
from app.kernel.http import limited, public, takes_form
from app.kernel.limits import Limit
from app.kernel.schemas import Schema
from app.kernel.subjects import address
from app.web.edge import Pages, go, page
from app.web.rider.signing_in import from_the_start

pages = Pages("forgotten")
CHOSEN = Limit("choose-password", 20, 900)  # with one proof; whoever makes proofs up has an address


class ChooseForm(Schema):
    """A password of one's own, twice."""

    new = fields.String(required=True, validate=validate.Length(12, 200))
    again = fields.String(required=True, validate=validate.Length(1, 200))


def _proof() -> str:
    """The proof that name and passing password were right a moment ago, kept by this browser."""
    return request.cookies.get("passing", "")


@pages.get("/sign-in/staff/new-password")
@public
def new_password() -> Any:
    """The form for a password of one's own"""
    if not _proof():
        return from_the_start("/sign-in/staff")
    return page("rider/choose_password.html")


@pages.post(
    "/sign-in/staff/new-password", again=new_password, blame={"passing-over": "new", "too-many-tries": "new"}
)
@public
@limited(CHOSEN, lambda: _proof() or address())
@limited(TRIES_PER_ADDRESS, address)
@takes_form(ChooseForm)
def choose_password(new: str, again: str) -> Response:
    """Take it; signing in with it comes afterwards"""
    if new != again:
        raise Invalid(fields={"again": ["web.password.differs"]})
    passing.choose_after(proof=_proof(), new=new, at=clock.now())
    response = go("/sign-in/staff", said="web.said.password-chosen")
    response.delete_cookie("passing")
    return response
