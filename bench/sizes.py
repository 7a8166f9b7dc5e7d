"""How large a run is: a look round by default, the named sizes with FULL=1."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """Counts and times of one run. `growth` are entries of the ledger, riders and cases at each step of a curve."""

    pairs: int
    seconds: float
    clients: int
    stations: int
    ceiling_per_s: int
    product_per_s: int
    ledger: tuple[int, ...]
    riders: tuple[int, ...]
    cases: tuple[int, ...]
    facts: int
    roll_riders: int
    roll_entries: int
    rows: int
    stored: int

    @property
    def for_ceiling(self) -> int:
        """Inputs to line up for one ceiling: no run may use them all up."""
        return round(self.ceiling_per_s * (self.seconds + 1) * self.pairs)

    @property
    def for_product(self) -> int:
        """The same for the product's own path; a round that runs out ends early and still counts its own seconds."""
        return round(self.product_per_s * (self.seconds + 1) * self.pairs)


QUICK = Size(
    pairs=3, seconds=2.0, clients=32, stations=120, ceiling_per_s=2_500, product_per_s=800,
    ledger=(10_000, 100_000), riders=(1_000, 10_000), cases=(1_000, 10_000), facts=100_000,
    roll_riders=100_000, roll_entries=500_000, rows=100_000, stored=1_000,
)  # fmt: skip
FULL = Size(
    pairs=5, seconds=5.0, clients=32, stations=240, ceiling_per_s=5_000, product_per_s=2_500,
    ledger=(10_000, 100_000, 1_000_000), riders=(1_000, 10_000, 100_000, 1_000_000),
    cases=(10_000, 100_000, 1_000_000), facts=1_000_000, roll_riders=1_000_000, roll_entries=20_000_000, rows=1_000_000,
    stored=10_000,
)  # fmt: skip
TINY = Size(
    pairs=1, seconds=0.3, clients=2, stations=4, ceiling_per_s=1_500, product_per_s=60,
    ledger=(100, 200), riders=(20, 40), cases=(20, 40), facts=500, roll_riders=100, roll_entries=300, rows=30, stored=8,
)  # fmt: skip


def chosen() -> Size:
    """The size that the environment asks for: FULL=1, or BENCH_SIZE=tiny to see that everything runs."""
    if os.environ.get("BENCH_SIZE") == "tiny":
        return TINY
    return FULL if os.environ.get("FULL") == "1" else QUICK
