"""Redis is killed, emptied and slow, under traffic. It holds nothing that counts, so nothing may change."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator

import redis as redis_client

from faults import databases, proxy
from faults.databases import Redis
from faults.drills.killing import spread, verdicts
from faults.ground import Ground, Product
from faults.proxy import Proxy
from faults.sizes import Size
from faults.traffic import CLIENTS, Crowd, Journal
from faults.verdicts import Verdict, judge

NAME = "redis"
SLOW_S = 2.0
CODES_PER_HOUR = 5
MOST = 2.0  # times as long as without the fault
TURNS, FEW, TRIES = 3, 16, 2


def drill(ground: Ground, size: Size) -> Iterator[Verdict]:
    """Answers stay right, stay quick, and limits stay closed."""
    url, visits = ground.copy(), size.small_visits
    with (
        databases.redis() as server,
        proxy.before(server.port) as before,
        ground.product(url, FENGXING_REDIS_URL=server.url(before.port)) as product,
    ):
        rough = _visits(ground, product, visits, 0, lambda crowd: _harm(server, before, crowd), share=0.4)
        yield from verdicts(NAME, ground, url, rough, f"killed, flushed twice, {SLOW_S:.0f} s slow")
        yield _limits(server, product)
        yield _quickness(ground, product, before, visits)
    ground.drop(url)


def _quickness(ground: Ground, product: Product, before: Proxy, visits: int) -> Verdict:
    """Measured again if it looks bad: a busy machine is slow by chance, a product that waits for Redis each time."""
    for attempt in range(TRIES):
        calm_ms, slow_ms = _calm_and_slow(
            ground, product, before, visits // TURNS, visits * (2 * attempt + 1)
        )
        kept = slow_ms < MOST * calm_ms
        if kept:
            break
    figure = f"p99 {calm_ms:.0f} ms, with Redis {SLOW_S:.0f} s slow {slow_ms:.0f} ms"
    return judge(NAME, f"a slow Redis holds up nobody (p99 < {MOST:.0f}x)", figure, kept)


def _calm_and_slow(
    ground: Ground, product: Product, before: Proxy, visits: int, skip: int
) -> tuple[float, float]:
    """Quick and slow Redis in turn, so that whatever else the machine does falls on both."""
    calm, slow = Journal(), Journal()
    for turn in range(2 * TURNS):
        before.delay_s = SLOW_S if turn % 2 else 0.0
        journal = _visits(
            ground,
            product,
            visits,
            skip + turn * visits,
            lambda crowd: None,
            clients=FEW,
            share=0.3 / TURNS / TRIES,
        )
        (slow if turn % 2 else calm).lines += journal.lines
    before.delay_s = 0.0
    return calm.latency_s(0.99) * 1000, slow.latency_s(0.99) * 1000


def _visits(
    ground: Ground,
    product: Product,
    number: int,
    skip: int,
    harm: Callable[[Crowd], None],
    clients: int = CLIENTS,
    share: float = 1.0,
) -> Journal:
    crowd = ground.clients(product, f"{NAME}/{skip}", clients, share)
    errands = ground.city.errands(number, ground.chance(NAME), skip=skip)
    harmer = threading.Thread(target=harm, args=(crowd,), daemon=True)
    harmer.start()
    journal = crowd.run(errands)
    harmer.join()
    return journal


def _harm(server: Redis, before: Proxy, crowd: Crowd) -> None:
    def flush() -> None:
        redis_client.Redis.from_url(server.url()).flushall()

    def slow() -> None:
        before.delay_s = SLOW_S

    def quick() -> None:
        before.delay_s = 0.0

    spread(crowd, [flush, server.kill, server.start, flush, slow, quick])
    quick()  # should it all have been over before
    if not server.runs:
        server.start()


def _limits(server: Redis, product: Product) -> Verdict:
    """Somebody asks for sign-in codes for one phone again and again, while Redis dies in between."""
    statuses = [_ask_for_code(product.port) for _ in range(2)]
    server.kill()
    statuses += [_ask_for_code(product.port) for _ in range(2 * CODES_PER_HOUR)]
    server.start()
    passed = statuses.count(202)
    figure = f"{passed} of {len(statuses)} tries passed, {CODES_PER_HOUR} an hour are allowed; Redis killed after two"
    return judge(
        NAME, "limits stay closed without Redis", figure, passed <= 2 + CODES_PER_HOUR and 429 in statuses
    )


def _ask_for_code(port: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        body = json.dumps({"phone": "13800000001"}).encode()
        connection.request("POST", "/api/v1/sign-in/codes", body, {"Content-Type": "application/json"})
        return connection.getresponse().status
    finally:
        connection.close()
