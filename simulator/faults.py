"""What goes wrong on purpose: phones without a network, wrong clocks, lost answers, crashes at any statement."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from app.kernel.errors import Problem
from simulator.chance import Chance

OFFLINE, SKEW, LOST, DOUBLE, CRASH, CLOCK, LATE_TICK = (
    "offline",  # phones lose the network; what can wait goes out later, in any order
    "skew",  # phones' clocks are wrong, some by minutes
    "lost",  # the answer never arrives; the same request is sent again
    "double",  # the same request arrives twice
    "crash",  # the server dies at some statement, before the commit, or right after it
    "clock",  # two servers whose clocks differ, and one that jumps
    "late-tick",  # the duties of the minute do not run for hours
)
ALL = (OFFLINE, SKEW, LOST, DOUBLE, CRASH, CLOCK, LATE_TICK)

CRASHES = 0.03
LATEST_STATEMENT = 45


class Crash(BaseException):
    """The server is gone. Nothing in the product can catch this, as nothing can catch a power cut."""


def read(text: str) -> frozenset[str]:
    """The faults named in a list: `all`, `none`, or names with commas. Raises ValueError for an unknown one."""
    if text in ("all", "none"):
        return frozenset(ALL if text == "all" else ())
    names = frozenset(filter(None, (each.strip() for each in text.split(","))))
    unknown = sorted(names - set(ALL))
    if unknown:
        raise ValueError(f"no such fault: {', '.join(unknown)}; there are {', '.join(ALL)}")
    return names


@dataclass(frozen=True, slots=True)
class Moment:
    """When a server dies: before its statement with this number, or (None) right after the commit."""

    statement: int | None


class Faults:
    """Which faults are on in this run, and when they strike."""

    def __init__(self, names: frozenset[str], seed: int) -> None:
        self.names = names
        self._chance = Chance(seed, "faults")

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def strikes(self, name: str, probability: float, chance: Chance) -> bool:
        """Whether a fault that is on strikes now. Chance is drawn either way, so that lives stay comparable."""
        return chance.happens(probability) and name in self.names

    def crash(self) -> Moment | None:
        """The moment at which the server dies while it handles the next request, if it does."""
        statement = 1 + int(self._chance.random() * LATEST_STATEMENT)
        if not self.strikes(CRASH, CRASHES, self._chance):
            return None
        return Moment(None if self._chance.happens(0.3) else statement)

    def on_the_server(self, at: datetime) -> datetime:
        """What the clock of the server shows that gets the next request."""
        node, jump = self._chance.random(), self._chance.random()
        if CLOCK not in self.names:
            return at
        if jump < 0.0005:
            return at + self._chance.one_of((timedelta(hours=-2), timedelta(days=1)))
        return at - timedelta(seconds=4) if node < 0.5 else at


class Crashes:
    """Raises a Crash at the armed statement, and counts commits. Listens to every engine while it is switched on."""

    def __init__(self) -> None:
        self.commits = 0
        self._left: int | None = None

    @contextmanager
    def switched_on(self) -> Iterator[None]:
        """Listen for as long as the block lasts."""
        event.listen(Engine, "before_cursor_execute", self._count)
        event.listen(Session, "before_commit", self._last_chance)
        event.listen(Session, "after_commit", self._count_commit)
        try:
            yield
        finally:
            event.remove(Session, "after_commit", self._count_commit)
            event.remove(Engine, "before_cursor_execute", self._count)
            event.remove(Session, "before_commit", self._last_chance)

    @contextmanager
    def armed(self, moment: Moment | None) -> Iterator[None]:
        """Die at this moment. However the block ends, nobody gets its answer: the two databases count differently."""
        if moment is None:
            yield
            return
        self._left = moment.statement
        try:
            yield
        except Problem as answer:
            raise Crash from answer
        finally:
            self._left = None
        raise Crash

    def _count(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if self._left is None or statement.startswith(("PRAGMA", "BEGIN")):
            return
        self._left -= 1
        if self._left <= 0:
            self._die()

    def _last_chance(self, session: Session) -> None:
        if self._left is not None and not session.in_nested_transaction():
            self._die()

    def _count_commit(self, session: Session) -> None:
        self.commits += not session.in_nested_transaction()

    def _die(self) -> None:
        self._left = None
        raise Crash
