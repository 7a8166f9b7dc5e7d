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
from faults.traffic import Crowd, Journal
from faults.verdicts import Verdict, judge

NAME = "redis"
SLOW_S = 2.0
CODES_PER_HOUR = 5
MOST = 2.0  # times as long as without the fault


def drill(ground: Ground, size: Size) -> Iterator[Verdict]:
    """Answers stay right, stay quick, and limits stay closed."""
    with databases.redis() as server, proxy.before(server.port) as before:
        url = ground.copy()
        with ground.product(url, FENGXING_REDIS_URL=server.url(before.port)) as product:
            calm = _visits(ground, product, size.small_visits, lambda crowd: None)
            ground.drop(url)
        url = ground.copy()
        with ground.product(url, FENGXING_REDIS_URL=server.url(before.port)) as product:
            rough = _visits(
                ground,
                product,
                size.small_visits,
                lambda crowd: _harm(server, before, crowd, size.small_visits),
            )
            yield from verdicts(NAME, ground, url, rough, "killed, flushed twice, 2 s slow")
            yield _limits(server, product)
            before.delay_s = SLOW_S
            slow = _visits(ground, product, size.small_visits, lambda crowd: None, skip=size.small_visits)
            before_ms, after_ms = (journal.latency_s(0.99) * 1000 for journal in (calm, slow))
            figure = f"p99 {before_ms:.0f} ms, with Redis {SLOW_S:.0f} s slow {after_ms:.0f} ms"
            ratio = after_ms / before_ms
            yield judge(NAME, f"a slow Redis holds up nobody (p99 < {MOST:.0f}x)", figure, ratio < MOST)
        ground.drop(url)


def _visits(
    ground: Ground, product: Product, number: int, harm: Callable[[Crowd], None], skip: int = 0
) -> Journal:
    crowd = Crowd(product.port, f"{ground.seed}/{NAME}/{skip}")
    errands = ground.city.errands(number, ground.chance(NAME), skip=skip)
    harmer = threading.Thread(target=harm, args=(crowd,))
    harmer.start()
    journal = crowd.run(errands)
    harmer.join()
    return journal


def _harm(server: Redis, before: Proxy, crowd: Crowd, total: int) -> None:
    def flush() -> None:
        redis_client.Redis.from_url(server.url()).flushall()

    def slow() -> None:
        before.delay_s = SLOW_S

    def quick() -> None:
        before.delay_s = 0.0

    spread(crowd, total, [flush, server.kill, server.start, flush, slow, quick])


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
