"""Clients as they should be: the key is drawn before the request is sent, and sent again until there is an answer.

A broken connection, a 5xx, "still running" and "too many" are no answers: the same key goes out again. A few answered
requests are sent once more on purpose, and must be answered with the same bytes.
"""

from __future__ import annotations

import http.client
import json
import math
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

CLIENTS = 64
REPLAYED_SHARE = 0.05
TIMEOUT_S = 20
PATIENCE_S = 120
PAUSES_S = (0.02, 0.05, 0.1, 0.2, 0.3)


@dataclass(frozen=True, slots=True)
class Ask:
    """A request as its sender means it."""

    kind: str
    path: str
    token: str
    body: Mapping[str, object] = field(default_factory=dict)
    about: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What finally came back."""

    status: int
    body: bytes
    replayed: bool = False

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The slug of a refusal."""
        return "" if self.is_good else str(self.json().get("code", ""))


Errand = Generator[Ask, Answer, None]


@dataclass(slots=True)
class Line:
    """One request, its answer, and what it took to get it."""

    ask: Ask
    answer: Answer | None
    tries: int
    seconds: float
    differing: bool = False
    silent: bool = False  # the second time there was no answer before patience ran out
    sent_again: bool = False


@dataclass(slots=True)
class Journal:
    """What all clients were told, and how each single try went: when, kind, status (0 is a broken connection)."""

    lines: list[Line] = field(default_factory=list)
    tries: list[tuple[float, str, int]] = field(default_factory=list)
    seconds: float = 0.0
    errands: int = 0  # those that were begun

    def add(self, other: Journal) -> None:
        """What was told in a later part of the same drill."""
        self.lines += other.lines
        self.tries += other.tries
        self.seconds += other.seconds
        self.errands += other.errands

    def good(self, kind: str) -> list[Line]:
        """Requests of a kind that were answered with yes."""
        return [line for line in self.lines if line.ask.kind == kind and line.answer and line.answer.is_good]

    @property
    def unanswered(self) -> int:
        return sum(line.answer is None for line in self.lines)

    @property
    def silent(self) -> int:
        """Requests that were sent again and got no answer in time: neither the same nor another one."""
        return sum(line.silent for line in self.lines)

    @property
    def differing(self) -> int:
        """Requests that were sent again with the same key and answered differently."""
        return sum(line.differing for line in self.lines)

    @property
    def sent_again(self) -> int:
        return sum(line.sent_again for line in self.lines)

    def refusals(self) -> Counter[str]:
        """The slugs of what was refused."""
        return Counter(line.answer.code for line in self.lines if line.answer and not line.answer.is_good)

    def statuses(self) -> Counter[int]:
        """How the single tries ended."""
        return Counter(status for _, _, status in self.tries)

    def latency_s(self, share: float) -> float:
        """The time to an answer that this share of the requests kept to."""
        ordered = sorted(line.seconds for line in self.lines if line.answer)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0

    def longest_outage_s(self) -> float:
        """The longest time in which requests of one kind got 5xx and none got through."""
        return max((_outage(self.tries, kind) for kind in {kind for _, kind, _ in self.tries}), default=0.0)


def _outage(tries: Iterable[tuple[float, str, int]], kind: str) -> float:
    began: float | None = None
    longest = last = 0.0
    for when, what, status in sorted(tries):
        if what != kind:
            continue
        last = when
        if status >= 500 or status == 0:
            began = when if began is None else began
        elif began is not None:
            longest, began = max(longest, when - began), None
    return max(longest, last - began) if began is not None else longest


