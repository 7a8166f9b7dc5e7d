"""The product with one thing about it replaced, for the drills alone: `gunicorn faults.patched:app` with FAULTS_PATCH.

The first three are bugs planted on purpose: a runner that does not notice them would be worth nothing. The product
itself has no such switches.
"""

from __future__ import annotations

import os
import select as select_module
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select, update

from app import create_app
from app.kernel import clock, idempotency, jobs, working
from app.kernel.db import insert_if_absent, session
from app.kernel.ids import new_id
from app.rewards import shelf
from app.rewards.models import Stock

_for_good = ExitStack()  # what is entered here is never left


def forgets_keys() -> None:
    """A bug: requests sent again are done again."""
    idempotency.begin = lambda **_: None
    idempotency.finish = lambda **_: None


def reads_then_writes() -> None:
    """A bug: whether an item is free is read first and written afterwards."""

    def keep_one(*, reward_id: Any, station_id: Any) -> Any:
        row = session.execute(
            select(Stock.id, Stock.on_hand, Stock.held).filter_by(reward_id=reward_id, station_id=station_id)
        ).one_or_none()
        if row is None or row.on_hand - row.held < 1:
            return None
        time.sleep(0.01)
        session.execute(update(Stock).where(Stock.id == row.id).values(held=row.held + 1))
        return row.id

    shelf.keep_one = keep_one


def answers_too_early() -> None:
    """A bug: hand-overs are answered, then rolled back now and then."""
    from app.kernel import db

    count, right = [0], db.transaction

    @contextmanager
    def transaction(*, write: bool = True, unanswered: bool = False) -> Iterator[None]:
        count[0] += write
        with right(write=write, unanswered=unanswered):
            yield
            if count[0] % 20 == 0:
                session.info.pop("unanswered", None)
                session.rollback()

    db.transaction = transaction


def follows_a_file() -> None:
    """No bug: the clock is that of the machine plus the seconds in FAULTS_CLOCK, which may change at any moment."""
    file = Path(os.environ["FAULTS_CLOCK"])
    skew_s = (os.getpid() % 2) * float(os.environ.get("FAULTS_SKEW_S", "0"))

    def shifted() -> datetime:
        try:
            offset_s = float(file.read_text("utf-8") or 0)
        except (OSError, ValueError):
            offset_s = 0.0
        return datetime.now(UTC) + timedelta(seconds=offset_s + skew_s)

    _for_good.enter_context(clock.use(shifted))


def leaves_marks() -> None:
    """No bug: a kind of job that leaves a row each time it is done, with leases of two seconds."""

    def mark(*, number: int, at: datetime) -> None:
        time.sleep(0.02)  # long enough to be killed in the middle
        values = {"id": new_id(), "owner": "faults", "key": f"{number}-{new_id().hex}", "fingerprint": ""}
        insert_if_absent(idempotency.IdempotencyRecord, {**values, "created_at": at})

    working.LEASE, working.TEND_EVERY = timedelta(seconds=2), 1
    jobs.register([jobs.Kind("mark", mark, tries=1000)])


def sleeps_by_select() -> None:
    """No bug: libfaketime 0.9.10 cannot sleep until an instant of a clock that it leaves alone, as Python does."""

    def sleep(seconds: Any) -> None:
        select_module.select([], [], [], seconds)

    time.sleep = sleep


PATCHES: dict[str, Callable[[], None]] = {
    each.__name__.replace("_", "-"): each
    for each in (
        forgets_keys,
        reads_then_writes,
        answers_too_early,
        follows_a_file,
        leaves_marks,
        sleeps_by_select,
    )
}


def patched() -> Flask:
    """The product, with what FAULTS_PATCH names done to it."""
    app = create_app()
    PATCHES[os.environ["FAULTS_PATCH"]]()
    return app


if "FAULTS_PATCH" in os.environ:
    app = patched()
