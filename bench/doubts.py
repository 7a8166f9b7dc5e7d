"""What second looks cost: a whole day of a city's check-ins and reports, compared round by round as the worker does it.

Three check-ins a rider, a report with a photo for each fifth, and a photo of each rider from the months before; of one
rider in a hundred two check-ins contradict each other, one photo in two hundred was sent before by somebody else, and
exactly those have to be found. The promise is five minutes for the day of 100,000 riders.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import count as counting
from typing import Any

from sqlalchemy import func, select

from app.cases.models import Case, CasePhoto, CaseStep
from app.checkins.models import Checkin, window_of
from app.doubts.looking import AT_MOST, look_for_doubts
from app.doubts.models import Doubt
from app.kernel.db import disconnect, session, transaction
from app.kernel.ids import new_id
from app.media.models import Media
from bench import city, crowd, machine, report
from bench.bulk import analyze, batches, load
from bench.city import DISTRICTS, City, Counter
from bench.crowd import Rider
from bench.ground import Ground, on_postgresql, on_sqlite
from bench.sizes import Size

MOST_S, OF_RIDERS = 300, 100_000
TIMES_A_DAY, REPORTS_EVERY, CHEATS_EVERY, OLD_PHOTOS_EVERY = 3, 5, 100, 1000
STATIONS = 80
FAR = 20  # so many numbers on, a station lies 22 km away
AT_ONCE = 20_000


def run(size: Size) -> tuple[Any, list[str]]:
    """A row for each database; what is wrong is whoever was not found, or found without having cheated."""
    rows, findings = [], []
    for ground in (on_postgresql, on_sqlite):
        with ground() as stands, stands.app.app_context():
            row = _measured(stands, min(size.roll_riders, OF_RIDERS))
            rows.append(row)
            if row["doubts"] != row["contradictions"]:
                findings.append(
                    f"{row['path']}: {row['doubts']} doubts for {row['contradictions']} contradictions"
                )
            session.remove()
            disconnect()
    report.table("second looks at a day", rows)
    return rows, findings


def _measured(ground: Ground, riders: int) -> dict[str, Any]:
    made = city.found(STATIONS)
    everybody = crowd.enrol(riders, at=made.at)
    _lived(made, everybody)
    later, rounds = made.at + timedelta(hours=12), []
    for _ in counting():
        began = time.perf_counter()
        with transaction():
            before = _doubts()
            look_for_doubts(at=later)
            found = _doubts() - before
        rounds.append(time.perf_counter() - began)
        if len(rounds) * AT_MOST > riders * TIMES_A_DAY and not found:
            break
    with transaction(write=False):
        doubts = _doubts()
    return {
        "path": f"second looks, {riders:,} riders, {machine.database()['name']}",
        "took_s": round(sum(rounds), 1),
        "rounds": len(rounds),
        "longest_s": round(max(rounds), 2),
        "doubts": doubts,
        "contradictions": 2 * -(-riders // CHEATS_EVERY)
        + len(range(OLD_PHOTOS_EVERY, riders, OLD_PHOTOS_EVERY)),
        "promise_s": MOST_S,
        "verdict": "kept" if sum(rounds) <= MOST_S * riders / OF_RIDERS or riders < OF_RIDERS else "broken",
    }


def _doubts() -> int:
    return session.scalar(select(func.count()).select_from(Doubt)) or 0


def _lived(made: City, riders: Sequence[Rider]) -> None:
    """A day of everybody: no two of a rider's check-ins in one window, and none too far away but for the cheats'."""
    for some in batches(list(enumerate(riders)), AT_ONCE // TIMES_A_DAY):
        with transaction():
            load(Checkin, list(_checkins(made, some)))
            load(Media, [_photo(made, rider, number, days=90) for number, rider in some])
            reporting = [(number, rider) for number, rider in some if number % REPORTS_EVERY == 0]
            reports = [_report(made, rider, number) for number, rider in reporting]
            photos = [_photo(made, rider, _pictured(number)) for number, rider in reporting]
            steps = [_step(each) for each in reports]
            load(Case, reports)
            load(CaseStep, steps)
            load(Media, photos)
            load(CasePhoto, [_shown(*each) for each in zip(reports, steps, photos, strict=True)])
    with transaction():
        analyze()


def _checkins(made: City, riders: Sequence[tuple[int, Rider]]) -> Iterator[dict[str, Any]]:
    counters, begin = made.counters, window_of(made.at) + timedelta(hours=8)
    for number, rider in riders:
        for nth in range(TIMES_A_DAY):
            at = begin - timedelta(hours=8) + timedelta(hours=4 * nth, minutes=1 + number % 200)
            yield _checkin(rider, counters[(number + nth) % len(counters)], at)
        if number % CHEATS_EVERY == 0:  # half a minute after the last one, at the other end of the city
            last = begin + timedelta(minutes=1 + number % 200)
            there = counters[(number + TIMES_A_DAY - 1 + FAR) % len(counters)]
            yield _checkin(rider, there, last + timedelta(seconds=30))


def _checkin(rider: Rider, counter: Counter, at: datetime) -> dict[str, Any]:
    return {
        "id": new_id(), "person_id": rider.id, "station_id": counter.station.id, "region_code": DISTRICTS[0],
        "window_starts_at": window_of(at), "turn": 0, "happened_at": at, "arrived_at": at, "how": "poster",
        "within_m": 50, "recorded_by": rider.id,
    }  # fmt: skip


def _report(made: City, rider: Rider, number: int) -> dict[str, Any]:
    return {
        "id": new_id(), "number": f"BENCH{number}", "kind": "report", "category": "pothole", "grade": "normal",
        "state": "submitted", "moves": 1, "reporter_id": rider.id, "region_code": DISTRICTS[0],
        "lat": 31.9 + number % 400 / 1000, "lng": 118.6 + number % 300 / 1000, "description": "",
        "created_at": made.at, "unit_region_code": DISTRICTS[0], "accept_by": made.at + timedelta(hours=4),
        "due_at": made.at + timedelta(hours=4),
    }  # fmt: skip


def _step(report: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": new_id(), "case_id": report["id"], "seq": 1, "verb": "submit", "from_state": None,
        "to_state": "submitted", "actor_id": report["reporter_id"], "at": report["created_at"],
    }  # fmt: skip


def _pictured(number: int) -> int:
    """Whose picture it is: one's own, or that of the first who reported."""
    return -1 if number % OLD_PHOTOS_EVERY == 0 else -1 - number


def _photo(made: City, rider: Rider, of: int, *, days: int = 0) -> dict[str, Any]:
    at = made.at - timedelta(days=days)
    digest = hashlib.sha256(str(of).encode()).hexdigest()
    return {
        "id": new_id(), "owner_id": rider.id, "purpose": "report", "digest": digest, "likeness": digest[:32],
        "width": 1600, "height": 1200, "size_bytes": 200_000, "created_at": at, "attached_at": at,
        "region_code": DISTRICTS[0], "seen_with": [],
    }  # fmt: skip


def _shown(report: dict[str, Any], step: dict[str, Any], photo: dict[str, Any]) -> dict[str, Any]:
    return {"id": new_id(), "case_id": report["id"], "step_id": step["id"], "media_id": photo["id"]}
