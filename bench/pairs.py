"""Two things measured side by side: A B A B, the order turned each pair, the figure the median of the pairs' ratios.

A set of pairs whose range exceeds 30 % of its median is called too noisy and is never a pass. Rows that were committed
are counted against answers that said so; a round that breaks this fails the run.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

NOISY_ABOVE = 0.3
MET, FIRST_BAR, BELOW, NOISY, SHOWN = "goal met", "first bar met", "below", "too noisy", "shown"


@dataclass(frozen=True, slots=True)
class Pace:
    """One side of a pair."""

    per_s: float
    done: int
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    app_ms: float = 0.0
    db_ms: float = 0.0
    load_ms: float = 0.0
    refused: int = 0
    words: str = ""


@dataclass(frozen=True, slots=True)
class Contest:
    """What is measured against what, and how good it should be."""

    path: str
    own: Callable[[], Pace]
    ceiling: Callable[[], Pace]
    against: str
    bar: float | None = None
    goal: float | None = None
    counted: Callable[[], int] | None = None
    unit: str = "/s"
    ceiling_writes: bool = False  # into the same table, so its rows are taken off before they are compared
    replays: bool = False  # some answers repeat an earlier one, so there are fewer rows than answers
    notes: dict[str, Any] = field(default_factory=dict)


def run(contest: Contest, pairs: int) -> dict[str, Any]:
    """A row of the table."""
    before = contest.counted() if contest.counted else 0
    own, ceiling = [], []
    for number in range(pairs):
        for side in (0, 1) if number % 2 == 0 else (1, 0):
            if side == 0:
                ceiling.append(contest.ceiling())
            else:
                own.append(contest.own())
    answered = sum(pace.done for pace in own)
    committed = contest.counted() - before if contest.counted else answered
    if contest.ceiling_writes:
        committed -= sum(pace.done for pace in ceiling)
    ratios = [mine.per_s / best.per_s for mine, best in zip(own, ceiling, strict=True) if best.per_s]
    return _row(contest, own, ceiling, ratios) | {
        "answered": answered,
        "committed": committed,
        "lost": max(0, answered - committed) if not contest.replays else 0,
    }


def _row(
    contest: Contest, own: Sequence[Pace], ceiling: Sequence[Pace], ratios: Sequence[float]
) -> dict[str, Any]:
    middle = statistics.median(ratios) if ratios else 0.0
    spread = [round(min(ratios), 3), round(max(ratios), 3)] if ratios else [0.0, 0.0]
    return {
        "path": contest.path,
        "per_s": _median(own, "per_s", 1),
        "ceiling_per_s": _median(ceiling, "per_s", 1),
        "against": contest.against,
        "ratio": round(middle, 3),
        "range": spread,
        "bar": contest.bar,
        "goal": contest.goal,
        "verdict": verdict(middle, spread, contest.bar, contest.goal),
        "p50_ms": _median(own, "p50_ms", 1),
        "p99_ms": _median(own, "p99_ms", 1),
        "app_ms": _median(own, "app_ms", 3),
        "db_ms": _median(own, "db_ms", 3),
        "load_ms": _median(own, "load_ms", 3),
        "refused": sum(pace.refused for pace in own),
        "words": next((pace.words for pace in own if pace.words), ""),
        "unit": contest.unit,
    } | contest.notes


def verdict(middle: float, spread: Sequence[float], bar: float | None, goal: float | None) -> str:
    """What a ratio came to. Too noisy is neither."""
    if bar is None and goal is None:
        return SHOWN
    if spread[1] - spread[0] > NOISY_ABOVE * middle:
        return NOISY
    if goal is not None and middle >= goal:
        return MET
    return FIRST_BAR if bar is not None and middle >= bar else BELOW


def _median(paces: Sequence[Pace], name: str, digits: int) -> float:
    return round(float(statistics.median(getattr(pace, name) for pace in paces)), digits)
