"""Sending requests from a few keep-alive connections for a few seconds, and counting what came back.

`send` has as many requests under way as there are clients; `offer` sends so many a second whatever comes back, and
counts each answer from the moment its request was due: who has to wait for a free connection waits as well.

One thread and a selector over raw sockets: on a machine that also runs the server and the database, a client library
would eat a third of what is to be measured. Requests are built before they are sent, answers are read to their end.
"""

from __future__ import annotations

import itertools
import selectors
import socket
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import uuid4

LATE_S = 180.0  # a batch of a thousand items may take long on a busy machine


@dataclass(frozen=True, slots=True)
class Call:
    """One request, ready to be sent. Without a `key` every POST is a new one."""

    method: str
    path: str
    token: str = ""
    body: bytes = b""
    key: str = ""
    cookie: str = ""


@dataclass(slots=True)
class Round:
    """What one round measured."""

    seconds: float = 0.0
    cpu_s: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    latencies_ms: list[float] = field(default_factory=list)
    refused: bytes = b""
    last: bytes = b""

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


_numbers = itertools.count()
_run = uuid4().hex


def request_of(call: Call) -> bytes:
    """The bytes of a request."""
    head = f"{call.method} {call.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(call.body)}\r\n"
    if call.body:
        head += "Content-Type: application/json\r\n"
    if call.token:
        head += f"Authorization: Bearer {call.token}\r\n"
    if call.cookie:
        head += f"Cookie: {call.cookie}\r\n"
    if call.method == "POST":
        head += f"Idempotency-Key: {call.key or f'{_run}{next(_numbers)}'}\r\n"
    return head.encode() + b"\r\n" + call.body


class _Client:
    """One connection: a request at a time, and the answer so far."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.due_at = 0.0
        self.got = b""
        self.needs = -1
        self.connection = self._connect()

    def _connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=LATE_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def send(self, call: Call, *, due_at: float | None = None) -> None:
        self.got, self.needs = b"", -1
        data = request_of(call)
        self.due_at = due_at or time.perf_counter()
        self.connection.sendall(data)

    def take(self) -> int | None:
        """What has arrived; the status once the answer is whole, 0 if the connection broke."""
        try:
            piece = self.connection.recv(262_144)
        except OSError:
            return 0
        if not piece:
            return 0
        self.got = self.got + piece if self.got else piece
        if self.needs < 0:
            self.needs = _length(self.got)
        if self.needs < 0 or len(self.got) < self.needs:
            return None
        return int(self.got[9:12])

    def again(self) -> None:
        """A new connection in place of a broken one."""
        self.connection.close()
        self.connection = self._connect()


def _length(got: bytes) -> int:
    """How long the whole answer will be; -1 while its head is not there."""
    end = got.find(b"\r\n\r\n")
    if end < 0:
        return -1
    head = got[:end].lower()
    at = head.find(b"content-length:")
    if at < 0:
        return end + 4  # 204
    return end + 4 + int(head[at + 15 :].split(b"\r\n", 1)[0])


def send(port: int, calls: Iterator[Call], *, seconds: float, clients: int) -> Round:
    """Send calls until the time or the calls are over, then wait for the answers on their way."""
    measured = Round()
    try:
        with selectors.DefaultSelector() as selector:
            _exchange(selector, port, calls, measured, seconds, clients)
    except ConnectionRefusedError:
        measured.statuses[0] += 1
    return measured


def offer(port: int, calls: Iterator[Call], *, per_s: float, seconds: float, clients: int) -> Round:
    """Send so many calls a second, evenly, over at most `clients` connections, and wait for all answers."""
    measured = Round()
    with selectors.DefaultSelector() as selector:
        idle = [_Client(port) for _ in range(clients)]
        for client in idle:
            selector.register(client.connection, selectors.EVENT_READ, client)
        cpu, began = time.process_time(), time.perf_counter()
        due = deque(began + number / per_s for number in range(round(per_s * seconds)))
        while due or len(idle) < clients:
            _send_what_is_due(idle, due, calls)
            soon = bool(due and idle)
            ready = selector.select(max(0.0, due[0] - time.perf_counter()) if soon else LATE_S)
            if not ready and not soon:
                measured.statuses[0] += clients - len(idle)
                break
            idle += [key.data for key, _ in ready if _is_back(selector, key.data, measured)]
        measured.seconds, measured.cpu_s = time.perf_counter() - began, time.process_time() - cpu
        for client in idle:
            client.connection.close()
    return measured


def _send_what_is_due(idle: list[_Client], due: deque[float], calls: Iterator[Call]) -> None:
    while due and idle and due[0] <= time.perf_counter():
        call = next(calls, None)
        if call is None:
            due.clear()
            return
        idle.pop().send(call, due_at=due.popleft())


def _exchange(
    selector: selectors.BaseSelector,
    port: int,
    calls: Iterator[Call],
    measured: Round,
    seconds: float,
    clients: int,
) -> None:
    cpu, began = time.process_time(), time.perf_counter()
    ends = began + seconds
    at_work = 0
    for _ in range(clients):
        call = next(calls, None)
        if call is None:
            break
        client = _Client(port)
        selector.register(client.connection, selectors.EVENT_READ, client)
        client.send(call)
        at_work += 1
    while at_work:
        ready = selector.select(LATE_S)
        if not ready:
            measured.statuses[0] += at_work
            break
        for key, _ in ready:
            client = key.data
            if not _is_back(selector, client, measured):
                continue
            call = next(calls, None) if time.perf_counter() < ends else None
            if call is None:
                selector.unregister(client.connection)
                client.connection.close()
                at_work -= 1
            else:
                client.send(call)
    measured.seconds = time.perf_counter() - began
    measured.cpu_s = time.process_time() - cpu


def _is_back(selector: selectors.BaseSelector, client: _Client, measured: Round) -> bool:
    """Take what has arrived; whether this client may send again. A broken connection is opened anew."""
    status = client.take()
    if status is None:
        return False
    _note(measured, client, status, time.perf_counter())
    if status == 0:
        selector.unregister(client.connection)
        client.again()
        selector.register(client.connection, selectors.EVENT_READ, client)
    return True


def _note(measured: Round, client: _Client, status: int, now: float) -> None:
    measured.statuses[status] += 1
    measured.latencies_ms.append((now - client.due_at) * 1000)
    if 200 <= status < 300:
        measured.last = client.got
    else:
        measured.refused = client.got
