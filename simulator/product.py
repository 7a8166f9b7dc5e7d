"""The product as the city uses it: every use case that people reach, called here and nowhere else in the simulator.

What is asked is a plain function of `by`, `at` and facts that can be written as JSON; so is what it answers. A use case
whose signature changes is mended here.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from app.cases import asking, closing, reporting, triage, working
from app.cases.models import Case
from app.cli import ticking
from app.codes import enrolling
from app.honours import announcing, consenting, reviewing, selecting
from app.identity import appointing, profile, signing_in
from app.identity.actors import Actor
from app.identity.consent import answer_consent
from app.kernel.geo import Position
from app.ledger import budgets, correcting
from app.media import accepting
from app.places.importing import import_divisions
from app.places.opening import open_station
from app.rewards import catalogue, ordering, redemption, stocking
from app.rewards.models import Voucher
from app.rules.starter import publish_starter
from app.scans import scanning
from app.volunteering import confirming, organising, signing_up
from app.volunteering.models import Hours

Facts = dict[str, Any]

# --- founding ----------------------------------------------------------------------------------------------------------


def found_regions(*, by: Actor, at: datetime, file: str) -> Facts:
    """The official divisions."""
    with Path(file).open(encoding="utf-8-sig", newline="") as lines:
        return {"added": import_divisions(lines=lines, file=Path(file).name).added}


def found_station(*, by: Actor, at: datetime, lat: float, lng: float, **facts: Any) -> Facts:
    """Open a station of the demo city."""
    made = open_station(position=Position(lat, lng), is_demo=True, at=at, **facts)
    return {"station": str(made.id)}


def hire(
    *,
    by: Actor,
    at: datetime,
    username: str,
    password: str,
    name: str,
    role: str,
    region_code: str | None = None,
    station_id: str | None = None,
) -> Facts:
    """A member of staff with one role."""
    someone = appointing.add_staff(
        username=username, password=password, name=name, is_demo=True, by=by, at=at
    )
    where = UUID(station_id) if station_id else None
    appointing.appoint(
        person_id=someone.id, role=role, region_code=region_code, station_id=where, by=by, at=at
    )
    return {"person": str(someone.id)}


def fund(*, by: Actor, at: datetime, region_code: str, period: str, points: int, source: str) -> Facts:
    """Fill a budget."""
    budgets.fund_budget(region_code=region_code, period=period, points=points, source=source, by=by, at=at)
    return {"points": points}


def start_rules(*, by: Actor, at: datetime, region_code: str, written_by: Actor) -> Facts:
    """Put the starter rules in force, unless others are."""
    version = publish_starter(region_code=region_code, written_by=written_by, reviewed_by=by, at=at)
    return {"version": str(version.id)}


def offer(*, by: Actor, at: datetime, **facts: Any) -> Facts:
    """Offer a reward."""
    return {"reward": str(catalogue.offer(is_demo=True, by=by, at=at, **facts).id)}


# --- riders' own things ------------------------------------------------------------------------------------------------


def ask_for_code(*, by: Actor, at: datetime, phone: str) -> Facts:
    """A one-time code by SMS."""
    signing_in.request_code(phone=phone, at=at)
    return {}


def sign_in(*, by: Actor, at: datetime, phone: str, code: str) -> Facts:
    """Sign in, enrolling whoever is new."""
    return {
        "person": str(signing_in.sign_in_with_code(phone=phone, code=code, consent=True, at=at).id)
    }


def tell_about_me(*, by: Actor, at: datetime, **changes: Any) -> Facts:
    """What a rider says about themself."""
    return {"person": str(profile.change_profile(changes=changes, by=by, at=at).id)}


def agree(*, by: Actor, at: datetime, purpose: str, given: bool = True) -> Facts:
    """A yes or a no to one purpose."""
    return {"consent": str(answer_consent(purpose=purpose, given=given, by=by, at=at).id)}


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
    return _case(made)


def me_too(*, by: Actor, at: datetime, case_id: str) -> Facts:
    """The same hazard, seen by another."""
    return _case(reporting.me_too(case_id=UUID(case_id), by=by, at=at))


def rate(*, by: Actor, at: datetime, case_id: str, answer: str, stars: int | None) -> Facts:
    """Is it fixed?"""
    return _case(closing.rate(case_id=UUID(case_id), answer=answer, stars=stars, by=by, at=at))


def reopen(*, by: Actor, at: datetime, case_id: str, reason: str) -> Facts:
    """It is not."""
    return _case(closing.reopen(case_id=UUID(case_id), reason=reason, by=by, at=at))


def withdraw(*, by: Actor, at: datetime, case_id: str) -> Facts:
    """Taken back by the reporter."""
    return _case(closing.withdraw(case_id=UUID(case_id), by=by, at=at))


def suggest(*, by: Actor, at: datetime, words: str, category: str, client_ref: str) -> Facts:
    """An idea."""
    return _case(asking.suggest(words=words, category=category, client_ref=client_ref, by=by, at=at))


def appeal(*, by: Actor, at: datetime, words: str, category: str, client_ref: str) -> Facts:
    """A hardship, in private."""
    return _case(asking.appeal(words=words, category=category, client_ref=client_ref, by=by, at=at))


def ask_about_points(*, by: Actor, at: datetime, entry_id: str | None, words: str) -> Facts:
    """Why so many, or so few?"""
    about = UUID(entry_id) if entry_id else None
    return _case(asking.open_points_query(entry_id=about, words=words, by=by, at=at))


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
    return {**_voucher(made), "serial": made.serial}


def cancel(*, by: Actor, at: datetime, voucher_id: str) -> Facts:
    """A reward given up."""
    return _voucher(ordering.cancel(voucher_id=UUID(voucher_id), by=by, at=at))


def name_me(*, by: Actor, at: datetime, selection_id: str, choice: str) -> Facts:
    """How a candidate wants to be named."""
    answered = consenting.answer(selection_id=UUID(selection_id), choice=choice, by=by, at=at)
    return {"candidate": str(answered.id)}


# --- stations ----------------------------------------------------------------------------------------------------------


def deliver(*, by: Actor, at: datetime, reward_id: str, station_id: str, quantity: int) -> Facts:
    """A delivery on the shelf."""
    stock = stocking.deliver(
        reward_id=UUID(reward_id), station_id=UUID(station_id), quantity=quantity, by=by, at=at
    )
    return {"on_hand": stock.on_hand}


def count_stock(
    *, by: Actor, at: datetime, reward_id: str, station_id: str, counted: int, reason: str | None
) -> Facts:
    """The shelf counted."""
    stock = stocking.count(
        reward_id=UUID(reward_id), station_id=UUID(station_id), counted=counted, reason=reason, by=by, at=at
    )
    return {"on_hand": stock.on_hand}


def write_off(*, by: Actor, at: datetime, reward_id: str, station_id: str, reason: str) -> Facts:
    """One broken item."""
    stock = stocking.write_off(
        reward_id=UUID(reward_id), station_id=UUID(station_id), quantity=1, reason=reason, by=by, at=at
    )
    return {"on_hand": stock.on_hand}


def hand_over(*, by: Actor, at: datetime, voucher_id: str, station_id: str) -> Facts:
    """A voucher turned into what it promises."""
    return _voucher(
        redemption.hand_over(voucher_id=UUID(voucher_id), station_id=UUID(station_id), by=by, at=at)
    )


def sell(*, by: Actor, at: datetime, person_id: str, reward_id: str, station_id: str) -> Facts:
    """Reserved and handed over in one go, for a rider whose code was just read."""
    return _voucher(
        redemption.hand_over_at_counter(
            person_id=UUID(person_id), reward_id=UUID(reward_id), station_id=UUID(station_id), by=by, at=at
        )
    )


def undo(*, by: Actor, at: datetime, voucher_id: str) -> Facts:
    """A hand-over taken back."""
    return _voucher(redemption.undo(voucher_id=UUID(voucher_id), by=by, at=at))


# --- cases -------------------------------------------------------------------------------------------------------------


def accept(*, by: Actor, at: datetime, case_id: str) -> Facts:
    """A case taken on."""
    return _case(triage.accept(case_id=UUID(case_id), by=by, at=at))


def reject(*, by: Actor, at: datetime, case_id: str, reason: str) -> Facts:
    """A case not adopted."""
    return _case(triage.reject(case_id=UUID(case_id), reason=reason, by=by, at=at))


def merge(*, by: Actor, at: datetime, case_id: str, into_id: str) -> Facts:
    """Two of the same."""
    return _case(triage.merge(case_id=UUID(case_id), into_id=UUID(into_id), by=by, at=at))


def begin_work(*, by: Actor, at: datetime, case_id: str) -> Facts:
    """Somebody is on it."""
    return _case(working.start(case_id=UUID(case_id), by=by, at=at))


def hand_back(*, by: Actor, at: datetime, case_id: str, reason: str) -> Facts:
    """Not ours."""
    return _case(working.hand_back(case_id=UUID(case_id), reason=reason, by=by, at=at))


def resolve(*, by: Actor, at: datetime, case_id: str, note: str) -> Facts:
    """Done."""
    return _case(working.resolve(case_id=UUID(case_id), note=note, by=by, at=at))


# --- activities --------------------------------------------------------------------------------------------------------


def plan_activity(*, by: Actor, at: datetime, **facts: Any) -> Facts:
    """An activity, as a draft."""
    return {"activity": str(organising.create_activity(is_demo=True, by=by, at=at, **facts).id)}


def add_shift(
    *, by: Actor, at: datetime, activity_id: str, starts_at: str, ends_at: str, places: int
) -> Facts:
    """A span with so many places."""
    made = organising.add_shift(
        activity_id=UUID(activity_id),
        starts_at=datetime.fromisoformat(starts_at),
        ends_at=datetime.fromisoformat(ends_at),
        places=places,
        by=by,
        at=at,
    )
    return {"shift": str(made.id), "short_code": made.short_code}


def publish_activity(*, by: Actor, at: datetime, activity_id: str) -> Facts:
    """Riders may sign up."""
    return {"activity": str(organising.publish_activity(activity_id=UUID(activity_id), by=by, at=at).id)}


def call_off(*, by: Actor, at: datetime, activity_id: str) -> Facts:
    """An activity that will not be."""
    return {"activity": str(organising.cancel_activity(activity_id=UUID(activity_id), by=by, at=at).id)}


def confirm(
    *, by: Actor, at: datetime, attendance_id: str, signed_out_at: str | None = None
) -> Facts:
    """What the scans show counts."""
    left_at = datetime.fromisoformat(signed_out_at) if signed_out_at else None
    return _hours(
        confirming.confirm_attendance(
            attendance_id=UUID(attendance_id), signed_out_at=left_at, by=by, at=at
        )
    )


def reject_hours(*, by: Actor, at: datetime, hours_id: str, reason: str) -> Facts:
    """Hours that do not count."""
    return _hours(confirming.reject(hours_id=UUID(hours_id), reason=reason, by=by, at=at))


def witness(*, by: Actor, at: datetime, shift_id: str, person_id: str, reason: str) -> Facts:
    """Somebody vouches for a rider without scans."""
    return _hours(
        confirming.witness(
            shift_id=UUID(shift_id), person_id=UUID(person_id), reason=reason, by=by, at=at
        )
    )


def back_fill(
    *,
    by: Actor,
    at: datetime,
    activity_id: str,
    person_id: str,
    starts_at: str,
    ends_at: str,
    reason: str,
) -> Facts:
    """Hours entered later."""
    return _hours(
        confirming.back_fill(
            activity_id=UUID(activity_id),
            person_id=UUID(person_id),
            starts_at=datetime.fromisoformat(starts_at),
            ends_at=datetime.fromisoformat(ends_at),
            reason=reason,
            by=by,
            at=at,
        )
    )


def approve(*, by: Actor, at: datetime, hours_id: str) -> Facts:
    """A second person lets them count."""
    return _hours(confirming.approve(hours_id=UUID(hours_id), by=by, at=at))


# --- the department ----------------------------------------------------------------------------------------------------


def correct(*, by: Actor, at: datetime, person_id: str, points: int, reason: str) -> Facts:
    """A mistake in somebody's points, mended."""
    asked = correcting.correct(person_id=UUID(person_id), points=points, reason=reason, by=by, at=at)
    return {"correction": str(asked.id), "state": asked.state}


