"""Signing in, sessions, oneself, consents, invitations and appointments."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from app.identity import (
    appointing,
    consent,
    passwords,
    profile,
    proposing,
    queries,
    second_factor,
    sessions,
    signing_in,
)
from app.identity.actors import Actor
from app.identity.edge import Tokens, give_tokens, named_caller, refresh_token_id
from app.identity.models import Appointment, Person
from app.identity.schemas import (
    AddStaff,
    AnswerConsent,
    Appoint,
    AppointmentRead,
    AskCode,
    ChangeMe,
    ChangePassword,
    CodeSent,
    ConsentsRead,
    InviteMade,
    InviteRider,
    MeRead,
    Refresh,
    SignInWithCode,
    SignInWithInvite,
    SignInWithPassword,
    StaffRead,
    TokensRead,
)
from app.kernel import clock, settings
from app.kernel.http import Api, gives, idempotent, limited, public, requires, takes
from app.kernel.limits import Limit
from app.kernel.subjects import address, body_field

api = Api("identity", "", "Signing in and people")

CODES_PER_PHONE = Limit("code-phone", 5, 3600)
CODES_PER_ADDRESS = Limit("code-address", 60, 3600)
TRIES_PER_PHONE = Limit("try-phone", 20, 3600)
TRIES_PER_USERNAME = Limit("try-username", 10, 900)
TRIES_PER_INVITE = Limit("try-invite", 20, 3600)
TRIES_PER_ADDRESS = Limit("try-address", 120, 900)
TRIES_PER_PASSWORD = Limit("try-own-password", 10, 900)


def phone_of_body() -> str:
    """The phone number of the body in its normal form, so that spaces do not buy more tries."""
    return phone_or_address(body_field("phone")())


def phone_or_address(typed: str) -> str:
    """A number in its normal form; what is none is refused by the view, and counts as a try of its address only."""
    try:
        return signing_in.normal_phone(typed)
    except Exception:  # noqa: BLE001 -- whatever is wrong with it, here it only needs somebody whose try it is
        return address()


def username_of_body() -> str:
    """The staff name of the body, lower case."""
    return body_field("username")().lower()


def open_tokens(person: Person, device: str, *, second_step: bool = False) -> Tokens:
    """A new session for somebody who has just proved who they are."""
    at = clock.now()
    refresh = sessions.open_session(person=person, device=device, at=at, second_step=second_step)
    return give_tokens(refresh=refresh, person=person, at=at)


@api.post("/sign-in/codes")
@public
@limited(CODES_PER_PHONE, phone_of_body)
@limited(CODES_PER_ADDRESS, address)
@takes(AskCode)
@gives(CodeSent, 202)
def ask_for_code(phone: str) -> dict[str, int]:
    """Send a one-time code to a phone"""
    signing_in.request_code(phone=phone, at=clock.now())
    return {"expires_in_s": int(signing_in.CODE_LIVES.total_seconds())}


@api.post("/sign-in")
@public
@limited(TRIES_PER_PHONE, phone_of_body)
@limited(TRIES_PER_ADDRESS, address)
@takes(SignInWithCode)
@gives(TokensRead)
def sign_in(phone: str, code: str, consent: bool, device: str) -> Tokens:
    """Sign in (and enrol) with the code that arrived"""
    person = signing_in.sign_in_with_code(phone=phone, code=code, consent=consent, at=clock.now())
    return open_tokens(person, device)


@api.post("/sign-in/invite")
@public
@limited(TRIES_PER_INVITE, body_field("token"))
@limited(TRIES_PER_ADDRESS, address)
@takes(SignInWithInvite)
@gives(TokensRead)
def sign_in_by_invite(token: str, pin: str, nickname: str | None, consent: bool, device: str) -> Tokens:
    """Sign in (and enrol) with a station's invitation and PIN"""
    person = signing_in.sign_in_with_invite(
        token=token, pin=pin, nickname=nickname, consent=consent, at=clock.now()
    )
    return open_tokens(person, device)


@api.post("/sign-in/password")
@public
@limited(TRIES_PER_USERNAME, username_of_body)
@limited(TRIES_PER_ADDRESS, address)
@takes(SignInWithPassword)
@gives(TokensRead)
def sign_in_staff(username: str, password: str, code: str | None, device: str) -> Tokens:
    """Sign in a member of staff; whoever has a second step gives its code too"""
    at = clock.now()
    someone = signing_in.sign_in_with_password(username=username, password=password, at=at)
    return open_tokens(
        someone, device, second_step=second_factor.prove(person_id=someone.id, code=code, at=at)
    )


