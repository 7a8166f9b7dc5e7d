"""Two devices and a server, then a whole city, on a network that loses, doubles, reorders and delays by three days.

`make test` runs the small size, on a server the fewest orders that can differ; `make soak` (the drill `offline-days`)
10,000 items of 50 stations and 100 phones. FENGXING_SYNC_ITEMS, _STATIONS, _PHONES and _ORDERS make it any other,
FENGXING_SYNC_SEED another day.
"""

from __future__ import annotations

import os

from tests.conftest import SERVER_URL
from tests.sync import network

ITEMS = int(os.environ.get("FENGXING_SYNC_ITEMS", "200"))
ORDERS = int(os.environ.get("FENGXING_SYNC_ORDERS") or (2 if SERVER_URL else 4))
STATIONS = int(os.environ.get("FENGXING_SYNC_STATIONS", "4"))
PHONES = int(os.environ.get("FENGXING_SYNC_PHONES", "4"))
SEED = int(os.environ.get("FENGXING_SYNC_SEED", "1"))


def test_two_stations_end_the_same_whatever_the_network_does(app, clock):
    ends = []
    for order in range(3):
        city = network.a_day(seed=SEED, items=40, tablets=2, riders=4)
        network.tell(city, seed=order)
        ends.append(network.end(city))
        assert network.faults(city, ends[-1]) == [], f"seed {SEED}, order {order}"
    assert all(each == ends[0] for each in ends)


def test_a_city_ends_the_same_in_every_order(app, clock):
    first = None
    for order in range(ORDERS):
        city = network.a_day(seed=SEED + 1, items=ITEMS, tablets=STATIONS, riders=PHONES)
        network.tell(city, seed=1_000 + order)
        ended = network.end(city)
        assert network.faults(city, ended) == [], f"seed {SEED + 1}, order {order}"
        first = first or ended
        assert ended == first, f"seed {SEED + 1}: order {order} ends otherwise than order 0"
    assert first is not None
    seen = {state for state, _ in first["items"].values()}
    assert seen == {"counted", "already", "refused", "review"}  # the day was one in which everything happens