def decide_correction(*, by: Actor, at: datetime, correction_id: str, approved: bool) -> Facts:
    """A second person answers to a large correction."""
    decided = correcting.decide_correction(
        correction_id=UUID(correction_id), approved=approved, by=by, at=at
    )
    return {"correction": str(decided.id), "state": decided.state}


def plan_selection(*, by: Actor, at: datetime, first_on: str, last_on: str, **facts: Any) -> Facts:
    """What is looked for, before anybody's figures are seen."""
    made = selecting.create_selection(
        period_start_on=date.fromisoformat(first_on),
        period_end_on=date.fromisoformat(last_on),
        is_demo=True,
        by=by,
        at=at,
        **facts,
    )
    return {"selection": str(made.id)}


def run_selection(*, by: Actor, at: datetime, selection_id: str) -> Facts:
    """The facts sealed, everybody eligible in order."""
    ran = selecting.run_selection(selection_id=UUID(selection_id), by=by, at=at)
    return {"selection": str(ran.id), "snapshot": ran.snapshot_sha256}


def decide(
    *, by: Actor, at: datetime, selection_id: str, candidate_id: str, decision: str, reason: str
) -> Facts:
    """A candidate taken in or out by a person."""
    decided = reviewing.decide(
        selection_id=UUID(selection_id),
        candidate_id=UUID(candidate_id),
        decision=decision,
        reason=reason,
        by=by,
        at=at,
    )
    return {"candidate": str(decided.id), "decision": decided.decision}


