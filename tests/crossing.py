"""Two units of work that cross, in a known order: the second begins when the first has done all and not committed.

So no chance decides what a test of a row lock sees. The second either waits for the first, reads what the first has
changed, or does not: then it goes on with what was there before, and what it leaves is what the lock is for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import current_app

from app.kernel.db import dialect_name, in_transaction, session, transaction
from app.kernel.errors import Problem
from simulator.crossing import waits_for
from tests import databases

LATE_S = 60


@dataclass(frozen=True, slots=True)
class Crossed:
    """What became of two that crossed. `then` is what the second returned, or the slug of the problem it met.

    `tries`: how often the second began; more than once, if it was taken back for a deadlock.
    """

    first: Any
    then: Any
    waited: bool
    tries: int = 1


def crossed(
    first: Callable[[], Any], second: Callable[[], Any], *, going_on: Callable[[], Any] = lambda: None
) -> Crossed:
    """Make both calls, each as a unit of work of its own; the second while the first has not committed yet.

    `going_on` is what the first does when the second waits or is over: if they lock in opposite orders, the server
    stops one of them.

    On SQLite, which lets one write after the other, the second begins when the first has committed. A problem that the
    first meets is raised, and any error of the second that is no Problem.
    """
    if dialect_name() == "sqlite":
        return Crossed(in_transaction(lambda: (first(), going_on())[0]), _told(second), waited=False)
    app = current_app._get_current_object()
    over = threading.Event()
    tries: list[None] = []

    def tried() -> Any:
        tries.append(None)
        return second()

    def go() -> Any:
        with app.app_context():
            try:
                return _told(tried)
            finally:
                over.set()

    with ThreadPoolExecutor(1) as thread:
        with transaction():
            came_to = first()
            session.flush()
            coming: Future[Any] = thread.submit(go)
            waited = waits_for(databases.owner(), session.scalar(sa.text("SELECT pg_backend_pid()")), over)
            going_on()
        return Crossed(came_to, coming.result(LATE_S), waited, len(tries))


def _told(call: Callable[[], Any]) -> Any:
    try:
        return in_transaction(call)
    except Problem as problem:
        return problem.slug
