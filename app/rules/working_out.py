"""A dry run in steps: the facts of a period are read part by part, judged by two wordings, and told as a forecast.

Each step is called inside a unit of work: one for all of them where somebody waits for the answer, one for each where a
job does it. A job reads the next part while it judges the last: both take equally long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from app.kernel.ahead import read_ahead
from app.places import queries as places
from app.rules import queries, rulebook
from app.rules.comparing import differences
from app.rules.forecasting import forecast
from app.rules.models import RuleSetVersion
from app.rules.recalling import Part, Period, Recalled
from app.rules.simulating import Tallying

Progress = Callable[[int, int], None]


class WorkingOut:
    """The forecast of a version over a period, as of an instant. Reads only."""

    def __init__(self, version: RuleSetVersion, period: Period, at: datetime) -> None:
        # Nothing of the session's is kept: the next step may be another unit of work.
        self._region_code, self._period, self._at = version.rule_set.region_code, period, at
        self._path = places.region_path(self._region_code)
        self._draft, self._before = rulebook.read(version.rules), self._in_force_beside()
        self._recalled = Recalled(version.rule_set, self._path, period, (*self._draft, *self._before))
        self._tallying = Tallying(
            draft=self._draft,
            before=self._before,
            occupations=self._recalled.occupations,
            depth=len(self._path.strip("/").split("/")),
        )
        self.total, self.read = self._recalled.count(), 0

    def _in_force_beside(self) -> tuple[rulebook.Rule, ...]:
        """The rules in force where this version would be: its own, if it is that one; none, if there are none."""
        current = queries.version_in_force(self._path, self._at)
        return queries.rules_of(current) if current is not None else ()

    def step(self) -> bool:
        """Read and judge the next part. False when there is no more."""
        part = self.next_part()
        if part is None:
            return False
        self.judge(part)
        return True

    def next_part(self) -> Part | None:
        """The next part; None when there is no more."""
        return self._recalled.next_part()

    def judge(self, part: Part) -> None:
        """Judge a part that was read. Parts come in their order; the next one may be read meanwhile."""
        self._tallying.add(part.facts)
        self.read += part.read

    def each_ahead(self) -> Iterator[None]:
        """All steps, each part read in a unit of work of its own while the one before is judged."""
        for part in read_ahead(self.next_part):
            self.judge(part)
            yield

    def told(self) -> dict[str, Any]:
        """The whole forecast as plain data, after the last step."""
        told = forecast(
            self._tallying.result(),
            region_code=self._region_code,
            period=self._period,
            path=self._path,
            at=self._at,
        )
        return told | {"changes": differences(self._before, self._draft)}


def work_out(
    version: RuleSetVersion,
    period: Period,
    *,
    at: datetime,
    progress: Progress = lambda read, total: None,
) -> dict[str, Any]:
    """All steps, one after the other."""
    steps = WorkingOut(version, period, at)
    while steps.step():
        progress(steps.read, steps.total)
    return steps.told()
