"""`make bench`: every hot path beside its ceiling, in one run, with a table, JSON and curves.

    make bench                     a look round, about six minutes
    FULL=1 make bench              the named sizes (up to an hour, 25 GB of disk)
    ONLY=paths make bench          parts: paths, servers, growth, rest, rules, storage, roll, doubts, browser
    GROWTH=7 FULL=1 make bench     the ledger's curve up to 10^7 entries

Never a timed test: figures of one run are compared with each other, and with nothing else. The run fails if an
acknowledged row is missing or the books do not close.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from app.kernel.db import disconnect, session, transaction
from app.ledger.verify import verify
from bench import (
    browser,
    doubts,
    growth,
    machine,
    memory,
    pairs,
    paths,
    report,
    rest,
    roll,
    rules,
    scene,
    sizes,
    steady,
    storage,
    streams,
)
from bench.ground import WORKERS, Ground, on_postgresql, on_sqlite, postgres_process, served
from bench.paths import Stand
from bench.sizes import Size
from tools import serving

PARTS = ("paths", "servers", "growth", "rest", "rules", "storage", "roll", "doubts", "browser")


def main() -> int:
    """Measure what was asked for, print, keep, and say whether the books closed."""
    _parser().parse_args()
    size, wanted = sizes.chosen(), _wanted()
    began = time.perf_counter()
    result: dict[str, Any] = {"machine": machine.facts(), "size": size, "parts": wanted}
    findings: list[str] = []
    for name, part in _parts().items():
        if name in wanted:
            report.say(f"--- {name}")
            result[name], found = part(size)
            findings += found
    result["books"] = findings or "closed"
    result["took_s"] = round(time.perf_counter() - began)
    file = report.write("bench", result)
    print(f"\nbooks: {'; '.join(findings) or 'closed'}. fsync {result['machine']['fsync_ms']['median']} ms, "
          f"{result['machine']['cores']} cores, {result['took_s']} s; {file.relative_to(file.parents[2])}")  # fmt: skip
    return 1 if findings else 0


def _parser() -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    return argparse.ArgumentParser(prog="python -m bench", description=__doc__, formatter_class=form)


def _wanted() -> list[str]:
    asked = [each for each in os.environ.get("ONLY", "").replace(",", " ").split() if each]
    unknown = set(asked) - set(PARTS)
    if unknown:
        raise SystemExit(f"ONLY knows {', '.join(PARTS)}, but not {', '.join(sorted(unknown))}")
    return asked or list(PARTS)


def _parts() -> dict[str, Callable[[Size], tuple[Any, list[str]]]]:
    return {
        "paths": _paths,
        "servers": _servers,
        "growth": growth.run,
        "rest": rest.run,
        "rules": rules.run,
        "storage": storage.run,
        "roll": roll.run,
        "doubts": doubts.run,
        "browser": browser.run,
    }


def _paths(size: Size) -> tuple[Any, list[str]]:
    """The hot paths on both databases, behind SERVER or the server that a city uses."""
    told, findings, server = {}, [], os.environ.get("SERVER", serving.CITY)
    for ground in (on_postgresql, on_sqlite):
        with ground() as stands, stands.app.app_context():
            rows, found = measure(stands, server, size)
            told[machine.database()["name"]] = rows
            report.table(f"{machine.database()['name']}, {server}", rows)
            findings += found
            _close()
    return told, findings


def _servers(size: Size) -> tuple[Any, list[str]]:
    """The same requests behind each server, on PostgreSQL."""
    told, findings = {}, []
    for server in serving.SERVERS:
        with on_postgresql() as stands, stands.app.app_context():
            rows, found = measure(stands, server, size, against_no_op=True)
            told[server] = rows
            report.table(f"behind {server}", rows)
            findings += found
            _close()
    return told, findings


def measure(
    ground: Ground, server: str, size: Size, *, against_no_op: bool = False
) -> tuple[list[dict[str, Any]], list[str]]:
    """All contests on one instance behind one server; and what is wrong with the books afterwards."""
    with_ceilings = ground.is_postgresql and not against_no_op
    made = scene.build(size, with_ceilings=with_ceilings)
    report.say(f"built {len(made.riders)} riders, {len(made.promises)} vouchers in {made.took_s:.1f} s")
    workers = WORKERS if ground.is_postgresql else 1  # a file has one writer, and `make run` one process
    with served(ground, server, workers) as (process, port):
        postmaster = postgres_process(ground.url) if ground.is_postgresql else None
        stand = Stand(ground, process, port, size, postmaster)
        if with_ceilings:
            scene.teach_ceilings(made, port, size)
        contests = paths.contests(stand, made, with_ceilings=with_ceilings)
        for contest in contests[:3]:  # workers and connections are warm before anything counts
            contest.own()
        rows = []
        for contest in contests:
            report.say(contest.path)
            rows.append(pairs.run(contest, size.pairs))
        if not ground.is_postgresql:
            report.say("check-ins at a steady pace")
            riders = made.deal_riders(steady.needed(size))
            scans = streams.scans(riders, made.counters, made.tokens)
            rows.append(steady.run(port, scans, paths.rows_of("checkins"), size))
        used = memory.of(process, postmaster)
        report.say(f"memory: {used}")
    rows.append({"path": "memory", "verdict": pairs.SHOWN, "words": str(used), **used})
    return rows, _findings(rows)


def _findings(rows: list[dict[str, Any]]) -> list[str]:
    lost = [f"{row['path']}: {row['lost']} acknowledged and not there" for row in rows if row.get("lost")]
    with transaction(write=False):
        return lost + [str(each) for each in verify()]


def _close() -> None:
    session.remove()
    disconnect()


if __name__ == "__main__":
    sys.exit(main())
