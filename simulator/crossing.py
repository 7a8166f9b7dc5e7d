"""Requests that cross, on PostgreSQL: a second one begins when the first has done everything and not committed.

The second is the same once more (a double tap), the same by somebody else who does such things, its contrary (one
agrees while the other refuses), another one about the same things (a voucher is cancelled while it is handed over), or
a job that comes by itself; and beside a job comes what somebody asked before. It must be answered as if it had come
after the first (I18): so it is also tried before and afterwards. Of a job only is asked that it fails at nothing: a
sweep leaves for the next time what somebody is just changing.
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

from flask import current_app
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from app.identity.actors import SYSTEM, Actor
from app.kernel import ids, randomness
from app.kernel.db import db, dialect_name, session, transaction
from app.kernel.errors import Problem
from app.kernel.transience import is_transient
from simulator.chance import Chance
from simulator.invariants import sound_at_once
from simulator.product.timekeeping import carry_out, sweep, sweeps
from simulator.server import Answer, Request
from simulator.violation import Violation

LATE_S = 60.0
LOOKS_EVERY_S = 0.001
TRIES = 4  # as `in_transaction` has
# How often the second is the first once more, the first by another hand, its contrary, or a job; else something else.
TWIN, HAND, CONTRARY, JOB = 0.25, 0.15, 0.15, 0.1
BESIDE_A_JOB = 0.1  # how often a job is crossed
AT_MOST = 40  # pairs to be told of; the first few say it all

# Told to whoever acts on what somebody else is just changing, whether or not it would have been allowed afterwards.
LOOK_AGAIN = frozenset({"case-moved-on"})

# What they do outside the database is not taken back.
APART = frozenset({"ask_for_code", "upload"})

_WAITS = text(
    "SELECT EXISTS (SELECT FROM pg_stat_activity"
    " WHERE datname = current_database() AND :first = ANY (pg_blocking_pids(pid)))"
)

# Counted by the server as rows are changed, also before this unit of work: what is looked at is the difference.
_CHANGED = text(
    "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_xact_user_tables"
    " WHERE relname <> ALL (:traces)"
)
# What a look may leave behind: that somebody looked, how often, and its answer for whoever asks again.
_TRACES = ["audit_records", "idempotency_keys", "limit_windows"]

Do = Callable[[Request], Answer]


@dataclass(frozen=True, slots=True)
class Came:
    """What a try came to: done, or the slug of its refusal, or how it failed.

    `shown` is what a look was answered: it has changed nothing, and all it did is to show.
    """

    how: str
    shown: str | None = None

    @property
    def failed(self) -> bool:
        return self.how.startswith("failed")


DONE = "done"


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

        Who was refused before the first as well may be told in other words that something moved in that moment. What a
        look shows is as of one moment: before the first or after it are both right, a third thing is not.
        """
        if crossing.failed:
            return True
        if crossing.shown is not None:
            return crossing not in (self.before, after)
        could = DONE in (crossing.how, self.before.how)
        return crossing.how != after.how and crossing.how not in LOOK_AGAIN and could

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
    _hands: dict[str, dict[str, Actor]] = field(default_factory=dict)  # who did such things, by key
    _now: Meeting | None = None

    def come(self, first: Request, number: int, do: Do) -> bool:
        """Before the first begins; whether there is a second. `do` does what is asked, as of this moment."""
        self._now = None
        second = self._second(first, Chance("crossings", self.seed, number))
        if first.by != SYSTEM:
            self._seen[first.name] = first
            self._hands.setdefault(first.name, {})[first.by.key] = first.by
        if second is None or dialect_name() != "postgresql":
            return False
        newest_id = ids.newest()
        with randomness.use(randomness.Seeded(f"crossings:{self.seed}:{number}")):
            before = _tried(second, do)
        ids.begin_anew(after=newest_id)
        self._now = Meeting(first=first, second=second, do=do, before=before)
        return True

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
        if first.name in APART or first.refused_by:
            return None
        if first.by == SYSTEM:
            return self._beside_a_job(first, chance)
        drawn = chance.random()
        if drawn < TWIN:
            return replace(first, key=f"{first.key}-twin" if first.key else None)
        if drawn < TWIN + HAND and not first.by.is_rider:
            hands = [by for key, by in sorted(self._hands.get(first.name, {}).items()) if key != first.by.key]
            if hands:
                return replace(first, by=chance.one_of(hands), key=None)
        answers = sorted(name for name, value in first.facts.items() if isinstance(value, bool))
        if drawn < TWIN + HAND + CONTRARY and answers:
            contrary = {name: not first.facts[name] for name in answers}
            return replace(first, facts={**first.facts, **contrary}, key=None)
        if drawn > 1 - JOB:
            return Request(do=sweep, by=SYSTEM, facts={"kind": chance.one_of(sweeps())})
        return self._about_the_same(first, chance)

    def _beside_a_job(self, first: Request, chance: Chance) -> Request | None:
        if first.name != carry_out.__name__ or first.facts["kind"] not in sweeps():
            return None
        if not self._seen or not chance.happens(BESIDE_A_JOB):
            return None
        return replace(self._seen[chance.one_of(sorted(self._seen))], key=None)

    def _about_the_same(self, first: Request, chance: Chance) -> Request | None:
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
                before = _changed_rows()
                answer = do(request)
                session.flush()
                looked = request.by != SYSTEM and _changed_rows() == before
                shown = answer.body if looked else None
                session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
                sound_at_once()
                raise _TakeBack
        except _TakeBack:
            return Came(DONE, shown)
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


def _changed_rows() -> int:
    return int(session.scalar(_CHANGED, {"traces": _TRACES}) or 0)


def waits_for(engine: Engine, first: int | None, over: threading.Event) -> bool:
    """Whether somebody came to wait for this backend; False if all was over before."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as watching:
        for _ in range(int(LATE_S / LOOKS_EVERY_S)):
            if watching.scalar(_WAITS, {"first": first}):
                return True
            if over.wait(LOOKS_EVERY_S):
                return False
    raise AssertionError("the second neither waits nor ends")
