"""What happens when something is scanned, by who scans it and what it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.checkins import queries as checkins
from app.checkins.checking_in import check_in_by_code, check_in_by_poster
from app.checkins.errors import CheckedInAlready
from app.checkins.models import Checkin
from app.checkins.refusing import refuse_guessing, remember_refusal
from app.codes import reading
from app.codes.kinds.personal import PersonalCode
from app.codes.kinds.screen import ScreenCode
from app.codes.kinds.shape import Scanned
from app.codes.kinds.shift import ShiftCode
from app.codes.kinds.station import StationCode
from app.codes.kinds.voucher import VoucherCode
from app.codes.posters import confirm_poster, station_behind
from app.codes.presenting import Presentation, present_personal_code
from app.identity.actors import Actor
from app.kernel.errors import Problem
from app.kernel.geo import Position
from app.kernel.i18n import format_time, say
from app.kernel.unanswered import wait_for_answers
from app.places import queries as places
from app.places.models import Station
from app.rewards import queries as rewards
from app.rewards import redemption
from app.rules.explaining import explain_judged
from app.scans.errors import CodeNotForScanning, ForCounter, PosterElsewhere, StationNeeded
from app.volunteering import queries as volunteering
from app.volunteering.attendance import scan_shift

DONE, ALREADY, PREVIEW, CONFIRMED = "done", "already", "preview", "confirmed"


@dataclass(frozen=True, slots=True)
class Scan:
    """What came of a scan. `preview` has changed nothing: a person confirms it in a second step."""

    kind: str
    outcome: str
    headline: str
    points: int = 0
    why: str = ""
    replayed: bool = False
    rider: str | None = None
    checkin_id: UUID | None = None
    attendance_id: UUID | None = None
    voucher_id: UUID | None = None
    scan_session_id: UUID | None = None


def scan(
    *,
    text: str,
    station_id: UUID | None,
    position: Position | None,
    accuracy_m: int | None,
    by: Actor,
    at: datetime,
) -> Scan:
    """Do what the scanned code asks for. A refusal that is kept leaves a trace of where it was refused."""
    if station_id is not None:
        by.must(
            "station.scan", station_id=station_id
        )  # nobody leaves refusals at a station that is not theirs
    refuse_guessing(station_id=station_id, by=by, at=at)
    try:
        code = reading.read(text, at=at)
        if not isinstance(code, StationCode | ScreenCode):
            return _follow(code, station_id, by, at)
        station = station_behind(code, at=at)
        if station_id is not None:
            return _own_poster(code, station, station_id, by, at)
    except Problem as problem:
        remember_refusal(problem, person_id=None, station_id=station_id, by=by, at=at)
        raise
    return _poster(
        station, position, accuracy_m, by, at
    )  # remembers its refusals by itself, at the poster's station


def _follow(code: Scanned, station_id: UUID | None, by: Actor, at: datetime) -> Scan:
    if isinstance(code, ShiftCode) and station_id is None:
        return _shift(code, by, at)
    if not isinstance(code, PersonalCode | VoucherCode):
        raise CodeNotForScanning
    if station_id is None:
        raise (
            StationNeeded(fields={"station_id": ["station-needed"]})
            if by.holds("station.scan")
            else ForCounter
        )
    if isinstance(code, PersonalCode):
        return _rider(code, station_id, by, at)
    return _voucher(code, station_id, by, at)


def _poster(
    station: Station, position: Position | None, accuracy_m: int | None, by: Actor, at: datetime
) -> Scan:
    made = check_in_by_poster(station_id=station.id, position=position, accuracy_m=accuracy_m, by=by, at=at)
    return checked_in(made.id, made.happened_at, DONE)


def _own_poster(
    code: StationCode | ScreenCode, station: Station, station_id: UUID, by: Actor, at: datetime
) -> Scan:
    """The station looks at its own poster: nobody is checked in, the poster is confirmed."""
    if station.id != station_id:
        raise PosterElsewhere(station=station.name)
    if isinstance(code, ScreenCode):
        return Scan(kind="screen", outcome=CONFIRMED, headline=say("scan.screen-good"))
    made = confirm_poster(code=code, station_id=station_id, by=by, at=at)
    words = say("scan.poster-good", number=f"{station.short_code}-{made.version}")
    return Scan(kind="station", outcome=CONFIRMED, headline=words)


def _rider(code: PersonalCode, station_id: UUID, by: Actor, at: datetime) -> Scan:
    station = places.station(
        station_id
    )  # kept here, as `shown.rider` is: whoever asks below finds it at hand
    shown = present_personal_code(code=code, station_id=station_id, by=by, at=at)
    first_shown_at = shown.session.opened_at
    made = _check_in_of(shown, station, by, at)
    taken_back = shown.replayed and checkins.is_annulled(made.id)
    outcome = DONE if made.arrived_at == first_shown_at and not taken_back else ALREADY
    return checked_in(
        made.id,
        made.happened_at,
        outcome,
        rider=rewards.masked(shown.rider),
        session_id=shown.session.id,
        replayed=shown.replayed,
    )


def _check_in_of(shown: Presentation, station: Station, by: Actor, at: datetime) -> Checkin:
    """The check-in that a code stands for: a new one, or that of its window if there is one.

    A code shown again is answered as it was the first time, also when a window of four hours has ended in between, or
    when the station took the check-in back meanwhile.
    """
    person_id = shown.rider.id
    if shown.replayed:
        before = checkins.last_of_window(person_id, station.id, shown.session.opened_at)
        if before is not None:
            return before
    try:
        return check_in_by_code(person_id=person_id, station_id=station.id, by=by, at=at)
    except CheckedInAlready:
        counted = checkins.check_in_of_window(person_id, station.id, at)
        if counted is None:  # taken back in this very moment
            raise
        return counted


def checked_in(
    checkin_id: UUID,
    happened_at: datetime,
    outcome: str,
    *,
    rider: str | None = None,
    session_id: UUID | None = None,
    replayed: bool = False,
) -> Scan:
    """What is told of a check-in, and of the points it gave or why none."""
    told = explain_judged("checkin", checkin_id)
    key = "scan.checked-in" if outcome == DONE else "scan.checked-in-before"
    if outcome != DONE and checkins.is_annulled(checkin_id):
        key = "scan.checkin-annulled"
    words = say(key, at=format_time(happened_at))
    return Scan(
        kind="station" if rider is None else "personal",
        outcome=outcome,
        headline=words,
        points=told.points if told and outcome == DONE else 0,
        why=told.why if told else "",
        replayed=replayed,
        rider=rider,
        checkin_id=checkin_id,
        scan_session_id=session_id,
    )


def _shift(code: ShiftCode, by: Actor, at: datetime) -> Scan:
    wait_for_answers()  # hours that count at once are looked at again
    shift = volunteering.shift_by_short_code(code.short_code)
    attended = scan_shift(shift_id=shift.id, by=by, at=at)
    out = attended.signed_out_at is not None
    words = say(
        "scan.signed-out" if out else "scan.signed-in", activity=volunteering.title_of(shift.activity_id)
    )
    return Scan(kind="shift", outcome=DONE, headline=words, attendance_id=attended.id)


def _voucher(code: VoucherCode, station_id: UUID, by: Actor, at: datetime) -> Scan:
    found = redemption.preview(serial=code.serial, station_id=station_id, by=by, at=at)
    words = say("scan.voucher", reward=found.reward.name, points=found.voucher.points)
    return Scan(
        kind="voucher", outcome=PREVIEW, headline=words, points=found.voucher.points, rider=found.rider,
        voucher_id=found.voucher.id,
    )  # fmt: skip
