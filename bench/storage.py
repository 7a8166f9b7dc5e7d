"""What each thing leaves on the disk: bytes per rider, check-in, redemption, report and ledger entry, indexes included.

Measured as growth of PostgreSQL's relations while the product itself does so many of each, in this process and without
a network. Photos are not in it: they lie as files, at most a few hundred kilobytes each after they are made small.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from app.kernel.db import disconnect, session, transaction
from app.kernel.ids import new_id
from app.ledger.verify import verify
from bench import city, crowd, pairs, report, streams
from bench.bulk import analyze
from bench.ground import Ground, on_postgresql
from bench.load import Call
from bench.sizes import Size

STATIONS = 20
Sizes = dict[str, int]


@dataclass(frozen=True, slots=True)
class Kind:
    """Something that leaves rows behind: its name, and what makes `count` of them."""

    name: str
    count: int
    make: Callable[[], None]


def run(size: Size) -> tuple[Any, list[str]]:
    """A row per kind, the tables that grew most named; and what is wrong with the books afterwards."""
    with on_postgresql() as ground, ground.app.app_context():
        rows = [_measured(kind) for kind in _kinds(ground, size)]
        report.table("bytes on the disk (PostgreSQL, indexes included)", rows)
        with transaction(write=False):
            findings = [str(each) for each in verify()]
        session.remove()
        disconnect()
    return rows, findings


def _kinds(ground: Ground, size: Size) -> Iterator[Kind]:
    """In an order in which each finds what it needs. Made one after the other, as each is asked for."""
    at_once = size.stored
    made = city.found(STATIONS)
    at = made.at
    riders: list[crowd.Rider] = []
    yield Kind("rider", 10 * at_once, lambda: riders.extend(crowd.enrol(10 * at_once, at=at)))
    funded = riders[at_once:]
    yield Kind("ledger entry", 2 * len(funded), lambda: _points(made, funded))
    waiting: list[crowd.Promise] = []
    payers = funded[: -(-at_once // crowd.MAX_OPEN_VOUCHERS)]
    reserved = len(payers) * crowd.MAX_OPEN_VOUCHERS
    yield Kind("voucher", reserved, lambda: waiting.extend(crowd.promise(made, payers, made.counters, at=at)))
    tokens = streams.sign_in(made.counters, at)
    yield Kind("hand-over", reserved, lambda: _send(ground, streams.hand_overs(waiting, tokens)))
    scanned = riders[:at_once]
    yield Kind("check-in", at_once, lambda: _send(ground, streams.scans(scanned, made.counters, tokens)))
    reports = streams.reports(scanned, at)
    yield Kind("report", at_once, lambda: _send(ground, (next(reports) for _ in range(at_once))))


def _points(made: city.City, riders: list[crowd.Rider]) -> None:
    crowd.give_points(made, riders, at=made.at)


def _send(ground: Ground, calls: Iterator[Call]) -> None:
    client = ground.app.test_client(use_cookies=False)
    for call in calls:
        headers = {"Authorization": f"Bearer {call.token}", "Idempotency-Key": str(new_id())}
        said = client.open(
            call.path, method=call.method, data=call.body, headers=headers, content_type="application/json"
        )
        if said.status_code >= 300:
            raise SystemExit(f"{call.path}: {said.status_code} {said.get_data(as_text=True)[:300]}")


def _measured(kind: Kind) -> dict[str, Any]:
    before, began = _sizes(), time.perf_counter()
    kind.make()
    took = time.perf_counter() - began
    grew = {table: (now - before.get(table, 0)) / kind.count for table, now in _sizes().items()}
    most = sorted(grew, key=lambda table: -grew[table])[:4]
    return {
        "path": kind.name,
        "bytes": round(sum(grew.values())),
        "count": kind.count,
        "took_s": round(took, 1),
        "tables": ", ".join(f"{table} {grew[table]:.0f}" for table in most if grew[table] >= 1),
        "verdict": pairs.SHOWN,
    }


def _sizes() -> Sizes:
    """Bytes of each table with its indexes and long values, after what is dead was swept away."""
    with transaction():
        analyze()
    with transaction(write=False):
        rows = session.execute(
            text("SELECT relname, pg_total_relation_size(relid) FROM pg_stat_user_tables ORDER BY relname")
        )
        return {name: int(size) for name, size in rows}
