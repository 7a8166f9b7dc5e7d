"""How much of everything, and how much of the time: minutes for `make faults`, as long as one likes for `make soak`."""

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
    late_items: int  # of stations and phones that come back after days
    late_stations: int
    late_phones: int
    late_orders: int


# What a soak may spend on each drill before it goes on killing until the time is over. A slow machine does less in it
# and says how much less.
SHARES = {
    "kills": 0.20,
    "last-items": 0.04,
    "redis": 0.05,
    "disks": 0.03,
    "clocks": 0.05,
    "late-batches": 0.05,
    "offline-days": 0.05,
    "upgrade": 0.03,
    "restore": 0.03,
    "jobs": 0.05,
    "controls": 0.02,
}
AT_LEAST_S = 60.0

SIZES = {
    "ci": Size("ci", 600, 20, 5, 12, 4, 60, 2, 100, 5, 100, 2, 120, 4, 6, 2),
    "soak": Size("soak", 10_000, 100, 20, 100, 50, 100, 4, 1000, 40, 1000, 6, 10_000, 50, 100, 3),
}
