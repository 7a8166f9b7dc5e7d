"""First steps: looking around without an account, signing in by phone or by a station's invitation, signing out."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import Response, request
from marshmallow import fields, validate

from app.identity import api as identity_api
from app.identity import profile, second_factor, sessions, signing_in
from app.identity.actors import Actor
from app.identity.edge import drop_cookies
from app.identity.errors import NewPasswordNeeded
from app.identity.models import OCCUPATIONS, Person
from app.identity.queries import masked_phone, person, person_by_username
from app.identity.second_factor_api import SECOND_STEPS, CodeGiven
from app.kernel import clock, settings
from app.kernel.http import limited, public, requires, takes_form, takes_query
from app.kernel.schemas import Line, Schema, Text
from app.kernel.subjects import address
from app.places import queries as places
from app.web.edge import Pages, go, page, signed_in
from app.web.forms import Choice, Key, Nothing, SixDigits, Tick, form_field
from app.web.menus import landing_of
from app.web.paths import local_path

pages = Pages("signing-in")

PLATFORMS = ("meituan", "eleme", "jd", "sf", "jt", "didi", "other")
KEPT_PHONE_S = 900


class Next(Schema):
    """Where to go afterwards."""

    next = fields.String(load_default="", validate=validate.Length(max=500))


class PhoneForm(Next):
    """A phone number that wants a code."""

    phone = Text(24, min_length=5, required=True)


class CodeForm(Next):
    """The code that arrived, and the agreement a new rider gives once."""

    code = SixDigits(required=True)
    consent = Tick()


class InviteForm(Schema):
    """The PIN the station said aloud."""

    pin = SixDigits(required=True)
    nickname = Line(30, load_default=None)
    consent = Tick()


class StaffForm(Next):
    """A member of staff."""

    username = Key(40, in_capitals=False, required=True)
    password = fields.String(required=True, validate=validate.Length(1, 200))


class SecondStepForm(Next, CodeGiven):
    """A code of the phone, or from paper."""


class AboutMe(Schema):
    """What a rider may say about themself; nothing of it is needed."""

    nickname = Line(30, load_default=None)
    occupation = Choice(OCCUPATIONS, load_default=None)
    platform = Choice(PLATFORMS, load_default=None)
    district = fields.String(load_default=None, validate=validate.Regexp(r"^[0-9]{2,20}\Z"))


def _phone() -> str:
    """The number that waits for its code: kept by this browser, never in an address."""
    return request.cookies.get("signing_in", "")


def from_the_start(page: str, next_path: str = "") -> Response:
    """Back to the first page of signing in, where this browser keeps nothing of it (any more); what waits is kept."""
    waits = local_path(request.form.get("next", next_path), "")
    onward = f"{page}?next={quote(waits)}" if waits else page
    return go(onward, said="web.said.step-over" if request.method == "POST" else None)


def _first_step() -> str:
    """The proof that name and password were right a moment ago, kept by this browser."""
    return request.cookies.get("second_step", "")


# Whose try it is; one that names nobody is the address's alone, so that nobody uses up the tries of others with it.


def _phone_bucket() -> str:
    return identity_api.phone_or_address(request.form.get("phone") or _phone())


def _username_bucket() -> str:
    return form_field("username")() or address()


def _open(someone: Person, next_path: str = "", *, second_step: bool = False) -> Response:
    device = request.user_agent.string or ""
    tokens = identity_api.open_tokens(someone, device, second_step=second_step)
    is_new = someone.is_rider and someone.nickname is None and someone.home_region_code is None
    target = "/first-steps" if is_new else local_path(next_path, landing_of(someone))
    if someone.password_hash is not None and not second_step and settings.current().second_factor_needed:
        target = "/me/second-step"
    response = go(target)
    response.delete_cookie("signing_in")
    return signed_in(response, tokens)


@pages.get("/welcome")
@public
def welcome(by: Actor) -> str:
    """Who we are, and looking around without an account"""
    return page("rider/welcome.html", by=by)


@pages.get("/agreement")
@public
def agreement() -> str:
    """What is kept, what for, and what is never done"""
    return page("rider/agreement.html")


@pages.get("/sign-in")
@public
@takes_query(Next)
def sign_in(by: Actor, next: str = "") -> Any:  # noqa: A002 -- the name in the address
    """Ask for a code"""
    if not by.is_anonymous:
        return go(local_path(next))
    return page("rider/sign_in.html", next=request.form.get("next", next))


@pages.post("/sign-in", again=sign_in, blame={"too-many-tries": "phone", "no-sms-provider": "phone"})
@public
@limited(identity_api.CODES_PER_PHONE, _phone_bucket)
@limited(identity_api.CODES_PER_ADDRESS, address)
@takes_form(PhoneForm)
def ask_for_code(phone: str, next: str) -> Response:  # noqa: A002
    """Send a code"""
    asked = signing_in.request_code(phone=phone, at=clock.now())
    response = go(f"/sign-in/code?next={quote(local_path(next, ''))}")
    response.set_cookie(
        "signing_in",
        asked.phone,
        max_age=KEPT_PHONE_S,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure,
    )
    return response


@pages.get("/sign-in/code")
@public
@takes_query(Next)
def enter_code(next: str = "") -> Any:  # noqa: A002
    """Type the code"""
    if not _phone():
        return from_the_start("/sign-in", next)
    return page(
        "rider/sign_in_code.html",
        phone=masked_phone(_phone()),
        next=request.form.get("next", next),
        demo=settings.current().is_demo,
    )


@pages.post(
    "/sign-in/code",
    again=enter_code,
    blame={
        "code-wrong": "code",
        "code-expired": "code",
        "code-tries-used-up": "code",
        "too-many-tries": "code",
        "consent-needed": "consent",
    },
)
@public
@limited(identity_api.TRIES_PER_PHONE, _phone_bucket)
@limited(identity_api.TRIES_PER_ADDRESS, address)
@takes_form(CodeForm)
def check_code(code: str, consent: bool, next: str) -> Response:  # noqa: A002
    """Sign in"""
    return _open(
        signing_in.sign_in_with_code(phone=_phone(), code=code, consent=consent, at=clock.now()), next
    )


@pages.get("/I/<token>")
@public
def invitation(token: str) -> str:
    """A station's invitation"""
    invite = signing_in.invite_by_token(token, clock.now())
    return page(
        "rider/invite.html",
        token=token,
        station=places.station(invite.station_id),
        known=invite.person_id is not None,
    )


