"""How much of everything: minutes for `make faults`, as long as one likes for `make soak` (see shares.py)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """The numbers of one run."""

    name: str
    riders: int  # a check-in counts once in four hours at a station: each is good for 16 visits
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
    late_items: int  # of stations and phones that come back after days
    late_stations: int
    late_phones: int
    late_orders: int
    cuts: int  # of the network, each so long
    cut_s: float
    examples: int  # random sequences of the models, on each database
    lives: int  # of a city, each on both databases
    life_days: int
    life_riders: int


SIZES = {
    "ci": Size("ci", 192, 400, 20, 5, 12, 4, 50, 2, 80, 5, 100, 2, 120, 4, 6, 2, 2, 2.0, 5, 1, 1, 8),
    "soak": Size(
        "soak", 640, 10_000, 100, 20, 100, 50, 100, 4, 1000, 40, 1000, 6, 10_000, 50, 100, 3, 8, 8.0, 200, 4, 2, 24
    ),
}  # fmt: skip
