"""How long one waits while check-ins come in at a steady pace, as people do, and not as fast as they are answered.

Thirty-two clients that never rest ask for as much as there is, so each waits for the thirty-one others whatever a
check-in costs. A city has a pace. This one is the first bar of a server on SQLite: 300 a second, and 99 in a hundred
are answered within 50 ms of the moment they were due.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from typing import Any

from bench import load
from bench.load import Call, Round
from bench.pairs import BELOW, FIRST_BAR
from bench.sizes import Size

PER_S, WITHIN_MS, KEPT = 300, 50, 0.98


def needed(size: Size) -> int:
    """How many riders are scanned, each once."""
    return size.pairs * round(PER_S * size.seconds)


def run(port: int, calls: Iterator[Call], counted: Callable[[], int], size: Size) -> dict[str, Any]:
    """A row of the table: the median of some rounds, and whether rows are missing."""
    before = counted()
    rounds = [
        load.offer(port, calls, per_s=PER_S, seconds=size.seconds, clients=size.clients)
        for _ in range(size.pairs)
    ]
    answered, committed = sum(each.good for each in rounds), counted() - before
    return row(rounds) | {
        "answered": answered,
        "committed": committed,
        "lost": max(0, answered - committed),
    }


def row(rounds: list[Round]) -> dict[str, Any]:
    """What the rounds came to. Behind its pace, or with refusals, a server has not met the bar."""
    pace = statistics.median(each.per_s for each in rounds)
    p99 = statistics.median(each.percentile(0.99) for each in rounds)
    refused = sum(sum(each.statuses.values()) - each.good for each in rounds)
    good = pace >= PER_S * KEPT and p99 <= WITHIN_MS and not refused
    return {
        "path": f"check-in, {PER_S} a second",
        "per_s": round(pace, 1),
        "against": f"p99 of {WITHIN_MS} ms",
        "verdict": FIRST_BAR if good else BELOW,
        "p50_ms": round(statistics.median(each.percentile(0.5) for each in rounds), 1),
        "p99_ms": round(p99, 1),
        "refused": refused,
    }
