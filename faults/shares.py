"""Whose time it is: a soak ends when it was asked to, so each drill has its share, part traffic and part checking.

A slow machine does less in its share and says how much less. What cannot even do its least in it is a broken promise
in the table, never a silence.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

# The rest of a soak goes on killing until the time is over.
SHARES = {
    "kills": 0.09,
    "last-items": 0.04,
    "redis": 0.05,
    "disks": 0.03,
    "clocks": 0.04,
    "machine-clocks": 0.03,
    "late-batches": 0.04,
    "offline-days": 0.05,
    "upgrade": 0.03,
    "restore": 0.04,
    "failover": 0.05,
    "partition": 0.04,
    "jobs": 0.04,
    "models": 0.05,
    "lives": 0.05,
    "controls": 0.02,
}
CITY = 0.05  # of the soak, for the riders of its city
TRAFFIC = 0.6  # of a share; the rest starts servers, goes through the books and lets go of it all
AT_LEAST_S = 40.0  # below that a drill cannot even start its servers
CHECKED_WITHIN_S = 60.0  # what the books are given even where the share is used up


@dataclass(frozen=True, slots=True)
class Share:
    """The time of one drill, from now on. `math.inf` where nobody is waiting."""

    lasts_s: float = math.inf
    began: float = field(default_factory=time.monotonic)

    @property
    def traffic_s(self) -> float:
        """How long its traffic may take."""
        return TRAFFIC * self.lasts_s

    @property
    def is_bounded(self) -> bool:
        return not math.isinf(self.lasts_s)

    @property
    def left_s(self) -> float:
        return self.began + self.lasts_s - time.monotonic()

    @property
    def is_over_for_traffic(self) -> bool:
        """Whether it is time to begin nothing new and look at what came of it."""
        return self.began + self.traffic_s <= time.monotonic()

    @property
    def for_a_check_s(self) -> float | None:
        """How long one look at the books may take; None is for ever."""
        return max(CHECKED_WITHIN_S, self.left_s) if self.is_bounded else None


@dataclass(frozen=True, slots=True)
class Soak:
    """All the time there is."""

    lasts_s: float = math.inf
    began: float = field(default_factory=time.monotonic)

    @property
    def left_s(self) -> float:
        return self.began + self.lasts_s - time.monotonic()

    @property
    def left(self) -> str:
        """For the person at the terminal; nothing where nobody asked for a time."""
        return "" if math.isinf(self.lasts_s) else f", {max(0.0, self.left_s) / 60:.0f} min left"

    @property
    def at_least_s(self) -> float:
        """What a drill needs; a soak of a few minutes makes do with less of it."""
        return min(AT_LEAST_S, self.lasts_s / 20)

    def share_of(self, name: str) -> Share:
        """What a drill gets that begins now: never more than is left."""
        wanted = max(self.at_least_s, SHARES[name] * self.lasts_s)
        return Share(min(wanted, max(0.0, self.left_s)))
