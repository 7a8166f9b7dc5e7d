"""A city of stations and phones was without a network for days, some with wrong clocks; it all comes back in any order.

The day and the network are those of `tests/sync/network.py`; here they run in the named size, on PostgreSQL.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator

from faults.ground import Ground
from faults.sizes import Size
from faults.verdicts import Verdict, judge
from tools import layout

NAME = "offline-days"
TEST = "tests/sync/test_network.py::test_a_city_ends_the_same_in_every_order"


PER_S = 8  # items that are told and settled in a second of one order, on two busy cores
FEWEST = 120


def drill(ground: Ground, size: Size) -> Iterator[Verdict]:
    """Each item is settled once, no lease is exceeded, the book closes, and every order ends in the same state."""
    items = _time_for(ground, size)
    env = {name: value for name, value in os.environ.items() if not name.startswith("FENGXING_")}
    env |= {
        "FENGXING_TEST_DATABASE_URL": ground.postgres.url("postgres"),
        "FENGXING_SYNC_SEED": str(ground.seed),
        "FENGXING_SYNC_ITEMS": str(items),
        "FENGXING_SYNC_STATIONS": str(size.late_stations),
        "FENGXING_SYNC_PHONES": str(size.late_phones),
        "FENGXING_SYNC_ORDERS": str(size.late_orders),
    }
    began = time.monotonic()
    of = f"{items} items of {size.late_stations} stations and {size.late_phones} phones, {size.late_orders} orders"
    promise = "count in = count out, nothing doubled, one end state, loss within the leases"
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", TEST],
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
