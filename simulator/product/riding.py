"""What riders ask for themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from app.cases import asking, closing, reporting
from app.cases import queries as cases
from app.codes import enrolling
from app.honours import consenting, nominating, objecting
from app.identity import profile, signing_in
from app.identity.actors import Actor
from app.identity.consent import answer_consent
from app.kernel.geo import Position
from app.media import accepting
from app.rewards import ordering
from app.scans import scanning
from app.volunteering import signing_up
from simulator.product.answers import Facts, of_case, of_voucher


def ask_for_code(*, by: Actor, at: datetime, phone: str) -> Facts:
    """A one-time code by SMS."""
    signing_in.request_code(phone=phone, at=at)
    return {}


def sign_in(*, by: Actor, at: datetime, phone: str, code: str) -> Facts:
    """Sign in, enrolling whoever is new."""
    return {"person": str(signing_in.sign_in_with_code(phone=phone, code=code, consent=True, at=at).id)}


def tell_about_me(*, by: Actor, at: datetime, **changes: Any) -> Facts:
    """What a rider says about themself."""
    return {"person": str(profile.change_profile(changes=changes, by=by, at=at).id)}


def agree(*, by: Actor, at: datetime, purpose: str, given: bool = True) -> Facts:
    """A yes or a no to one purpose."""
    return {"consent": str(answer_consent(purpose=purpose, given=given, by=by, at=at).id)}


def close_account(*, by: Actor, at: datetime) -> Facts:
    """Forget who this was."""
    profile.close_account(by=by, at=at)
    return {}


def enrol_phone(*, by: Actor, at: datetime) -> Facts:
    """The key with which a phone makes its own codes."""
    handle, key = enrolling.enrol_phone(device_name="sim", by=by, at=at)
    return {"handle": handle.handle, "alg": handle.alg, "key": key.hex()}


def scan(
    *,
    by: Actor,
    at: datetime,
    text: str,
    station_id: str | None = None,
    place: tuple[float, float] | None = None,
    accuracy_m: int | None = None,
) -> Facts:
    """Whatever a camera or a gun reads: a poster, a personal code, a shift's screen, a voucher."""
    found = scanning.scan(
        text=text,
        station_id=UUID(station_id) if station_id else None,
        position=Position(*place) if place else None,
        accuracy_m=accuracy_m,
        by=by,
        at=at,
    )
    told = {
        "checkin": found.checkin_id,
        "attendance": found.attendance_id,
        "voucher": found.voucher_id,
        "session": found.scan_session_id,
    }
    ids = {name: str(value) for name, value in told.items() if value}
    return {**ids, "outcome": found.outcome, "points": found.points, "replayed": found.replayed}


def upload(*, by: Actor, at: datetime, photo: str) -> Facts:
    """A photo, as hexadecimal text."""
    taken = accepting.accept_photo(data=bytes.fromhex(photo), purpose="report", by=by, at=at)
    return {"photo": str(taken.id)}


def report(
    *,
    by: Actor,
    at: datetime,
    category: str,
    place: tuple[float, float],
    place_words: str,
    description: str,
    client_ref: str,
    happened_at: str | None = None,
    photos: list[str] | None = None,
) -> Facts:
    """A hazard."""
    made = reporting.report(
        category=category,
        position=Position(*place),
        place_words=place_words,
        description=description,
        client_ref=client_ref,
        happened_at=datetime.fromisoformat(happened_at) if happened_at else None,
        photo_ids=[UUID(each) for each in photos or ()],
        by=by,
        at=at,
    )
    return of_case(made)


def me_too(*, by: Actor, at: datetime, case_id: str) -> Facts:
    """The same hazard, seen by another."""
    return of_case(reporting.me_too(case_id=UUID(case_id), by=by, at=at))


def rate(*, by: Actor, at: datetime, case_id: str, answer: str, stars: int | None) -> Facts:
    """Is it fixed?"""
    return of_case(closing.rate(case_id=UUID(case_id), answer=answer, stars=stars, by=by, at=at))


def reopen(*, by: Actor, at: datetime, case_id: str, reason: str) -> Facts:
    """It is not."""
    return of_case(closing.reopen(case_id=UUID(case_id), reason=reason, by=by, at=at))


def withdraw(*, by: Actor, at: datetime, case_id: str) -> Facts:
    """Taken back by the reporter."""
    return of_case(closing.withdraw(case_id=UUID(case_id), by=by, at=at))


def look_at_case(*, by: Actor, at: datetime, case_id: str) -> Facts:
    """A case, for whoever may see it."""
    return of_case(cases.case_for(by, UUID(case_id)))


def suggest(*, by: Actor, at: datetime, words: str, category: str, client_ref: str) -> Facts:
    """An idea."""
    return of_case(asking.suggest(words=words, category=category, client_ref=client_ref, by=by, at=at))


def appeal(*, by: Actor, at: datetime, words: str, category: str, client_ref: str) -> Facts:
    """A hardship, in private."""
    return of_case(asking.appeal(words=words, category=category, client_ref=client_ref, by=by, at=at))


def ask_about_points(*, by: Actor, at: datetime, entry_id: str | None, words: str) -> Facts:
    """Why so many, or so few?"""
    about = UUID(entry_id) if entry_id else None
    return of_case(asking.open_points_query(entry_id=about, words=words, by=by, at=at))


def sign_up(*, by: Actor, at: datetime, shift_id: str) -> Facts:
    """A place on a shift."""
    return {"sign_up": str(signing_up.sign_up(shift_id=UUID(shift_id), by=by, at=at).id)}


def step_back(*, by: Actor, at: datetime, shift_id: str) -> Facts:
    """The place given back."""
    signing_up.cancel_sign_up(shift_id=UUID(shift_id), by=by, at=at)
    return {}


def reserve(*, by: Actor, at: datetime, reward_id: str, station_id: str) -> Facts:
    """A reward put aside."""
    made = ordering.reserve(reward_id=UUID(reward_id), station_id=UUID(station_id), by=by, at=at)
    return {**of_voucher(made), "serial": made.serial}


def cancel(*, by: Actor, at: datetime, voucher_id: str) -> Facts:
    """A reward given up."""
    return of_voucher(ordering.cancel(voucher_id=UUID(voucher_id), by=by, at=at))


def name_me(*, by: Actor, at: datetime, selection_id: str, choice: str) -> Facts:
    """How a candidate wants to be named."""
    answered = consenting.answer(selection_id=UUID(selection_id), choice=choice, by=by, at=at)
    return {"candidate": str(answered.id)}


def nominate(*, by: Actor, at: datetime, selection_id: str, phone: str, story: str) -> Facts:
    """Somebody put forward, or seconded."""
    nominating.nominate(selection_id=UUID(selection_id), phone=phone, story=story, by=by, at=at)
    return {}


def object_to(*, by: Actor, at: datetime, selection_id: str, pseudonym: str | None, words: str) -> Facts:
    """A public notice that is not right."""
    made = objecting.object_(selection_id=UUID(selection_id), pseudonym=pseudonym, words=words, by=by, at=at)
    return of_case(made)
