"""What is measured in other units than requests: batches, codes, and one code shown 64 times at once."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import text

from app.codes import reading, steps
from app.codes.kinds import personal
from app.codes.kinds.personal import PersonalCode
from app.codes.macs import CURRENT
from app.kernel import clock
from app.kernel.db import disconnect, session, transaction
from app.kernel.ids import new_id
from app.ledger.verify import verify
from bench import city, crowd, load, offline, pairs, report, streams
from bench.city import City
from bench.crowd import Rider
from bench.ground import on_postgresql, served
from bench.pairs import Contest, Pace
from bench.sizes import Size

AT_ONCE, A_BATCH = 64, 1_000
VERIFY_MOST_US = 50


def run(size: Size) -> tuple[Any, list[str]]:
    """All of them on one PostgreSQL; findings if one code was taken twice or the books do not close."""
    rows, findings = list[dict[str, Any]](), list[str]()
    with on_postgresql() as ground, ground.app.app_context():
        rows.append(_verification())
        made = city.found(size.stations)
        a_batch = min(A_BATCH, size.rows)
        riders = crowd.enrol(a_batch * size.pairs + 1, at=made.at)
        tokens = streams.sign_in(made.counters, made.at)
        with served(ground) as (_, port):
            rows.append(_batches(size, port, made, riders[1 : 1 + a_batch * size.pairs], a_batch))
            row, found = _once(port, made, riders[0], tokens)
            rows.append(row)
            findings += found
        with transaction(write=False):
            findings += [str(each) for each in verify()]
        session.remove()
        disconnect()
    report.table("batches, codes", rows)
    return rows, findings


def _verification() -> dict[str, Any]:
    """CPU of reading a rider's code and checking both of its MACs: parsing and HMACs, no database."""
    at, handle = clock.now(), "1234567890"
    key = hashlib.sha256(handle.encode()).digest()
    step = steps.step_at(at)
    shown = personal.make(key=key, handle=handle, step=step)
    took = []
    for _ in range(9):
        began = time.process_time()
        for _ in range(500):
            code = reading.read(shown, at=at)
            assert isinstance(code, PersonalCode)
            assert code.is_made_by(key, CURRENT, step)
        took.append((time.process_time() - began) / 500 * 1e6)
    took.sort()
    verdict = pairs.MET if took[4] <= VERIFY_MOST_US else pairs.BELOW
    return {
        "path": "verify one code, CPU µs", "per_s": round(1e6 / took[4]), "app_ms": round(took[4] / 1000, 4),
        "range": [round(took[0], 1), round(took[-1], 1)], "goal": VERIFY_MOST_US, "ratio": round(took[4], 1),
        "against": "50 µs", "verdict": verdict,
    }  # fmt: skip


def _batches(size: Size, port: int, made: City, riders: list[Rider], each: int) -> dict[str, Any]:
    """A station's log of a thousand scans in one request, beside COPY of as many rows into the same table."""
    at = clock.now()  # not before the rules are in force: what earns nothing is not measured as if it did
    calls = offline.logs(offline.tablets(made.counters[: size.pairs], at=at), riders, each=each, at=at)

    def send() -> Pace:
        sent = load.send(port, iter([next(calls)]), seconds=120, clients=1)
        if not sent.good:
            raise SystemExit(f"a batch was refused: {sent.refused[-400:]!r}")
        items = json.loads(sent.last.split(b"\r\n\r\n", 1)[1])["items"]
        counted = sum(item["state"] == "counted" for item in items)
        if sum(item["points"] or 0 for item in items) <= 0:
            raise SystemExit("the batch earned no points, so this row would measure something else")
        return Pace(counted / sent.seconds, counted, sent.percentile(0.5), sent.percentile(0.99))

    contest = Contest(
        "batch sync with points, events", send, _copy(each), "COPY into the same table", 0.2, 0.8,
        counted=_rows("checkins"),
    )  # fmt: skip
    return pairs.run(contest, size.pairs)


def _rows(table: str) -> Callable[[], int]:
    def count() -> int:
        with transaction(write=False):
            return int(session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)  # noqa: S608 -- our own names

    return count


def _copy(each: int) -> Callable[[], Pace]:
    """COPY of so many items into a twin of the journal, keys and indexes included; rolled back."""

    def copy() -> Pace:
        with transaction():
            session.execute(
                text("CREATE TEMPORARY TABLE twin (LIKE sync_items INCLUDING ALL) ON COMMIT DROP")
            )
            connection: Any = session.connection().connection.driver_connection
            line = "\t".join(("scan", "x" * 230, "0" * 64, "0", "waiting"))
            rows = [f"{new_id()}\t{line}\t{clock.now()}\t{clock.now()}\n" for _ in range(each)]
            began = time.perf_counter()
            names = "id, kind, body, hash, clock_offset_s, state, happened_at, arrived_at"
            with connection.cursor() as cursor, cursor.copy(f"COPY twin ({names}) FROM STDIN") as into:
                into.write("".join(rows))
            return Pace(each / (time.perf_counter() - began), each)

    return copy


def _once(port: int, made: City, rider: Rider, tokens: dict[Any, str]) -> tuple[dict[str, Any], list[str]]:
    """One code, shown to 64 counters at the same moment: one takes it, the others say that it was used."""
    code = streams.code_of(rider)
    calls = [
        replace(next(streams.scans([rider], [counter], tokens)), key=f"once-{number}")
        for number, counter in enumerate((made.counters * AT_ONCE)[:AT_ONCE])
    ]
    bodies = [
        replace(call, body=json.dumps(json.loads(call.body) | {"text": code}).encode()) for call in calls
    ]
    before = _rows("scan_sessions")()
    sent = load.send(port, iter(bodies), seconds=30, clients=AT_ONCE)
    taken = _rows("scan_sessions")() - before
    row = {
        "path": f"one code, {AT_ONCE} at once", "per_s": round(sum(sent.statuses.values()) / sent.seconds),
        "answered": dict(sent.statuses), "p99_ms": round(sent.percentile(0.99), 1), "ratio": taken,
        "against": "1 taken",
        "verdict": pairs.MET if taken == 1 else pairs.BELOW,
    }  # fmt: skip
    return row, [] if taken == 1 else [f"one code was taken {taken} times"]
