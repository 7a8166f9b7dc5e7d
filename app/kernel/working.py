"""Doing the jobs: lease one, do it and mark it done in one transaction, try again later, give up with a reason.

Two transactions. The first takes a lease and counts the attempt, so that a job which kills its worker is counted too.
The second marks the job done **first**, by its lease, and then does the work: the row stays locked meanwhile, so on
PostgreSQL nobody recovers a job that is merely slow, and on SQLite writers queue anyway. A worker that lost its lease
changes no row and rolls back. Whatever dies in between leaves a lease that ends; `sweep` puts the job back.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Flask
from sqlalchemy import and_, bindparam, delete, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from app.kernel import clock, randomness
from app.kernel.bell import Ear
from app.kernel.db import in_transaction, insert_if_absent, session
from app.kernel.errors import Problem
from app.kernel.ids import new_id
from app.kernel.jobs import DONE, FAILED, RECURRING, RUNNING, WAITING, Job, Kind, kinds
from app.kernel.observing import log

LEASE = timedelta(seconds=60)
BACKOFF_FROM_S, BACKOFF_GROWS, BACKOFF_TO_S = 5, 4, 3600
POLL_S = 1.0
TEND_EVERY = 15  # rounds of the loop between two looks for lost leases
WORKER_LOST = "the worker was lost"
ROOT = Path(__file__).parents[2]
# No unit of work keeps a Job that would have to learn of a change.
NONE_IS_HELD = {"synchronize_session": False}


# Said once: a worker asks this all day.
_DUE = (
    select(Job.id)
    .where(
        Job.state == WAITING,
        Job.run_at <= bindparam("now"),
        Job.kind.in_(bindparam("known", expanding=True)),
        Job.id.not_in(bindparam("but_not", expanding=True)),
    )
    .order_by(Job.run_at, Job.id)
    .limit(1)
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)
_TAKE = (
    update(Job)
    .where(Job.id == _DUE, Job.state == WAITING)
    .values(
        state=RUNNING,
        lease=bindparam("mine"),
        leased_until=bindparam("until"),
        attempts=Job.attempts + 1,
    )
    .returning(Job.id, Job.kind, Job.payload, Job.attempts, Job.lease)
)


class LeaseLost(Exception):
    """Somebody else has the job by now: roll back and leave it."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that is ours for as long as the lease lasts."""

    job_id: UUID
    kind: Kind
    payload: dict[str, Any]
    attempts: int
    lease: UUID


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one claim: its result, or why there is none."""

    kind: str
    result: object = None
    why: str | None = None


def claim(*, at: datetime, but_not: Collection[UUID] = ()) -> Claim | None:
    """Lease the job that is due longest, if any. Only kinds that this process knows.

    The conditional UPDATE settles two workers that want the same row: the second changes nothing and takes none.
    """
    taken = session.execute(
        _TAKE,
        {"now": at, "known": list(kinds()), "but_not": list(but_not), "mine": new_id(), "until": at + LEASE},
        execution_options=NONE_IS_HELD,
    ).one_or_none()
    if taken is None:
        return None
    job_id, kind, payload, attempts, lease = taken
    return Claim(job_id, kinds()[kind], payload, attempts, lease)


def carry_out(mine: Claim, *, at: datetime) -> Outcome:
    """Do a claimed job and mark it done, in one unit of work; if it fails, say when to try again."""
    try:
        result = _work_long(mine, at) if mine.kind.long else in_transaction(lambda: _done(mine, at))
    except LeaseLost:
        log.warning("job-lease-lost", kind=mine.kind.name, job=str(mine.job_id))
        return Outcome(mine.kind.name, why="lease lost")
    except Exception as error:  # noqa: BLE001 -- whatever a handler trips over, the queue goes on
        why = reason(error)
        in_transaction(lambda: _failed(mine, why, clock.now()))
        log.warning("job-failed", kind=mine.kind.name, job=str(mine.job_id), attempt=mine.attempts, why=why)
        return Outcome(mine.kind.name, why=why)
    return Outcome(mine.kind.name, result)


def _work_long(mine: Claim, at: datetime) -> object:
    result = mine.kind.does(
        **mine.payload, at=at, beat=lambda: in_transaction(lambda: _keep_lease(mine, clock.now()))
    )
    in_transaction(lambda: _mark_done(mine, at))
    return result


def _keep_lease(mine: Claim, at: datetime) -> None:
    _change_ours(mine, leased_until=at + LEASE)


def _done(mine: Claim, at: datetime) -> object:
    _mark_done(mine, at)
    return mine.kind.does(**mine.payload, at=at)


def _mark_done(mine: Claim, at: datetime) -> None:
    if mine.kind.every_s:
        _settle(
            mine, state=WAITING, run_at=next_turn(mine.kind.every_s, at), attempts=0, why=None, done_at=at
        )
    else:
        _settle(mine, state=DONE, why=None, done_at=at)


def _failed(mine: Claim, why: str, at: datetime) -> None:
    again_at = at + backoff(mine.attempts)
    try:
        if mine.kind.every_s:
            soon = min(again_at, next_turn(mine.kind.every_s, at))
            _settle(mine, state=WAITING, run_at=soon, why=why)
        elif mine.attempts >= mine.kind.tries:
            _settle(mine, state=FAILED, why=why)
        else:
            _settle(mine, state=WAITING, run_at=again_at, why=why)
    except LeaseLost:
        return


def _settle(mine: Claim, **values: Any) -> None:
    """End the lease, if it is still ours."""
    _change_ours(mine, lease=None, leased_until=None, **values)


def _change_ours(mine: Claim, **values: Any) -> None:
    ours = update(Job).where(Job.id == mine.job_id, Job.lease == mine.lease, Job.state == RUNNING)
    changed = session.execute(ours.values(values), execution_options=NONE_IS_HELD)
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise LeaseLost


def backoff(attempts: int) -> timedelta:
    """Five seconds, twenty, … at most an hour; between half and all of it, so that those who failed together part."""
    most_s = min(BACKOFF_FROM_S * BACKOFF_GROWS ** min(attempts - 1, 10), BACKOFF_TO_S)
    return timedelta(milliseconds=most_s * 500 + randomness.below(most_s * 500 + 1))


def next_turn(every_s: int, at: datetime) -> datetime:
    """The next full multiple of the interval: the same for all workers, whenever they were started."""
    return datetime.fromtimestamp((int(at.timestamp()) // every_s + 1) * every_s, UTC)


def reason(error: BaseException) -> str:
    """Which error, and where in our code: never its text, which may hold what people wrote."""
    name = error.slug if isinstance(error, Problem) else type(error).__name__
    ours = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(ROOT / "app")
    ]
    where = f" at {Path(ours[-1].filename).relative_to(ROOT)}:{ours[-1].lineno}" if ours else ""
    return f"{name}{where}"[:200]


# --- tending the queue -----------------------------------------------------------------------------------------------


def tend(*, at: datetime) -> int:
    """Put back what lost its worker; keep one row for each kind that comes by itself. Returns how many were lost."""
    lost = sweep(at=at)
    recurring = {kind.name: kind for kind in kinds().values() if kind.every_s}
    there = dict(session.execute(select(Job.kind, Job.run_at).where(Job.key == RECURRING)).all())
    for name in sorted(
        recurring.keys() - there.keys()
    ):  # in one order everywhere: two workers never deadlock
        insert_if_absent(Job, _first_turn(name, at))
    gone = there.keys() - recurring.keys()
    if gone:  # a kind that no longer exists; a newer worker that knows it writes the row again
        session.execute(delete(Job).where(Job.key == RECURRING, Job.kind.in_(gone), Job.state != RUNNING))
    for name, kind in recurring.items():
        if kind.every_s and there.get(name, at) > at + timedelta(seconds=kind.every_s):
            _bring_forward(and_(Job.key == RECURRING, Job.kind == name), at)  # the clock went back
    longest = timedelta(seconds=BACKOFF_TO_S)
    _bring_forward(and_(Job.why.is_not(None), Job.attempts > 0, Job.run_at > at + longest), at)
    return lost


def _first_turn(name: str, at: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "kind": name,
        "key": RECURRING,
        "payload": {},
        "state": WAITING,
        "run_at": at,
        "attempts": 0,
        "created_at": at,
    }


def _bring_forward(which: Any, at: datetime) -> None:
    session.execute(update(Job).where(which, Job.state == WAITING).values(run_at=at))


def sweep(*, at: datetime) -> int:
    """Put jobs back whose lease is over, or cannot be (it ends later than any lease taken by now: the clock went back).

    A job that lost as many workers as it has tries is not tried again: it may be what kills them.
    """
    over = or_(Job.leased_until <= at, Job.leased_until > at + LEASE)
    lost = session.execute(
        select(Job.id, Job.kind, Job.attempts)
        .where(Job.state == RUNNING, over)
        .order_by(Job.id)
        .with_for_update(skip_locked=True)  # a locked row belongs to a worker that is alive and at it
    ).all()
    for job_id, name, attempts in lost:
        kind = kinds().get(name)
        give_up = kind is not None and not kind.every_s and attempts >= kind.tries
        values = {"state": FAILED if give_up else WAITING, "run_at": at, "why": WORKER_LOST}
        freed = update(Job).where(Job.id == job_id, Job.state == RUNNING)
        session.execute(freed.values(lease=None, leased_until=None, **values))
    return len(lost)


def run_due(*, at: datetime) -> list[Outcome]:
    """Do everything that is due at this instant, each job once, then stop: `flask tick` and tests."""
    in_transaction(lambda: tend(at=at))
    outcomes: list[Outcome] = []
    seen: list[UUID] = []
    while (mine := in_transaction(lambda: claim(at=at, but_not=seen))) is not None:
        seen.append(mine.job_id)
        outcomes.append(carry_out(mine, at=at))
    return outcomes


# --- the loop -------------------------------------------------------------------------------------------------------


def work(app: Flask, stop: threading.Event) -> None:
    """Do jobs until told to stop; the one at hand is finished first. The database may go away and come back."""
    ear, rounds = Ear(), 0
    with app.app_context():
        while not stop.is_set():
            try:
                busy = _round(rounds)
            except (SQLAlchemyError, Problem) as error:
                log.warning("jobs-wait-for-database", why=reason(error))
                busy = False
            rounds += 1
            if not busy:
                ear.listen(POLL_S)
        ear.close()


def _round(number: int) -> bool:
    """One job, if one is due. Looks before it writes, so that an idle worker never locks SQLite."""
    at = clock.now()
    if number % TEND_EVERY == 0:
        in_transaction(lambda: tend(at=at))
    if not in_transaction(lambda: _is_due(at), write=False):
        return False
    mine = in_transaction(lambda: claim(at=at))
    if mine is not None:
        carry_out(mine, at=at)
    return mine is not None


def _is_due(at: datetime) -> bool:
    due = select(Job.id).where(Job.state == WAITING, Job.run_at <= at, Job.kind.in_(list(kinds()))).limit(1)
    return session.scalar(due) is not None
