"""A city of stations and phones was without a network for days, some with wrong clocks; it all comes back in any order.

The day and the network are those of `tests/sync/network.py`; here they run in the named size, on PostgreSQL, in a few
orders. `make offline-orders` tells the day in a hundred.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator

from faults.ground import Ground
from faults.orders import command_of, environment
from faults.sizes import Size
from faults.verdicts import Verdict, judge
from tools import layout

NAME = "offline-days"
PER_S = 15  # items that are told and settled in a second of one order, on two busy cores
FEWEST = 120


def drill(ground: Ground, size: Size) -> Iterator[Verdict]:
    """Each item is settled once, no lease is exceeded, the book closes, and every order ends in the same state."""
    items = _time_for(ground, size)
    env = environment(
        url=ground.postgres.url("postgres"),
        items=items,
        stations=size.late_stations,
        phones=size.late_phones,
        orders=size.late_orders,
        seed=ground.seed,
    )
    began = time.monotonic()
    of = f"{items} items of {size.late_stations} stations and {size.late_phones} phones, {size.late_orders} orders"
    promise = "count in = count out, nothing doubled, one end state, loss within the leases"
    try:
        done = subprocess.run(
            command_of(),
            cwd=layout.ROOT,
            env=env,
            capture_output=True,
            text=True,
            check=False,
            timeout=ground.share.for_a_check_s,
        )
    except subprocess.TimeoutExpired as late:
        yield judge(NAME, promise, f"{of}: not known, it did not end within {late.timeout:.0f} s", False)
        return
    figure = f"{of} in {time.monotonic() - began:.0f} s"
    if items < size.late_items:
        figure += f"; there was no time for all {size.late_items}"
    said = next((line for line in done.stdout.splitlines() if line.startswith("E  ")), done.stdout[-200:])
    yield judge(NAME, promise, figure if done.returncode == 0 else f"{figure}: {said}", done.returncode == 0)


def _time_for(ground: Ground, size: Size) -> int:
    """How many items there is time for."""
    if not ground.share.is_bounded:
        return size.late_items
    return min(size.late_items, max(FEWEST, int(ground.share.traffic_s * PER_S / size.late_orders)))