def sign_selection(*, by: Actor, at: datetime, selection_id: str) -> Facts:
    """The second signature."""
    return {"selection": str(reviewing.sign(selection_id=UUID(selection_id), by=by, at=at).id)}


def open_notice(*, by: Actor, at: datetime, selection_id: str) -> Facts:
    """The public notice."""
    opened = announcing.open_notice(selection_id=UUID(selection_id), by=by, at=at)
    return {"selection": str(opened.id), "ends_on": str(opened.notice_ends_on)}


def finalise(*, by: Actor, at: datetime, selection_id: str) -> Facts:
    """The roll is final."""
    return {"selection": str(announcing.finalise(selection_id=UUID(selection_id), by=by, at=at).id)}


# --- time --------------------------------------------------------------------------------------------------------------


def duty(*, by: Actor, at: datetime, name: str) -> Facts:
    """One duty of the minute."""
    return {"done": dict(ticking.DUTIES)[name]()}


# --- answers -----------------------------------------------------------------------------------------------------------


def _case(case: Case) -> Facts:
    return {"case": str(case.id), "state": case.state}


def _voucher(voucher: Voucher) -> Facts:
    return {"voucher": str(voucher.id), "state": voucher.state, "points": voucher.points}


def _hours(hours: Hours) -> Facts:
    return {"hours": str(hours.id), "state": hours.state, "minutes": hours.minutes}
