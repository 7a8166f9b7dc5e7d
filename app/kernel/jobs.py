"""Work that must happen, once, later: a row written in the transaction that wants it.

Whoever needs something done calls `add` inside the unit of work: it is remembered exactly if the rest is. Kinds are
listed once, in main.py. `kernel.working` does them. A payload holds ids and numbers, never names, phones or texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint, Uuid, delete, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel import bell
from app.kernel.db import Base, IdMixin, Json, UtcDateTime, after_commit, insert_if_absent, session
from app.kernel.errors import NotFound
from app.kernel.ids import new_id

WAITING, RUNNING, DONE, FAILED = "waiting", "running", "done", "failed"
STATES = (WAITING, RUNNING, DONE, FAILED)
RECURRING = "every"  # the key of the one row of a kind that comes again by itself
KEPT_FOR = timedelta(days=14)
BATCH = 1000


class Job(IdMixin, Base):
    """One thing to do. `attempts` counts the leases taken, so that a job which kills its worker is counted too."""

    __tablename__ = "jobs"
    __table_args__ = (
        # two requests that want the same thing done at once: one row
        UniqueConstraint("kind", "key", name="kind_key"),
        CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name="state_known"),
        CheckConstraint("(state = 'running') = (lease IS NOT NULL)", name="leased_while_running"),
        CheckConstraint("(lease IS NULL) = (leased_until IS NULL)", name="lease_ends"),
        CheckConstraint("(state <> 'done') OR (done_at IS NOT NULL)", name="done_has_instant"),
        CheckConstraint("(state <> 'failed') OR (why IS NOT NULL)", name="failed_has_reason"),
        CheckConstraint("attempts >= 0", name="attempts_counted"),
        Index(None, "state", "run_at"),
    )

    kind: Mapped[str] = mapped_column(String(64))
    key: Mapped[str | None] = mapped_column(String(200))
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    state: Mapped[str] = mapped_column(String(8))
    run_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int]
    lease: Mapped[UUID | None] = mapped_column(Uuid)
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    why: Mapped[str | None] = mapped_column(String(200))
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class JobUnknown(NotFound):
    """No such job, or it has not failed."""

    slug = "job-unknown"


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of job: its name, the function that does it, how often it comes by itself, how many tries it gets.

    The function is called with the payload as keyword arguments and `at`, inside one unit of work that also marks the
    job as done. What it does to the database happens once; what it does elsewhere may happen again.

    A `long` one is called outside of any unit of work, opens its own, and calls `beat` between them to keep its lease;
    it is marked as done afterwards, so whatever it does may happen again.
    """

    name: str
    does: Callable[..., object]
    every_s: int | None = None
    tries: int = 8
    long: bool = False


_kinds: dict[str, Kind] = {}


def register(kinds: Iterable[Kind]) -> None:
    """Replace all kinds by these. Called once, by main.create_app."""
    _kinds.clear()
    _kinds.update({kind.name: kind for kind in kinds})


def kinds() -> Mapping[str, Kind]:
    """The kinds this process can do, by name."""
    return _kinds


def add(
    kind: str,
    *,
    key: str | None = None,
    run_at: datetime | None = None,
    payload: Mapping[str, Any] | None = None,
    at: datetime,
) -> bool:
    """Remember a job inside the running unit of work. False if one of this kind and key is known already.

    A key is free again when its finished job is forgotten, after two weeks.
    """
    if kind not in _kinds:
        raise LookupError(f"no such kind of job: {kind}")
    added = insert_if_absent(
        Job,
        {
            "id": new_id(),
            "kind": kind,
            "key": key,
            "payload": dict(payload or {}),
            "state": WAITING,
            "run_at": run_at or at,
            "attempts": 0,
            "created_at": at,
        },
    )
    if added:
        after_commit(bell.ring)
    return added


def retry(job_id: UUID, *, at: datetime) -> None:
    """Give a failed job all its tries again. Raises JobUnknown."""
    if not _give_tries(Job.id == job_id, at):
        raise JobUnknown


def retry_all(*, at: datetime) -> int:
    """Give every failed job its tries again; returns how many."""
    return _give_tries(Job.state == FAILED, at)


def _give_tries(which: Any, at: datetime) -> int:
    again = (
        update(Job).where(which, Job.state == FAILED).values(state=WAITING, attempts=0, run_at=at, why=None)
    )
    count = int(session.execute(again).rowcount)  # type: ignore[attr-defined]
    after_commit(bell.ring)
    return count


def was_given_up(kind: str, key: str) -> bool:
    """Whether nothing will come of the job of this kind and key: it had all its tries, or is not there."""
    state = session.scalar(select(Job.state).where(Job.kind == kind, Job.key == key))
    return state is None or state == FAILED


def forget_done(*, at: datetime) -> int:
    """Delete rows of jobs done two weeks ago, a batch at a time; returns how many."""
    old = select(Job.id).where(Job.state == DONE, Job.done_at < at - KEPT_FOR).limit(BATCH)
    return int(session.execute(delete(Job).where(Job.id.in_(old))).rowcount)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Queue:
    """How the queue stands: rows by state, how many are due and how late, how many failed and wait for another try."""

    by_state: Mapping[str, int]
    due: int
    oldest_due_s: float
    struggling: int


def queue(*, at: datetime) -> Queue:
    """Count the rows. Run inside a unit of work."""
    by_state = dict(session.execute(_by_state).all())
    found = session.execute(
        select(func.count(), func.min(Job.run_at)).where(Job.state == WAITING, Job.run_at <= at)
    ).one()
    due, oldest = found[0], cast("datetime | None", found[1])
    struggling = select(func.count()).where(Job.state == WAITING, Job.why.is_not(None))
    late_s = (at - oldest).total_seconds() if oldest else 0.0
    return Queue(by_state, due, late_s, session.scalar(struggling) or 0)


_by_state = select(Job.state, func.count()).group_by(Job.state)


def jobs(*, state: str | None = None, limit: int = 100) -> Sequence[Job]:
    """The jobs that are next, or those in one state, soonest first."""
    found = select(Job).order_by(Job.run_at, Job.id).limit(limit)
    return session.scalars(found.where(Job.state == state if state else Job.state != DONE)).all()
