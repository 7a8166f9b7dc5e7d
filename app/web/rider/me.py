"""我的: what is known about oneself, what one agreed to, and the ways out."""

from __future__ import annotations

import json
from typing import Any

from flask import Response, make_response
from marshmallow import fields, validate

from app.identity import consent, passwords, profile, queries
from app.identity.actors import Actor
from app.identity.api import TRIES_PER_PASSWORD
from app.identity.edge import drop_cookies, named_caller
from app.identity.models import OCCUPATIONS
from app.kernel import clock
from app.kernel.errors import Forbidden, Invalid
from app.kernel.http import limited, requires, takes_form, takes_query
from app.kernel.schemas import Line, Schema
from app.places import queries as places
from app.web.edge import Pages, go, page
from app.web.forms import Choice, Tick
from app.web.menus import menu_of
from app.web.rider.my_data import everything_about
from app.web.rider.signing_in import PLATFORMS

pages = Pages("me")


class ProfileForm(Schema):
    """What a rider may say about themself; an emptied field is forgotten."""

    nickname = Line(30, load_default=None)
    name = Line(60, load_default=None)
    occupation = Choice(OCCUPATIONS, load_default=None)
    platform = Choice(PLATFORMS, load_default=None)


class PasswordForm(Schema):
    """The present password and the next one, twice."""

    old = fields.String(required=True, validate=validate.Length(1, 200))
    new = fields.String(required=True, validate=validate.Length(12, 200))
    again = fields.String(required=True, validate=validate.Length(1, 200))


class RegionQuery(Schema):
    """How far down the choice of a home community has come."""

    under = fields.String(load_default=None, validate=validate.Regexp(r"^[0-9]{2,20}\Z"))
    first = fields.String(load_default="", validate=validate.OneOf(["", "yes"]))


class RegionForm(Schema):
    """A region chosen as home."""

    region = fields.String(required=True, validate=validate.Regexp(r"^[0-9]{2,20}\Z"))
    first = fields.String(load_default="", validate=validate.OneOf(["", "yes"]))


class ConsentForm(Schema):
    """An answer to one purpose."""

    purpose = Choice(consent.REFUSABLE, required=True)
    given = Choice(("yes", "no"), required=True)


class CloseForm(Schema):
    """Closing needs a tick, so that no slip of the thumb does it."""

    sure = Tick()


@pages.get("/me")
@requires("self")
def me(by: Actor) -> str:
    """Oneself, and where everything is"""
    someone = queries.person(by.id)
    home = places.full_name(someone.home_region_code) if someone.home_region_code else None
    return page(
        "rider/me.html",
        me=someone,
        has_password=someone.password_hash is not None,
        name=queries.display_name(someone),
        phone=queries.masked_phone(someone.phone) if someone.phone else None,
        home=home,
        desks=menu_of(by),
    )


@pages.get("/me/profile")
@requires("self")
def edit_profile(by: Actor) -> str:
    """Change what one said about oneself"""
    return page(
        "rider/first_steps.html",
        me=queries.person(by.id),
        districts=[],
        occupations=OCCUPATIONS,
        platforms=PLATFORMS,
        first=False,
    )


@pages.post("/me/profile", again=edit_profile)
@requires("self")
@takes_form(ProfileForm)
def save_profile(by: Actor, **changes: Any) -> Response:
    """Keep it"""
    profile.change_profile(changes=changes, by=by, at=clock.now())
    return go("/me", said="web.said.saved")


@pages.get("/me/community")
@requires("self")
@takes_query(RegionQuery)
def choose_community(by: Actor, under: str | None = None, first: str = "") -> str:
    """Choose the home community, one level at a time; each level is good by itself"""
    someone = queries.person(by.id)
    city = places.city()
    here = under or someone.home_region_code if first or under else (city.code if city else None)
    line = places.line_of(here) if here else []
    return page(
        "rider/community.html",
        me=someone,
        line=line,
        choices=places.children_of(here) if here else [],
        first=first,
    )


@pages.post("/me/community", again=choose_community)
@requires("self")
@takes_form(RegionForm)
def save_community(by: Actor, region: str, first: str) -> Response:
    """Keep it; go on to the next level down while there is one"""
    profile.change_profile(changes={"home_region_code": region}, by=by, at=clock.now())
    if places.children_of(region):
        return go(f"/me/community?under={region}" + ("&first=yes" if first else ""))
    return go("/" if first else "/me", said="web.said.saved")


@pages.get("/me/consents")
@requires("self")
def consents(by: Actor) -> str:
    """What one agreed to, purpose by purpose"""
    return page("rider/consents.html", purposes=consent.REFUSABLE, given=consent.answers_of(by.id))


@pages.post("/me/consents", again=consents)
@requires("self")
@takes_form(ConsentForm)
def answer_consent(by: Actor, purpose: str, given: str) -> Response:
    """Agree, or take it back"""
    consent.answer_consent(purpose=purpose, given=given == "yes", by=by, at=clock.now())
    return go("/me/consents", said="web.said.saved")


@pages.get("/me/data")
@requires("self")
def my_data(by: Actor) -> Response:
    """Everything the programme knows about the caller, as a file"""
    text = json.dumps(everything_about(by), ensure_ascii=False, indent=2, default=str)
    response = make_response(text)
    response.headers["Content-Type"] = "application/json; charset=utf-8"
    response.headers["Content-Disposition"] = 'attachment; filename="fengxing-my-data.json"'
    return response


@pages.get("/me/password")
@requires("self")
def password(by: Actor) -> str:
    """The form for another password, for staff"""
    if queries.person(by.id).password_hash is None:
        raise Forbidden
    return page("rider/password.html")


@pages.post("/me/password", again=password)
@limited(TRIES_PER_PASSWORD, named_caller)
@requires("self")
@takes_form(PasswordForm)
def change_password(old: str, new: str, again: str, by: Actor) -> Response:
    """Another password; whoever is signed in elsewhere has to sign in anew"""
    if new != again:
        raise Invalid(fields={"again": ["web.password.differs"]})
    passwords.change_password(old=old, new=new, by=by, at=clock.now())
    return go("/me", said="web.said.password-changed")


@pages.get("/me/close")
@requires("self")
def closing(by: Actor) -> str:
    """What closing the account means"""
    return page("rider/close.html")


@pages.post("/me/close", again=closing)
@requires("self")
@takes_form(CloseForm)
def close(by: Actor, sure: bool) -> Response:
    """Forget who this was"""
    if not sure:
        raise Invalid(fields={"sure": ["web.close.tick"]})
    profile.close_account(by=by, at=clock.now())
    return drop_cookies(go("/welcome", said="web.said.closed"))
