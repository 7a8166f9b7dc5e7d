"""`make bench`: check-in, redemption, wallet and report on PostgreSQL, as ratios to a no-op route of the same server.

Rounds alternate no-op and path; the figure is the median of the pairs' ratios. A pair set whose range exceeds 30 % of
its median is called noisy, not passed. Committed rows are counted against answers, and the books must close at the end.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
from flask_migrate import upgrade
from sqlalchemy import text

from app.kernel.db import session, transaction
from app.ledger.verify import verify
from app.main import create_app
from bench import load, scene
from bench.scene import Call
from tools import servers
from tools.network import free_port

ROUNDS, SECONDS, CLIENTS, WARM_UP_S = 3, 3.0, 8, 1.5
TABLES = {"check-in": "checkins", "redeem": "vouchers WHERE state = 'handed_over'", "report": "cases"}


def main() -> int:
    """Measure on a PostgreSQL of our own, with fsync on."""
    with servers.postgres(fsync="on") as url, tempfile.TemporaryDirectory() as folder:
        return run(url, folder)


def run(url: str, folder: str) -> int:
    """Build, serve, measure, print, write var/bench.json."""
    env = {
        **os.environ,
        "FENGXING_ENV": "test",
        "FENGXING_SECRET_KEY": "for the bench only, thirty-two characters",
        "FENGXING_CODE_KEYS": "1:" + "5a" * 32,
        "FENGXING_LOG_LEVEL": "ERROR",
        "FENGXING_DATABASE_URL": url,
        "FENGXING_DATA_DIR": folder,
    }
    env.pop("FENGXING_REDIS_URL", None)
    app = create_app(env)
    with app.app_context():
        upgrade()
        began = time.perf_counter()
        made = scene.build()
        _say(
            f"built {len(made.riders)} riders, {len(made.vouchers)} vouchers in {time.perf_counter() - began:.1f} s"
        )
    server, port = _serve(env)
    try:
        with app.app_context():
            rows = [_measure(name, calls, made, port, server) for name, calls in _paths(made)]
            findings = _books()
    finally:
        server.terminate()
        server.wait(20)
    _print(rows)
    report = {"server": "gunicorn gthread 2x4", "clients": CLIENTS, "cores": os.cpu_count(), "rows": rows}
    Path("var").mkdir(exist_ok=True)
    Path("var/bench.json").write_text(json.dumps(report, indent=2), "utf-8")
    _say(f"books: {findings or 'closed'}; written to var/bench.json")
    return 1 if findings or any(row["lost"] for row in rows) else 0


def _paths(made: scene.Scene) -> list[tuple[str, Callable[[], Iterator[Call]]]]:
    return [
        ("check-in", made.check_ins),
        ("redeem", made.redemptions),
        ("wallet", made.wallets),
        ("report", made.reports),
    ]


def _measure(
    name: str,
    calls: Callable[[], Iterator[Call]],
    made: scene.Scene,
    port: int,
    server: subprocess.Popen[bytes],
) -> dict[str, Any]:
    stream = calls()
    load.send(port, made.no_op(), seconds=WARM_UP_S, clients=CLIENTS)
    before, ratios, rounds = _committed(name), [], []
    for number in range(ROUNDS):
        _say(f"{name}: round {number + 1} of {ROUNDS}")
        order = (made.no_op(), stream) if number % 2 == 0 else (stream, made.no_op())
        measured = [_round(port, each, server) for each in order]
        ceiling, path = measured if number % 2 == 0 else reversed(measured)
        ratios.append(path[0].per_s / ceiling[0].per_s)
        rounds.append((ceiling, path))
    answered = sum(path[0].good for _, path in rounds)
    middle = statistics.median(ratios)
    best = rounds[0][1][0]
    return {
        "path": name,
        "per_s": round(statistics.median(path[0].per_s for _, path in rounds), 1),
        "no_op_per_s": round(statistics.median(ceiling[0].per_s for ceiling, _ in rounds), 1),
        "ratio": round(middle, 3),
        "range": [round(min(ratios), 3), round(max(ratios), 3)],
        "noisy": (max(ratios) - min(ratios)) > 0.3 * middle,
        "p50_ms": round(best.percentile(0.5), 1),
        "p99_ms": round(best.percentile(0.99), 1),
        "cpu_ms": round(statistics.median(path[1] / max(1, path[0].good) * 1000 for _, path in rounds), 2),
        "refused": sum(sum(path[0].statuses.values()) - path[0].good for _, path in rounds),
        "lost": max(0, answered - (_committed(name) - before)) if name in TABLES else 0,
    }


def _round(port: int, calls: Iterator[Call], server: subprocess.Popen[bytes]) -> tuple[load.Round, float]:
    before = _cpu_s(server)
    measured = load.send(port, calls, seconds=SECONDS, clients=CLIENTS)
    return measured, _cpu_s(server) - before


def _cpu_s(server: subprocess.Popen[bytes]) -> float:
    parent = psutil.Process(server.pid)
    times = [each.cpu_times() for each in (parent, *parent.children(recursive=True))]
    return float(sum(each.user + each.system for each in times))


def _committed(name: str) -> int:
    if name not in TABLES:
        return 0
    with transaction(write=False):
        counted = text(f"SELECT count(*) FROM {TABLES[name]}")  # noqa: S608 -- our own table names
        return int(session.scalar(counted) or 0)


def _books() -> list[str]:
    with transaction(write=False):
        return [str(each) for each in verify()]


def _serve(env: dict[str, str]) -> tuple[subprocess.Popen[bytes], int]:
    port = free_port()
    command = [
        sys.executable, "-m", "gunicorn", "wsgi:app", "--no-control-socket", "--bind", f"127.0.0.1:{port}",
        "--workers", "2", "--threads", "4", "--worker-class", "gthread", "--log-level", "warning", "--keep-alive", "30",
    ]  # fmt: skip
    server = subprocess.Popen(command, env=env)
    for _ in range(200):
        if load.send(port, iter([Call("GET", "/healthz")]), seconds=1, clients=1).good:
            return server, port
        time.sleep(0.1)
    raise SystemExit("the server did not start")


def _print(rows: list[dict[str, Any]]) -> None:
    heads = (
        "path",
        "per_s",
        "no_op_per_s",
        "ratio",
        "range",
        "p50_ms",
        "p99_ms",
        "cpu_ms",
        "refused",
        "lost",
        "noisy",
    )
    table = [heads, *[tuple(str(row[head]) for head in heads) for row in rows]]
    widths = [max(len(line[column]) for line in table) for column in range(len(heads))]
    for line in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)))


def _say(words: str) -> None:
    print(f"  {words}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
