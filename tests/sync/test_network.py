"""Two devices and a server, then a whole city, on a network that loses, doubles, reorders and delays by three days.

`make test` runs the small size, on a server the fewest orders that can differ; `make offline-orders` 10,000 items of 50
devices, in a hundred orders; `make soak` (the drill `offline-days`) the same in a few. FENGXING_SYNC_ITEMS, _STATIONS,
_PHONES and _ORDERS make it any other, FENGXING_SYNC_SEED another day, FENGXING_SYNC_FIRST begins with a later order.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections import Counter
from typing import Any

import pytest

from tests.databases import SERVER_URL
from tests.sync import network
from tools import progress

ITEMS = int(os.environ.get("FENGXING_SYNC_ITEMS", "200"))
ORDERS = int(os.environ.get("FENGXING_SYNC_ORDERS") or (2 if SERVER_URL else 4))
FIRST = int(os.environ.get("FENGXING_SYNC_FIRST", "0"))
STATIONS = int(os.environ.get("FENGXING_SYNC_STATIONS", "4"))
PHONES = int(os.environ.get("FENGXING_SYNC_PHONES", "6"))
SEED = int(os.environ.get("FENGXING_SYNC_SEED", "1"))


def test_two_stations_end_the_same_whatever_the_network_does(app, clock):
    city = network.a_day(seed=SEED, items=40, tablets=2, riders=4)
    ends_the_same(city, range(3))


@pytest.mark.once  # on a server the drill with days out of reach does it in large
def test_a_city_ends_the_same_in_every_order(app, clock):
    city = network.a_day(seed=SEED + 1, items=ITEMS, tablets=STATIONS, riders=PHONES)
    ended = ends_the_same(city, range(FIRST, FIRST + ORDERS))
    seen = {state for state, *_ in ended["items"].values()}
    assert seen == {"counted", "already", "refused", "review"}  # the day was one in which everything happens


def ends_the_same(city: network.City, orders: range) -> dict[str, Any]:
    """Tell the day in each of these orders; all must end sound, and alike. Says how far it is (`pytest -s`)."""
    first: dict[str, Any] = {}
    with network.kept() as put_back:
        for order in orders:
            began, cpu = time.perf_counter(), time.process_time()
            put_back()
            network.tell(city, seed=1_000 + order)
            ended = network.end(city)
            assert network.faults(city, ended) == [], f"order {order}"
            first = first or ended
            progress.say(told(order, ended, time.perf_counter() - began, time.process_time() - cpu))
            assert ended == first, f"order {order} ends otherwise than order {orders.start}"
    return first


def told(order: int, ended: dict[str, Any], seconds: float, cpu_s: float) -> str:
    """One line about one order; the digest is the same wherever the end is."""
    states = Counter(state for state, *_ in ended["items"].values())
    digest = hashlib.sha256(repr(ended).encode()).hexdigest()[:12]
    lost, limit = (sum(each[place] for each in ended["leases"]) for place in (2, 3))
    figures = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    return f"order {order}: {digest}, {figures}; lost {lost} of {limit} leased; {seconds:.0f} s, {cpu_s:.0f} s of CPU"
