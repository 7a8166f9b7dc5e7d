"""How many cores and how much disk so many riders need: `python -m bench.capacity` writes `docs/capacity.md`.

Reads a run's JSON (`make bench` with at least the parts paths and storage, `bench/results/bench.json` unless a file is
named). Nothing here is measured again; what is assumed about riders stands in `DAY`, and on the page.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.report import RESULTS

PAGE = Path(__file__).parents[1] / "docs" / "capacity.md"
RIDERS = (1_000, 10_000, 100_000, 300_000, 1_000_000)
ACTIVE = 0.25  # of all riders, on one day
PEAK = 6.0  # the busiest minute against a day's average: lunch and dinner, and rain
BUSY = 0.5  # how much of a core may be used at the peak, so that one of two machines may fail
DAYS = 365


@dataclass(frozen=True, slots=True)
class Habit:
    """What one rider who is out does in a day: how often, whose cost that is in the run, what it leaves."""

    name: str
    a_day: float
    path: str
    leaves: str | None = None


DAY = (
    Habit("opens the home page", 6, "rider home"),
    Habit("looks at the wallet", 2, "wallet"),
    Habit("shows a code", 2, "code issue"),
    Habit("is scanned at a counter", 1, "check-in, rider code", "check-in"),
    Habit("scans a poster", 1, "check-in, poster", "check-in"),
    Habit("takes a good", 0.15, "redeem", "hand-over"),
    Habit("reports a hazard", 0.05, "report", "report"),
)


def main() -> int:
    """Write the page from a run."""
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else RESULTS / "bench.json"
    run = json.loads(file.read_text("utf-8"))
    missing = {"paths", "storage"} - set(run)
    if missing:
        raise SystemExit(
            f"{file.name} has no {', '.join(sorted(missing))}: run `ONLY=paths,storage make bench` first"
        )
    PAGE.write_text(page(run), "utf-8")
    print(f"{PAGE.name} written from {file.name}")
    return 0


def page(run: Mapping[str, Any]) -> str:
    """The page, whole."""
    cost, left = costs(run), leaves(run)
    lines = [
        "# How large a machine",
        "",
        "Written by `python -m bench.capacity` from a run of `make bench`; do not edit it by hand.",
        "Figures of one machine: run it on yours.",
        "",
        f"Measured on {_machine(run)}.",
        "",
        "## What so many riders need",
        "",
        "| riders | out on a day | requests/s at the peak | check-ins/s at the peak | cores | disk a year |",
        "|---:|---:|---:|---:|---:|---:|",
        *(_row(riders, cost, left) for riders in RIDERS),
        "",
        f"Cores are application and database together, used to {BUSY:.0%} at the peak: half of them may fail.",
        "Disk is PostgreSQL's, indexes included, before backups, and without photos.",
        "",
        "## What one of each costs",
        "",
        "| | a day and rider | application, CPU-ms | database, CPU-ms | left on the disk, bytes |",
        "|---|---:|---:|---:|---:|",
        *(_habit(each, cost, left) for each in DAY),
        f"| is enrolled | once | | | {left['rider']:,} |",
        "",
        "## What is assumed",
        "",
        f"- {ACTIVE:.0%} of all riders are out on a day, each with the habits above.",
        f"- The busiest minute asks for {PEAK:g} times the day's average.",
        "- Static files come from the server in front (nginx), pictures are small, and no page asks again by itself.",
        "- Requests cost what they cost under load, where what arrives together is settled together. One alone costs",
        "  up to twice as much, but then there is nothing else to do.",
        "- Keys of requests are forgotten after a while; they are counted here as if they stayed.",
        "",
        "Where the figures end: nobody has run a million riders on this. The growth curves of `make bench`",
        "(`bench/results/growth-*.svg`) show whether one more row costs more when there are many.",
        "",
    ]
    return "\n".join(lines)


def costs(run: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    """(application, database) CPU-ms of one request by path, on PostgreSQL."""
    told = next(rows for name, rows in run["paths"].items() if name.startswith("PostgreSQL"))
    return {row["path"]: (row["app_ms"], row["db_ms"]) for row in told if "app_ms" in row}


def leaves(run: Mapping[str, Any]) -> dict[str, int]:
    """Bytes on the disk by what was done."""
    return {row["path"]: row["bytes"] for row in run["storage"]}


def needed(
    riders: int, cost: Mapping[str, tuple[float, float]], left: Mapping[str, int]
) -> tuple[int, float]:
    """(cores, bytes a year) for so many riders."""
    out = riders * ACTIVE
    cpu_s = sum(each.a_day * sum(cost[each.path]) / 1000 for each in DAY) * out
    cores = max(1, math.ceil(cpu_s / 86_400 * PEAK / BUSY))
    kept = sum(each.a_day * left[each.leaves] for each in DAY if each.leaves) * out * DAYS
    return cores, kept + riders * left["rider"]


def _row(riders: int, cost: Mapping[str, tuple[float, float]], left: Mapping[str, int]) -> str:
    out = riders * ACTIVE
    asked = sum(each.a_day for each in DAY) * out / 86_400 * PEAK
    scans = sum(each.a_day for each in DAY if each.leaves == "check-in") * out / 86_400 * PEAK
    cores, kept = needed(riders, cost, left)
    return f"| {riders:,} | {out:,.0f} | {asked:,.1f} | {scans:,.1f} | {cores} | {kept / 1e9:,.1f} GB |"


def _habit(each: Habit, cost: Mapping[str, tuple[float, float]], left: Mapping[str, int]) -> str:
    app, database = cost[each.path]
    kept = f"{left[each.leaves]:,}" if each.leaves else ""
    return f"| {each.name} | {each.a_day:g} | {app:.2f} | {database:.2f} | {kept} |"


def _machine(run: Mapping[str, Any]) -> str:
    known = run["machine"]
    database = next(name for name in run["paths"] if name.startswith("PostgreSQL"))
    return (
        f"{known['cores']} cores shared with the load itself, {known['memory_gb']} GB, Python {known['python']}, "
        f"{database}, a disk that keeps a write in {known['fsync_ms']['median']} ms"
    )


if __name__ == "__main__":
    sys.exit(main())