@pages.post(
    "/I/<token>",
    again=invitation,
    blame={
        "code-wrong": "pin",
        "code-tries-used-up": "pin",
        "too-many-tries": "pin",
        "consent-needed": "consent",
    },
)
@public
@limited(identity_api.TRIES_PER_INVITE, lambda: request.path)
@limited(identity_api.TRIES_PER_ADDRESS, address)
@takes_form(InviteForm)
def accept_invitation(token: str, pin: str, nickname: str | None, consent: bool) -> Response:
    """Sign in with the PIN"""
    someone = signing_in.sign_in_with_invite(
        token=token, pin=pin, nickname=nickname, consent=consent, at=clock.now()
    )
    return _open(someone)


@pages.get("/sign-in/staff")
@public
@takes_query(Next)
def staff_sign_in(next: str = "") -> str:  # noqa: A002
    """Staff: name and password"""
    return page("rider/sign_in_staff.html", next=request.form.get("next", next))


@pages.post(
    "/sign-in/staff", again=staff_sign_in, blame={"password-wrong": "password", "too-many-tries": "username"}
)
@public
@limited(identity_api.TRIES_PER_USERNAME, _username_bucket)
@limited(identity_api.TRIES_PER_ADDRESS, address)
@takes_form(StaffForm)
def check_password(username: str, password: str, next: str) -> Response:  # noqa: A002
    """Sign in, or go on to the second step, or from a passing password to one of one's own"""
    try:
        someone = signing_in.sign_in_with_password(username=username, password=password, at=clock.now())
    except NewPasswordNeeded:
        return _keep_proof(go("/sign-in/staff/new-password"), "passing", person_by_username(username))
    if not second_factor.state_of(someone.id).is_set:
        return _open(someone, next)
    onward = go(f"/sign-in/staff/code?next={quote(local_path(next, ''))}")
    return _keep_proof(onward, "second_step", someone)


def _keep_proof(response: Response, cookie: str, someone: Person | None) -> Response:
    """Let this browser go on from name and password for five minutes."""
    assert someone is not None
    response.set_cookie(
        cookie,
        signing_in.first_step_taken(someone, clock.now()),
        max_age=int(signing_in.CODE_LIVES.total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=request.is_secure,
    )
    return response


@pages.get("/sign-in/staff/code")
@public
@takes_query(Next)
def enter_second_step(next: str = "") -> Any:  # noqa: A002
    """Staff: the second step"""
    if not _first_step():
        return from_the_start("/sign-in/staff", next)
    return page("rider/sign_in_step.html", next=request.form.get("next", next))


@pages.post(
    "/sign-in/staff/code",
    again=enter_second_step,
    blame={"second-factor-wrong": "code", "second-factor-needed": "code", "too-many-tries": "code"},
)
@public
@limited(SECOND_STEPS, lambda: _first_step().partition(".")[0])
@limited(identity_api.TRIES_PER_ADDRESS, address)
@takes_form(SecondStepForm)
def check_second_step(code: str, next: str) -> Response:  # noqa: A002
    """Sign in with the code of the phone or of paper"""
    someone = signing_in.after_first_step(_first_step(), clock.now())
    proven = second_factor.prove(person_id=someone.id, code=code, at=clock.now())
    response = _open(someone, next, second_step=proven)
    response.delete_cookie("second_step")
    return response


@pages.post("/sign-out")
@requires("self")
@takes_form(Nothing)
def sign_out(by: Actor) -> Response:
    """Sign out on this device"""
    sessions.end_session(by=by, at=clock.now())
    return drop_cookies(go("/welcome", said="web.said.signed-out"))


@pages.get("/first-steps")
@requires("self")
def first_steps(by: Actor) -> str:
    """A few optional words about oneself"""
    city = places.city()
    return page(
        "rider/first_steps.html",
        me=person(by.id),
        districts=places.children_of(city.code) if city else [],
        occupations=OCCUPATIONS,
        platforms=PLATFORMS,
        first=True,
    )


@pages.post("/first-steps", again=first_steps)
@requires("self")
@takes_form(AboutMe)
def tell_about_me(
    by: Actor, nickname: str | None, occupation: str | None, platform: str | None, district: str | None
) -> Response:
    """Keep it; a district leads on to its communities"""
    changes = {"nickname": nickname, "occupation": occupation, "platform": platform}
    if district is not None:  # the choice begins empty each time: left so, it takes no community back
        changes["home_region_code"] = district
    profile.change_profile(changes=changes, by=by, at=clock.now())
    return go("/me/community?first=yes" if district else "/")
