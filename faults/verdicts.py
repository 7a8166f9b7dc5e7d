"""What a drill found: promise → figure → verdict, as a table and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.tables import lines

KEPT, BROKEN, NOT_POSSIBLE, LEFT_OUT = "kept", "BROKEN", "NOT POSSIBLE HERE", "left out, as asked"
MISSING = "NOT RUN, something is missing"  # a program that no installation of the product needs
HEADS = ("drill", "promise", "figure", "verdict")


@dataclass(frozen=True, slots=True)
class Verdict:
    """One line of the table."""

    drill: str
    promise: str
    figure: str
    verdict: str

    @property
    def is_good(self) -> bool:
        """A drill that could not be run is no success, unless it was left out by name or needs what few have."""
        return self.verdict in (KEPT, LEFT_OUT, MISSING)


def judge(drill: str, promise: str, figure: str, kept: bool) -> Verdict:
    """A promise that was kept, or not."""
    return Verdict(drill, promise, figure, KEPT if kept else BROKEN)


def table(verdicts: Sequence[Verdict]) -> list[str]:
    """The lines to print; wide characters count twice."""
    rows = [HEADS, *[(each.drill, each.promise, each.figure, each.verdict) for each in verdicts]]
    return lines(rows)


def kept(verdicts: Iterable[Verdict]) -> int:
    """How many promises were kept. What was left out is neither kept nor broken."""
    return sum(each.verdict == KEPT for each in verdicts)


def missing(verdicts: Iterable[Verdict]) -> list[str]:
    """The drills that were not run for want of a program. They are no failure, and they are named."""
    return [each.drill for each in verdicts if each.verdict == MISSING]


def broken(verdicts: Iterable[Verdict]) -> int:
    """How many were not kept, or could not be tried."""
    return sum(not each.is_good for each in verdicts)


def write(file: Path, verdicts: Sequence[Verdict], **context: object) -> None:
    """The same for machines."""
    rows = [{**asdict(each), "bad": not each.is_good} for each in verdicts]
    report = {**context, "passed": kept(verdicts), "failed": broken(verdicts), "verdicts": rows}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(report, ensure_ascii=False, indent=2), "utf-8")