@api.post("/sessions/refresh")
@public
@limited(TRIES_PER_ADDRESS, address)
@takes(Refresh)
@gives(TokensRead)
def refresh(refresh_token: str) -> Tokens:
    """Trade a refresh token for new tokens; used twice, it ends the session"""
    at = clock.now()
    renewed, person = sessions.renew_session(token_id=refresh_token_id(refresh_token, at), at=at)
    return give_tokens(refresh=renewed, person=person, at=at)


@api.delete("/sessions/current")
@requires("self")
@gives(None)
def sign_out(by: Actor) -> None:
    """Sign out on this device"""
    sessions.end_session(by=by, at=clock.now())


@api.delete("/sessions")
@requires("self")
@gives(None)
def sign_out_everywhere(by: Actor) -> None:
    """Sign out on every device"""
    sessions.end_all_sessions(person_id=by.id, at=clock.now())


@api.get("/me")
@requires("self")
@gives(MeRead)
def read_me(by: Actor) -> Person:
    """The signed-in person"""
    return queries.person(by.id)


@api.put("/me/password")
@limited(TRIES_PER_PASSWORD, named_caller)
@requires("self")
@takes(ChangePassword)
@gives(None)
def change_password(old: str, new: str, by: Actor) -> None:
    """Replace one's own password; every other session ends"""
    passwords.change_password(old=old, new=new, by=by, at=clock.now())


@api.put("/me")
@requires("self")
@takes(ChangeMe)
@gives(MeRead)
def change_me(by: Actor, **changes: Any) -> Person:
    """Change what is given, leave the rest"""
    return profile.change_profile(changes=changes, by=by, at=clock.now())


@api.delete("/me")
@requires("self")
@gives(None)
def close_me(by: Actor) -> None:
    """Close the account: name and phone are forgotten, the books stay under a pseudonym"""
    profile.close_account(by=by, at=clock.now())


@api.get("/me/consents")
@requires("self")
@gives(ConsentsRead)
def read_consents(by: Actor) -> dict[str, bool]:
    """What I agreed to"""
    return consent.consents_of(by.id)


@api.post("/me/consents")
@requires("self")
@takes(AnswerConsent)
@gives(ConsentsRead)
def answer(purpose: str, given: bool, by: Actor) -> dict[str, bool]:
    """Agree to a purpose, or take it back"""
    consent.answer_consent(purpose=purpose, given=given, by=by, at=clock.now())
    return consent.consents_of(by.id)


@api.post("/invites")
@requires("people.invite")
@takes(InviteRider)
@gives(InviteMade, 201)
def invite(station_id: UUID, by: Actor) -> dict[str, Any]:
    """Invite one rider at a station"""
    made, token, pin = signing_in.invite_rider(station_id=station_id, by=by, at=clock.now())
    return {"url": f"{settings.current().public_url}/I/{token}", "pin": pin, "expires_at": made.expires_at}


@api.post("/staff")
@requires("people.appoint")
@takes(AddStaff)
@gives(StaffRead, 201)
def add_staff(username: str, password: str, name: str, by: Actor) -> Person:
    """Add a staff account"""
    return appointing.add_staff(username=username, password=password, name=name, by=by, at=clock.now())


@api.get("/appointments")
@requires("people.appoint")
@gives(AppointmentRead, many=True)
def appointments_waiting(by: Actor) -> list[Appointment]:
    """The appointments that wait for a second administrator"""
    return proposing.waiting(by=by)


@api.post("/appointments")
@requires("people.appoint")
@idempotent
@takes(Appoint)
@gives(AppointmentRead, 201)
def propose(
    person_id: UUID, role: str, region_code: str | None, station_id: UUID | None, by: Actor
) -> Appointment:
    """Propose a role for a person; without another administrator near it is given at once"""
    return proposing.propose(
        person_id=person_id, role=role, region_code=region_code, station_id=station_id, by=by, at=clock.now()
    )


@api.post("/appointments/<uuid:appointment_id>/agree")
@requires("people.appoint")
@gives(AppointmentRead)
def agree(appointment_id: UUID, by: Actor) -> Appointment:
    """Agree as the second administrator"""
    return proposing.agree(appointment_id=appointment_id, by=by, at=clock.now())


@api.post("/appointments/<uuid:appointment_id>/decline")
@requires("people.appoint")
@gives(AppointmentRead)
def decline(appointment_id: UUID, by: Actor) -> Appointment:
    """Decline, or take one's own proposal back"""
    return proposing.decline(appointment_id=appointment_id, by=by, at=clock.now())


@api.delete("/grants/<uuid:grant_id>")
@requires("people.appoint")
@gives(None)
def take_back(grant_id: UUID, by: Actor) -> None:
    """Take a role back"""
    appointing.take_back(grant_id=grant_id, by=by, at=clock.now())
