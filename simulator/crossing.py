"""Requests that cross, on PostgreSQL: a second one begins when the first has done everything and not committed.

The second is the same once more (a double tap) or another one about the same things: a voucher is cancelled while it
is handed over. It must be answered as if it had come after the first (I18): so it is also tried before and afterwards.
All three tries are taken back, so the city lives on as if nobody had crossed, and ends in the same state. A file lets
one write after the other: there nothing can cross.
"""

from __future__ import annotations

import threading
from collections import Counter as Tally
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from typing import Any

from flask import current_app
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from app.identity.actors import SYSTEM
from app.kernel import ids, randomness
from app.kernel.db import db, dialect_name, is_transient, session, transaction
from app.kernel.errors import Problem
from simulator.chance import Chance
from simulator.invariants import sound_at_once
from simulator.server import Request
from simulator.violation import Violation

LATE_S = 60.0
LOOKS_EVERY_S = 0.001
TRIES = 4  # as `in_transaction` has
TWIN = 0.3  # how often the second is the first once more
AT_MOST = 40  # pairs to be told of; the first few say it all

# Told to whoever acts on what somebody else is just changing, whether or not it would have been allowed afterwards.
LOOK_AGAIN = frozenset({"case-moved-on"})

# What they do outside the database is not taken back.
APART = frozenset({"ask_for_code", "upload"})

_WAITS = text(
    "SELECT EXISTS (SELECT FROM pg_stat_activity"
    " WHERE datname = current_database() AND :first = ANY (pg_blocking_pids(pid)))"
)

Do = Callable[[Request], Any]


@dataclass(frozen=True, slots=True)
class Came:
    """What a try came to: done, or the slug of its refusal, or how it failed."""

    how: str

    @property
    def failed(self) -> bool:
        return self.how.startswith("failed")


DONE = Came("done")


class _TakeBack(Exception):
    """Whatever was done is rolled back."""


@dataclass(slots=True, kw_only=True)
class Meeting:
    """Two requests, and what the second comes to: before the first, while it crosses, and after it."""

    first: Request
    second: Request
    do: Do
    before: Came
    newest_id: int = 0
    crossing: Future[Came] | None = None

    def differs(self, crossing: Came, after: Came) -> bool:
        """Whether the second was answered as in neither order.

        Who was refused before the first as well may be told in other words that something moved in that moment.
        """
        if crossing.failed:
            return True
        return crossing != after and crossing.how not in LOOK_AGAIN and DONE in (crossing, self.before)

    def told(self, crossing: Came, after: Came) -> str:
        """In words."""
        first, second = (f"{each.name} {dict(each.facts)}" for each in (self.first, self.second))
        came = f"before it {self.before.how}, crossing it {crossing.how}, after it {after.how}"
        return f"{first} crossed by {second} of {self.second.by.key}: {came}"


@dataclass(slots=True)
class Crossings:
    """Lets requests cross with others, and keeps in mind what differed."""

    seed: int
    crossed: int = 0
    waited: int = 0
    pairs: Tally[tuple[str, str]] = field(default_factory=Tally)
    found: dict[tuple[str, str], str] = field(default_factory=dict)
    _seen: dict[str, Request] = field(default_factory=dict)
    _now: Meeting | None = None

    def come(self, first: Request, number: int, do: Do) -> None:
        """Before the first begins. `do` does what is asked, as of this moment."""
        self._now = None
        second = self._second(first, Chance("crossings", self.seed, number))
        self._seen[first.name] = first
        if second is None or dialect_name() != "postgresql":
            return
        newest_id = ids.newest()
        with randomness.use(randomness.Seeded(f"crossings:{self.seed}:{number}")):
            before = _tried(second, do)
        ids.begin_anew(after=newest_id)
        self._now = Meeting(first=first, second=second, do=do, before=before)

    def meet(self) -> None:
        """The first has done everything and is about to commit."""
        if self._now is None:
            return
        now = self._now
        session.flush()
        pid = session.scalar(text("SELECT pg_backend_pid()"))
        now.newest_id = ids.newest()
        now.crossing, over = _begun(lambda: _tried(now.second, now.do))
        self.crossed += 1
        self.pairs[now.first.name, now.second.name] += 1
        self.waited += waits_for(db.engine, pid, over)

    def part(self) -> None:
        """It has committed: the second goes on, and is tried again as if it had come later."""
        now, self._now = self._now, None
        if now is None or now.crossing is None:
            return
        crossing = now.crossing.result(LATE_S)
        after = _tried(now.second, now.do)
        ids.begin_anew(after=now.newest_id)  # those that were made for nothing are made again
        if now.differs(crossing, after):
            self.found.setdefault((now.first.name, now.second.name), now.told(crossing, after))

    def violations(self) -> list[str]:
        """I18, once for each pair of requests."""
        return [f"I18: {each}" for each in list(self.found.values())[:AT_MOST]]

    def _second(self, first: Request, chance: Chance) -> Request | None:
        if first.by == SYSTEM or first.name in APART or first.refused_by:
            return None
        if chance.happens(TWIN):
            return replace(first, key=f"{first.key}-twin" if first.key else None)
        about = {name: value for name, value in first.facts.items() if name.endswith("_id")}
        others = [
            each
            for name, each in sorted(self._seen.items())
            if name != first.name and about.keys() & each.facts.keys() and not each.refused_by
        ]
        if not others:
            return None
        other = chance.one_of(others)
        same = {name: value for name, value in about.items() if name in other.facts}
        by = first.by if first.by.is_rider and other.by.is_rider and chance.happens(0.7) else other.by
        return replace(other, by=by, facts={**other.facts, **same}, key=None)


def _begun(call: Callable[[], Came]) -> tuple[Future[Came], threading.Event]:
    app, over, context = current_app._get_current_object(), threading.Event(), copy_context()  # type: ignore[attr-defined]  # noqa: SLF001
    thread = ThreadPoolExecutor(1)

    def go() -> Came:
        with app.app_context():
            try:
                return call()
            finally:
                over.set()

    coming = thread.submit(context.run, go)
    thread.shutdown(wait=False)
    return coming, over


def _tried(request: Request, do: Do) -> Came:
    """Do it, look at what it leaves, and take it back."""
    for _ in range(TRIES):
        try:
            with transaction():
                do(request)
                session.flush()
                session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
                sound_at_once()
                raise _TakeBack
        except _TakeBack:
            return DONE
        except Problem as problem:
            return Came(problem.slug)
        except Violation as violation:
            return Came(f"failed: {violation}")
        except DBAPIError as error:
            if not is_transient(error):
                return Came(f"failed: {type(error).__name__}: {error.orig}")
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is no answer
            return Came(f"failed: {type(error).__name__}: {error}")
    return Came("failed: again and again a deadlock")


def waits_for(engine: Engine, first: int | None, over: threading.Event) -> bool:
    """Whether somebody came to wait for this backend; False if all was over before."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as watching:
        for _ in range(int(LATE_S / LOOKS_EVERY_S)):
            if watching.scalar(_WAITS, {"first": first}):
                return True
            if over.wait(LOOKS_EVERY_S):
                return False
    raise AssertionError("the second neither waits nor ends")
