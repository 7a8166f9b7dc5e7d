"""What happens when something is scanned, by who scans it and what it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.checkins import queries as checkins
from app.checkins.checking_in import check_in_by_code, check_in_by_poster
from app.checkins.errors import CheckedInAlready
from app.checkins.models import Checkin
from app.checkins.refusing import remember_refusal
from app.codes import reading
from app.codes.kinds.personal import PersonalCode
from app.codes.kinds.shift import ShiftCode
from app.codes.kinds.station import StationCode
from app.codes.kinds.voucher import VoucherCode
from app.codes.presenting import present_personal_code
from app.identity.actors import Actor
from app.kernel.errors import Problem
from app.kernel.geo import Position
from app.kernel.i18n import format_time, say
from app.places import queries as places
from app.rewards import queries as rewards
from app.rewards import redemption
from app.rules.explaining import explain_fact
from app.rules.queries import recorded_fact
from app.scans.errors import CodeNotForScanning, StationNeeded
from app.volunteering import queries as volunteering
from app.volunteering.attendance import scan_shift

DONE, ALREADY, PREVIEW = "done", "already", "preview"


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
    try:
        code = reading.read(text, at=at)
        if isinstance(code, StationCode):
            return _poster(code, position, accuracy_m, by, at)
        if isinstance(code, ShiftCode):
            return _shift(code, by, at)
        if station_id is None:
            raise StationNeeded(fields={"station_id": ["station-needed"]})
        if isinstance(code, PersonalCode):
            return _rider(code, station_id, by, at)
        if isinstance(code, VoucherCode):
            return _voucher(code, station_id, by, at)
        raise CodeNotForScanning
    except Problem as problem:
        if not isinstance(problem, CheckedInAlready):  # checking in has written that one down itself
            remember_refusal(problem, person_id=None, station_id=station_id, by=by, at=at)
        raise


def _poster(
    code: StationCode, position: Position | None, accuracy_m: int | None, by: Actor, at: datetime
) -> Scan:
    station = places.station_by_short_code(code.short_code)
    made = check_in_by_poster(station_id=station.id, position=position, accuracy_m=accuracy_m, by=by, at=at)
    return _checked_in(made, DONE)


def _rider(code: PersonalCode, station_id: UUID, by: Actor, at: datetime) -> Scan:
    shown = present_personal_code(code=code, station_id=station_id, by=by, at=at)
    person_id = shown.session.person_id
    before = checkins.check_in_of_window(person_id, station_id, at)
    made = before or check_in_by_code(person_id=person_id, station_id=station_id, by=by, at=at)
    outcome = DONE if before is None or shown.replayed else ALREADY
    return _checked_in(
        made,
        outcome,
        rider=rewards.masked_rider(person_id),
        session_id=shown.session.id,
        replayed=shown.replayed,
    )


def _checked_in(
    made: Checkin,
    outcome: str,
    *,
    rider: str | None = None,
    session_id: UUID | None = None,
    replayed: bool = False,
) -> Scan:
    judged = recorded_fact("checkin", made.id)
    told = explain_fact(judged) if judged else None
    words = say(
        "scan.checked-in" if outcome == DONE else "scan.checked-in-before", at=format_time(made.happened_at)
    )
    return Scan(
        kind="station" if rider is None else "personal",
        outcome=outcome,
        headline=words,
        points=told.points if told and outcome == DONE else 0,
        why=told.why if told else "",
        replayed=replayed,
        rider=rider,
        checkin_id=made.id,
        scan_session_id=session_id,
    )


def _shift(code: ShiftCode, by: Actor, at: datetime) -> Scan:
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
