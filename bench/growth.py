"""What one more row costs when there are many already: the same requests at growing size, on both databases.

Rows come in bulk through every guard; after each step the book is verified. A request goes through the whole
application in this process, without a network, so that a curve shows rows and nothing else.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random  # who gets points, which rider reports
from typing import Any

from flask.testing import FlaskClient

from app.cases.models import Case
from app.kernel.db import disconnect, session, transaction
from app.kernel.ids import new_id
from app.ledger.verify import verify
from bench import city, crowd, machine, pairs, report, streams, svg
from bench.bulk import analyze, batches, load
from bench.city import DISTRICTS, City
from bench.crowd import Rider
from bench.ground import Ground, on_postgresql, on_sqlite
from bench.load import Call
from bench.sizes import Size

BAR, GOAL = 1.5, 1.2  # a last step may cost so many times the first
ROUNDS, EACH = 5, 12
STATIONS = 40
NAMES = {"ledger": "entries", "riders": "riders", "cases": "cases"}


@dataclass(slots=True)
class Growing:
    """An instance that grows, and riders kept for the requests that are timed."""

    city: City
    client: FlaskClient
    riders: list[Rider]
    tokens: dict[Any, str]
    promises: list[crowd.Promise]
    funded: list[Rider]
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(NAMES, 0))

    def grow(self, what: str, to: int) -> float:
        """Load until there are so many; returns how long that took."""
        began, more = time.perf_counter(), to - self.counts[what]
        if more > 0:
            {"ledger": self._entries, "riders": self._riders, "cases": self._cases}[what](more)
            self.counts[what] = to
        with transaction():
            analyze()
        return time.perf_counter() - began

    def _entries(self, count: int) -> None:
        assert self.city.issuance_id is not None
        chance, payer = Random(count), self.city.issuance_id  # noqa: S311 -- whose points
        for some in batches(range(count // 2), crowd.AT_ONCE):
            moves = [(new_id(), payer, chance.choice(self.funded).wallet_id, 1) for _ in some]
            with transaction():
                crowd.book(moves, at=self.city.at)

    def _riders(self, count: int) -> None:
        crowd.enrol(count, at=self.city.at)

    def _cases(self, count: int) -> None:
        begun, chance = self.counts["cases"], Random(count)  # noqa: S311 -- whose report
        for some in batches(range(begun, begun + count), crowd.AT_ONCE):
            with transaction():
                load(Case, [self._case(number, chance) for number in some])

    def _case(self, number: int, chance: Random) -> dict[str, Any]:
        created = self.city.at - timedelta(minutes=10 + number % 500_000)
        region = DISTRICTS[number % len(DISTRICTS)]
        return {
            "id": new_id(), "number": f"BENCH{number}", "kind": "report", "category": "pothole", "grade": "normal",
            "state": "closed", "moves": 4, "reporter_id": chance.choice(self.funded).id, "region_code": region,
            "lat": 31.9 + number % 4001 / 10_000, "lng": 118.6 + number % 3001 / 10_000, "place_words": "路口",
            "description": "", "created_at": created, "unit_region_code": region,
            "accept_by": created + timedelta(hours=24), "accepted_at": created, "resolved_at": created,
            "closed_at": created, "reopened": 0,
        }  # fmt: skip

    def timed(self) -> dict[str, tuple[float, float]]:
        """Milliseconds of one request of each path: the median of some rounds' medians, and their spread."""
        return {name: self._time(calls) for name, calls in self._calls().items()}

    def _calls(self) -> dict[str, Iterator[Call]]:
        count = ROUNDS * EACH + EACH
        some, self.riders = self.riders[:count], self.riders[count:]
        vouchers, self.promises = self.promises[:count], self.promises[count:]
        at = self.city.at
        return {
            "check-in with award": streams.scans(some, self.city.counters, self.tokens),
            "redeem": streams.hand_overs(vouchers, self.tokens),
            "wallet": streams.wallets(self.funded[:50], at),
            "report": streams.reports(some, at),
        }

    def _time(self, calls: Iterator[Call]) -> tuple[float, float]:
        for _ in range(EACH):
            self._answer(next(calls))
        middles = [statistics.median(self._answer(next(calls)) for _ in range(EACH)) for _ in range(ROUNDS)]
        middle = statistics.median(middles)
        return middle, (max(middles) - min(middles)) / middle

    def _answer(self, call: Call) -> float:
        headers = {"Authorization": f"Bearer {call.token}", "Idempotency-Key": str(new_id())}
        began = time.perf_counter()
        said = self.client.open(
            call.path,
            method=call.method,
            data=call.body,
            headers=headers,
            content_type="application/json" if call.body else None,
        )
        took = (time.perf_counter() - began) * 1000
        if said.status_code >= 300:
            raise SystemExit(f"{call.path}: {said.status_code} {said.get_data(as_text=True)[:300]}")
        return took


