"""How much of everything: minutes for `make faults`, more for each round of `make soak`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """The numbers of one run."""

    name: str
    visits: int  # each is a check-in, a reservation and a hand-over
    worker_kills: int
    database_kills: int
    last_items: int
    devices: int
    items_each: int
    orders: int
    jobs: int
    job_kills: int
    small_visits: int  # where the fault is the point, not the mass
    steps: int  # migrations forward and back


SIZES = {
    "ci": Size("ci", 600, 20, 5, 12, 4, 60, 2, 100, 5, 100, 2),
    "soak": Size("soak", 10_000, 100, 20, 100, 50, 100, 4, 1000, 40, 1000, 6),
}
