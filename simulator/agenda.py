"""What happens next: by virtual time, and within an instant in the order in which it was planned."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

Step = Callable[[datetime], None]


class Entry(NamedTuple):
    """Something planned. `promised`: it is done even after the last day, like a message that was already sent."""

    at: datetime
    number: int
    step: Step
    promised: bool


class Agenda:
    """The one queue of the city, and its virtual clock."""

    def __init__(self, begins: datetime) -> None:
        self.now = begins
        self._planned: list[Entry] = []
        self._count = 0

    def __call__(self) -> datetime:
        """The present instant, for `clock.use`."""
        return self.now

    def plan(self, at: datetime, step: Step, *, promised: bool = False) -> None:
        """Have a step done at an instant; in the past means now."""
        self._count += 1
        heapq.heappush(self._planned, Entry(max(at, self.now), self._count, step, promised))

    def until(self, ends: datetime) -> Iterator[Entry]:
        """Every step until the end, in order, the clock going with them; after that only what was promised."""
        while self._planned:
            entry = heapq.heappop(self._planned)
            if entry.at >= ends and not entry.promised:
                continue
            self.now = max(self.now, entry.at)
            yield entry
