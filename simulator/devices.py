"""A phone or a terminal between a person and the server: no network, a wrong clock, answers that get lost.

Whatever was sent with a key is sent again until an answer arrives. What can wait goes to the outbox while there is no
network, and leaves it later: in any order, and sometimes twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from simulator.agenda import Agenda
from simulator.chance import Chance
from simulator.faults import DOUBLE, LOST, OFFLINE, SKEW, Crash, Faults
from simulator.server import Answer, Request, Server

Then = Callable[[Answer, datetime], None]
LOSES, DOUBLES = 0.03, 0.02


@dataclass(slots=True)
class Post:
    """I14: how many requests were put into an outbox, and how many of them got an answer."""

    taken: int = 0
    answered: int = 0


@dataclass(frozen=True, slots=True)
class Network:
    """What lies between devices and the server."""

    agenda: Agenda
    server: Server
    faults: Faults
    post: Post


def nothing_then(_answer: Answer, _at: datetime) -> None:
    """For whoever does not wait for the answer."""


class Device:
    """One phone, or a terminal at a counter or a desk."""

    def __init__(self, network: Network, chance: Chance) -> None:
        self._network = network
        self._chance = chance
        self._offline_until: datetime | None = None
        self._outbox: list[tuple[Request, Then]] = []
        self._number = 0
        wrong = chance.gauss(0, 20) if chance.happens(0.95) else chance.uniform(-900, 900)
        self.skew = timedelta(seconds=round(wrong) if SKEW in network.faults else 0)

    def key(self) -> str:
        """A new Idempotency-Key, made before the request is sent for the first time."""
        self._number += 1
        return f"{self._number}-{self._chance.getrandbits(64):016x}"

    def shows(self, at: datetime) -> datetime:
        """What the device's clock shows."""
        return at + self.skew

    def loses_network(self, at: datetime, until: datetime) -> None:
        """From now until then nothing gets through."""
        if OFFLINE in self._network.faults:
            self._offline_until = until
            self._network.agenda.plan(until, self._network_is_back, promised=True)

    def is_offline(self, at: datetime) -> bool:
        """Whether there is no network now."""
        return self._offline_until is not None and at < self._offline_until

    def send(
        self, request: Request, at: datetime, then: Then = nothing_then, *, can_wait: bool = False
    ) -> bool:
        """Send it, now or from the outbox. False if there is no network and it cannot wait."""
        if not self.is_offline(at):
            self._deliver(request, at, then)
            return True
        if can_wait:
            self._network.post.taken += 1
            self._outbox.append((request, then))
        return can_wait

    def _network_is_back(self, at: datetime) -> None:
        if self.is_offline(at):
            return
        waiting, self._outbox = self._outbox, []
        self._chance.shuffle(waiting)
        for request, then in waiting:
            if self._network.faults.strikes(DOUBLE, 0.3, self._chance):
                self._later(request, at, nothing_then)
            self._deliver(request, at, self._counted(then))

    def _counted(self, then: Then) -> Then:
        def count(answer: Answer, at: datetime) -> None:
            self._network.post.answered += 1
            then(answer, at)

        return count

    def _deliver(self, request: Request, at: datetime, then: Then) -> None:
        faults, chance = self._network.faults, self._chance
        lost, twice = faults.strikes(LOST, LOSES, chance), faults.strikes(DOUBLE, DOUBLES, chance)
        if request.key is None:
            lost = twice = False
        try:
            answer = self._network.server.handle(request, at)
        except Crash:
            self._later(request, at, then)
            return
        if twice:
            self._later(request, at, nothing_then)
        if lost:
            self._later(request, at, then)
        else:
            then(answer, at)

    def _later(self, request: Request, at: datetime, then: Then) -> None:
        again = self._chance.after(at, 2, 90)
        self._network.agenda.plan(again, lambda now: self._deliver(request, now, then), promised=True)