class Client:
    """One keep-alive connection that does errands, one after the other."""

    def __init__(self, port: int, seed: str, replayed_share: float = REPLAYED_SHARE) -> None:
        self._port, self._chance, self._share = port, random.Random(seed), replayed_share  # noqa: S311
        self.until = math.inf  # after that it waits for no answer any more
        self._connection: http.client.HTTPConnection | None = None
        self.journal = Journal()

    def do(self, errand: Errand) -> None:
        """Send what the errand asks for and tell it the answers."""
        try:
            ask = next(errand)
            while True:
                answer = self.ask(ask)
                if answer is None:
                    errand.close()
                    return
                ask = errand.send(answer)
        except StopIteration:
            return

    def ask(self, ask: Ask) -> Answer | None:
        """Send until answered; None when patience ran out."""
        key = UUID(int=self._chance.getrandbits(128)).hex
        began, tries, answer = time.monotonic(), 0, None
        while answer is None and time.monotonic() < min(began + PATIENCE_S, self.until):
            if tries:
                time.sleep(PAUSES_S[min(tries, len(PAUSES_S)) - 1])
            tries += 1
            answer = self._try(ask, key)
        line = Line(ask, answer, tries, time.monotonic() - began)
        self.journal.lines.append(line)
        if answer is not None and answer.is_good and self._chance.random() < self._share:
            line.sent_again = True
            again = self._again(ask, key)
            line.silent = again is None
            line.differing = again is not None and (again.status, again.body) != (answer.status, answer.body)
        return answer

    def _again(self, ask: Ask, key: str) -> Answer | None:
        for pause in (*PAUSES_S, *[1.0] * 60):
            if time.monotonic() >= self.until:
                break
            again = self._try(ask, key)
            if again is not None:
                return again
            time.sleep(pause)
        return None

    def _try(self, ask: Ask, key: str) -> Answer | None:
        status, answer = 0, None
        try:
            answer = self._send(ask, key)
            status = answer.status
        except (OSError, http.client.HTTPException):
            self.close()
        self.journal.tries.append((time.monotonic(), ask.kind, status))
        if answer is None or status >= 500 or status == 429:
            return None
        return None if status == 409 and answer.code == "still-running" else answer

    def _send(self, ask: Ask, key: str) -> Answer:
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT_S)
        headers = {"Authorization": f"Bearer {ask.token}", "Idempotency-Key": key}
        headers["Content-Type"] = "application/json"
        self._connection.request("POST", ask.path, json.dumps(ask.body).encode(), headers)
        response = self._connection.getresponse()
        body = response.read()
        return Answer(response.status, body, response.getheader("Idempotent-Replayed") == "true")

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Crowd:
    """Many clients at once, who begin no errand when their time is over.

    `gone` says how much of it all is over, by errands or by time, for those who time their faults by it.
    """

    def __init__(self, port: int, seed: str, clients: int = CLIENTS, within_s: float = math.inf) -> None:
        self._clients = [Client(port, f"{seed}/{number}") for number in range(clients)]
        self._done, self._begun, self._lock = 0, 0, threading.Lock()
        self._within_s, self._began, self._total = within_s, math.inf, 0

    @property
    def progress(self) -> int:
        return self._done

    @property
    def gone(self) -> float:
        """Which part of the way is gone, 0 to 1."""
        if not self._total:
            return 0.0
        by_time = max(0.0, time.monotonic() - self._began) / self._within_s
        return min(1.0, max(self._done / self._total, by_time))

    @property
    def failures(self) -> int:
        """How many tries ended in a 5xx so far."""
        return sum(status >= 500 for client in self._clients for _, _, status in list(client.journal.tries))

    def run(self, errands: Sequence[Callable[[], Errand]]) -> Journal:
        """Do all errands, dealt out in turn, and put what was told together."""
        self._began, self._total = time.monotonic(), len(errands)
        for client in self._clients:
            client.until = self._began + self._within_s + PATIENCE_S
        threads = [
            threading.Thread(
                target=self._work, args=(client, errands[number :: len(self._clients)]), daemon=True
            )
            for number, client in enumerate(self._clients)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        whole = Journal(seconds=time.monotonic() - self._began, errands=self._begun)
        for client in self._clients:
            whole.lines += client.journal.lines
            whole.tries += client.journal.tries
        self._done = self._total  # whatever was not begun will not be: nobody has to wait for it
        return whole

    def _work(self, client: Client, errands: Sequence[Callable[[], Errand]]) -> None:
        for begin in errands:
            if time.monotonic() - self._began >= self._within_s:
                break
            with self._lock:
                self._begun += 1
            client.do(begin())
            with self._lock:
                self._done += 1
        client.close()
