"""Sending requests from a few keep-alive connections for a few seconds, and counting what came back."""

from __future__ import annotations

import http.client
import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import uuid4

from bench.scene import Call


@dataclass(slots=True)
class Round:
    """What one round measured."""

    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    latencies_ms: list[float] = field(default_factory=list)

    @property
    def good(self) -> int:
        return sum(count for status, count in self.statuses.items() if 200 <= status < 300)

    @property
    def per_s(self) -> float:
        return self.good / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """The latency below which this share of the answers came, in ms."""
        ordered = sorted(self.latencies_ms)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


class _Shared:
    """One stream of calls for several threads."""

    def __init__(self, calls: Iterator[Call]) -> None:
        self._calls, self._lock = calls, threading.Lock()

    def next(self) -> Call | None:
        with self._lock:
            return next(self._calls, None)


def send(port: int, calls: Iterator[Call], *, seconds: float, clients: int) -> Round:
    """Send calls until the time or the calls are over. Bounded in both."""
    measured, shared, lock = Round(), _Shared(calls), threading.Lock()
    began = time.perf_counter()
    ends = began + seconds

    def work() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        statuses: Counter[int] = Counter()
        latencies: list[float] = []
        while time.perf_counter() < ends and (call := shared.next()) is not None:
            sent = time.perf_counter()
            statuses[_one(connection, call)] += 1
            latencies.append((time.perf_counter() - sent) * 1000)
        connection.close()
        with lock:
            measured.statuses.update(statuses)
            measured.latencies_ms += latencies

    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    measured.seconds = time.perf_counter() - began
    return measured


_numbers = itertools.count()


def _one(connection: http.client.HTTPConnection, call: Call) -> int:
    headers = {"Content-Type": "application/json"} if call.body else {}
    if call.token:
        headers["Authorization"] = f"Bearer {call.token}"
    if call.method == "POST":
        headers["Idempotency-Key"] = f"{uuid4().hex}{next(_numbers)}"
    try:
        connection.request(call.method, call.path, call.body or None, headers)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        return 0
    return answer.status
