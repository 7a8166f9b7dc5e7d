"""Phones were without a network for days; now they all send what they saved, several times and in any order."""

from __future__ import annotations

import hashlib
import http.client
import json
import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from faults.ground import Ground
from faults.sizes import Size
from faults.traffic import PATIENCE_S, Ask
from faults.verdicts import Verdict, judge

NAME = "late-batches"
MOST_SENDINGS = 5
FEWEST_ORDERS = 2  # one alone would show nothing
SAMPLE = 3  # items a device that tell how many there is time for
A_DAY = 25  # what one rider sees on a day; more than a day holds would rightly have to wait (cases.opening)
STATE = sa.text(
    "SELECT c.client_ref, c.category, c.state, (SELECT count(*) FROM cases d WHERE d.client_ref = c.client_ref) "
    "FROM cases c ORDER BY c.client_ref"
)


@dataclass(slots=True)
class Told:
    """What was answered to each item, each time it was sent."""

    answers: dict[str, set[tuple[int, bytes]]] = field(default_factory=lambda: defaultdict(set))
    sendings: int = 0
    seconds: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


def drill(ground: Ground, size: Size) -> Iterator[Verdict]:
    """Each item counts once, each sending gets the same answer, and the order makes no difference."""
    digests, cases, differing, sendings, orders = set(), set(), 0, 0, 0
    each = _time_for(ground, size)
    for order in range(size.orders):
        if order >= FEWEST_ORDERS and ground.share.is_over_for_traffic:
            break
        orders = order + 1
        url = ground.copy()
        with ground.product(url) as product:
            told = _bring(ground, product.port, size.devices, each, ground.chance(f"{NAME}/{order}"))
        digest, count = _state(url)
        digests.add(digest)
        cases.add(count)
        differing += sum(len(answers) != 1 or min(answers)[0] != 201 for answers in told.answers.values())
        sendings += told.sendings
        said = ground.books(url)
        if said:
            yield judge(NAME, "the books close", said, False)
        ground.drop(url)
    items = size.devices * each
    figure = f"{sorted(cases)} cases from {items} items in {sendings} sendings, {differing} items answered differently"
    if each < size.items_each:
        figure += f"; there was no time for all {size.devices * size.items_each}"
    yield judge(
        NAME, "count in = count out, the same answer each time", figure, cases == {items} and not differing
    )
    figure = f"{orders} orders of {size.orders}, {len(digests)} end states"
    yield judge(NAME, "any order ends in the same state", figure, len(digests) == 1 and orders > 1)


def _time_for(ground: Ground, size: Size) -> int:
    """How many items a device there is time for, as a few of them tell."""
    if not ground.share.is_bounded:
        return size.items_each
    url = ground.copy()
    with ground.product(url) as product:
        told = _bring(ground, product.port, size.devices, SAMPLE, ground.chance(f"{NAME}/sample"))
    ground.drop(url)
    seconds = ground.share.traffic_s / (size.orders + 1)
    return max(SAMPLE, min(size.items_each, int(SAMPLE * seconds / told.seconds)))


def _bring(ground: Ground, port: int, devices: int, items_each: int, chance: random.Random) -> Told:
    """Every device sends each item one to five times, all devices at once, two hands on each device."""
    told, threads, now = Told(), [], datetime.now(UTC)
    for device in range(devices):
        items = [
            ground.city.report(
                device, number, now - timedelta(days=1 + number // A_DAY, minutes=number % A_DAY)
            )
            for number in range(items_each)
        ]
        sendings = [item for item in items for _ in range(chance.randint(1, MOST_SENDINGS))]
        chance.shuffle(sendings)
        half = len(sendings) // 2
        threads += [
            threading.Thread(target=_send_all, args=(port, hand, told), daemon=True)
            for hand in (sendings[:half], sendings[half:])
        ]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told.seconds = time.monotonic() - began
    return told


def _send_all(port: int, asks: list[Ask], told: Told) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for ask in asks:
        reference = str(ask.about[1])
        answer = _send(connection, ask, reference)
        with told.lock:
            told.answers[reference].add(answer)
            told.sendings += 1
    connection.close()


def _send(connection: http.client.HTTPConnection, ask: Ask, key: str) -> tuple[int, bytes]:
    """The key is what the phone saved with the item, so it is the same each time."""
    until, answer = time.monotonic() + PATIENCE_S, (0, b"")
    while time.monotonic() < until:
        headers = {"Authorization": f"Bearer {ask.token}", "Idempotency-Key": key}
        headers["Content-Type"] = "application/json"
        connection.request("POST", ask.path, json.dumps(ask.body).encode(), headers)
        response = connection.getresponse()
        answer = (response.status, response.read())
        if answer[0] not in (409, 429, 503):
            break
        time.sleep(0.1)
    return answer


def _state(url: str) -> tuple[str, int]:
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            rows = connection.execute(STATE).all()
    finally:
        engine.dispose()
    return hashlib.sha256(repr([tuple(row) for row in rows]).encode()).hexdigest(), len(rows)