def run(size: Size) -> tuple[Any, list[str]]:
    """All curves, their picture, and whether the books closed at each step."""
    told: dict[str, Any] = {}
    findings: list[str] = []
    for instance in (on_postgresql, on_sqlite):
        for what in NAMES:
            with instance() as ground, ground.app.app_context():
                name = f"{machine.database()['name'].split(' (')[0]}, {what}"
                report.say(name)
                steps, found = _curve(ground, what, _steps(what, size))
                findings += found
                told[name] = {"steps": steps, "rows": _judged(name, steps)}
                report.table(f"growth on {name}", told[name]["rows"])
                _draw(name, what, steps)
                session.remove()
                disconnect()
    return told, findings


def _steps(what: str, size: Size) -> Sequence[int]:
    asked = {"ledger": size.ledger, "riders": size.riders, "cases": size.cases}[what]
    if what == "ledger" and os.environ.get("GROWTH") == "7":
        return (*asked, 10_000_000)
    return asked


def _curve(ground: Ground, what: str, steps: Sequence[int]) -> tuple[list[dict[str, Any]], list[str]]:
    growing = _begin(ground, len(steps))
    told, findings = [], []
    for count in steps:
        took = growing.grow(what, count)
        began = time.perf_counter()
        with transaction(write=False):
            findings += [f"{what} {count}: {each}" for each in verify()]
        checked = time.perf_counter() - began
        report.say(f"{count} {NAMES[what]}: loaded in {took:.1f} s, verified in {checked:.1f} s")
        told.append(
            {"count": count, "load_s": round(took, 1), "verify_s": round(checked, 1), "ms": growing.timed()}
        )
    return told, findings


def _begin(ground: Ground, steps: int) -> Growing:
    made = city.found(STATIONS)
    needed = (ROUNDS * EACH + EACH) * (steps + 1)
    riders = crowd.enrol(2 * needed, at=made.at)
    with transaction():
        analyze()
    funded = riders[needed:]
    crowd.give_points(made, funded, at=made.at)
    promises = crowd.promise(made, funded, made.counters, at=made.at)
    client = ground.app.test_client(use_cookies=False)
    return Growing(made, client, riders[:needed], streams.sign_in(made.counters, made.at), promises, funded)


def _judged(name: str, steps: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """How many times the first step the last one costs; smaller is better."""
    rows = []
    for path, (last, spread) in steps[-1]["ms"].items():
        first, spread_then = steps[0]["ms"][path]
        rows.append(
            {
                "path": path,
                "p50_ms": round(last, 2),
                "against": f"{steps[0]['count']:,} → {steps[-1]['count']:,}",
                "ratio": round(last / first, 2),
                "range": [round(first, 2), round(last, 2)],
                "bar": BAR,
                "goal": GOAL,
                "verdict": _verdict(last / first, max(spread, spread_then)),
                "of": name,
            }
        )
    return rows


def _verdict(times: float, spread: float) -> str:
    if spread > pairs.NOISY_ABOVE:
        return pairs.NOISY
    return pairs.MET if times <= GOAL else pairs.FIRST_BAR if times <= BAR else pairs.BELOW


def _draw(name: str, what: str, steps: Sequence[dict[str, Any]]) -> None:
    lines = {path: [(each["count"], each["ms"][path][0]) for each in steps] for path in steps[0]["ms"]}
    picture = svg.curves(f"Cost of one request, {name}", lines, across=NAMES[what], up="ms")
    report.RESULTS.mkdir(exist_ok=True)
    slug = name.lower().replace(", ", "-").replace(" ", "-")
    (report.RESULTS / f"growth-{slug}.svg").write_text(picture, "utf-8")
