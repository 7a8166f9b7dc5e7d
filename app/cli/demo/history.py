"""Two weeks of life in the demo city, so that no page is empty: check-ins, reports, hours, redemptions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from app.cases import closing, reporting, triage, working
from app.checkins import checking_in
from app.cli.demo import data
from app.cli.demo.cast import Cast
from app.kernel import clock, randomness
from app.kernel.db import transaction
from app.kernel.errors import Problem
from app.kernel.geo import Position
from app.places.queries import station
from app.rewards import ordering, redemption
from app.volunteering import attendance, confirming, queries, signing_up

DAYS = 14


def live_two_weeks(cast: Cast, *, until: datetime) -> str:
    """Let the riders live until now; returns what happened, in one line."""
    began = until - timedelta(days=DAYS)
    happened = {"check-ins": 0, "reports": 0, "hours": 0, "redemptions": 0}
    for day in range(DAYS):
        for number in range(len(cast.riders)):
            if randomness.below(10) < 4:
                at = began + timedelta(days=day, hours=1 + randomness.below(8), minutes=randomness.below(60))
                happened["check-ins"] += _do(at, partial(_check_in, cast, number, at))
    for number in range(len(data.REPORTS)):
        at = began + timedelta(days=1 + number, hours=3)
        happened["reports"] += _do(at, partial(_report, cast, number, at))
    for shift_id in cast.past_shifts:
        happened["hours"] += _serve(cast, shift_id)
    for number in range(4):
        at = began + timedelta(days=DAYS - 2, hours=number)
        happened["redemptions"] += _do(at, partial(_redeem, cast, number, at))
    return "two weeks of life: " + ", ".join(f"{count} {what}" for what, count in happened.items())


def _do(at: datetime, act: Callable[[], object]) -> bool:
    """One act at its moment, in its own unit of work. A refusal (closed, checked in already) is life, too."""
    try:
        with clock.use(lambda: at), transaction():
            act()
    except Problem:
        return False
    return True


def _check_in(cast: Cast, number: int, at: datetime) -> None:
    home = 0 if number < 4 else 3
    chosen = cast.stations[home if randomness.below(3) else randomness.below(len(cast.stations))]
    place = station(chosen).position
    checking_in.check_in_by_poster(
        station_id=chosen, position=place, accuracy_m=12, by=cast.rider(number), at=at
    )


def _report(cast: Cast, number: int, at: datetime) -> None:
    category, words, place_words = data.REPORTS[number]
    near = station(cast.stations[number % 2]).position
    position = Position(near.lat + 0.0007 * (number + 1), near.lng + 0.0004 * number)
    case = reporting.report(
        category=category, position=position, place_words=place_words, description=words,
        by=cast.rider(number % 5), at=at,
    )  # fmt: skip
    dispatcher = cast.actor("dispatcher2")
    if number >= len(data.REPORTS) - 2:
        return  # the newest two still wait for somebody
    if number == len(data.REPORTS) - 3:
        triage.reject(
            case_id=case.id, reason="照片看不清，可以重拍再报。", by=dispatcher, at=at + timedelta(hours=1)
        )
        return
    triage.accept(case_id=case.id, by=dispatcher, at=at + timedelta(minutes=40))
    if number >= len(data.REPORTS) - 4:
        return
    working.resolve(case_id=case.id, note="已经修好，现场看过。", by=dispatcher, at=at + timedelta(hours=5))
    if number % 2 == 0:
        closing.rate(
            case_id=case.id, answer="solved", stars=5, by=cast.rider(number % 5), at=at + timedelta(hours=9)
        )


def _serve(cast: Cast, shift_id: UUID) -> int:
    with transaction(write=False):
        shift = queries.shift(shift_id)
        starts, ends = shift.starts_at, shift.ends_at
    served = 0
    for number in range(len(cast.riders)):
        if randomness.below(10) < 4:
            day_before = starts - timedelta(days=1)
            _do(day_before, partial(_sign_up, cast, number, shift_id, day_before))
            _do(starts, partial(_scan, cast, number, shift_id, starts))
            _do(ends, partial(_scan, cast, number, shift_id, ends))
            served += 1
    later = ends + timedelta(hours=2)
    _do(later, partial(_confirm_all, cast, shift_id, later))
    return served


def _sign_up(cast: Cast, number: int, shift_id: UUID, at: datetime) -> None:
    signing_up.sign_up(shift_id=shift_id, by=cast.rider(number), at=at)


def _scan(cast: Cast, number: int, shift_id: UUID, at: datetime) -> None:
    attendance.scan_shift(shift_id=shift_id, by=cast.rider(number), at=at)


def _confirm_all(cast: Cast, shift_id: UUID, at: datetime) -> None:
    organiser = cast.actor("organiser")
    for listed in queries.attendance_list(shift_id, organiser):
        if listed.attendance is not None:
            confirming.confirm_attendance(attendance_id=listed.attendance.id, by=organiser, at=at)


def _redeem(cast: Cast, number: int, at: datetime) -> None:
    voucher = ordering.reserve(
        reward_id=cast.rewards[0], station_id=cast.stations[0], by=cast.rider(number), at=at
    )
    if number < 3:
        redemption.hand_over(
            voucher_id=voucher.id,
            station_id=cast.stations[0],
            by=cast.actor("station"),
            at=at + timedelta(minutes=8),
        )
