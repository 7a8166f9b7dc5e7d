"""What time brings about: a worker tends the queue, leases a job and does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from app.identity.actors import Actor
from app.kernel import jobs, working
from simulator.product.answers import Facts
from simulator.violation import Violation


def tend(*, by: Actor, at: datetime) -> Facts:
    """Put back what lost its worker."""
    return {"lost": working.tend(at=at)}


def lease(*, by: Actor, at: datetime, but_not: list[str]) -> Facts:
    """The job that is due longest, if any."""
    mine = working.claim(at=at, but_not=[UUID(each) for each in but_not])
    if mine is None:
        return {}
    return {
        "job": str(mine.job_id),
        "kind": mine.kind.name,
        "payload": mine.payload,
        "attempts": mine.attempts,
        "lease": str(mine.lease),
    }


def carry_out(
    *,
    by: Actor,
    at: datetime,
    job: str,
    kind: str,
    payload: Facts,
    attempts: int,
    lease: str,
    then: Callable[[], None] | None = None,
) -> Facts:
    """A leased job. It brings its own unit of work, and a job that fails is a violation.

    `then` happens when it has done everything and is about to commit.
    """
    known = jobs.kinds()[kind]
    mine = working.Claim(UUID(job), _and(known, then) if then else known, payload, attempts, UUID(lease))
    outcome = working.carry_out(mine, at=at)
    if outcome.why:
        raise Violation("I0", f"job {kind} failed: {outcome.why}")
    return {"kind": kind, "result": str(outcome.result)}


def sweep(*, by: Actor, at: datetime, kind: str) -> Facts:
    """What a job that comes by itself does, as if its time had come."""
    return {"kind": kind, "result": str(jobs.kinds()[kind].does(at=at))}


def sweeps() -> list[str]:
    """The jobs that come by themselves, each one unit of work."""
    return sorted(name for name, kind in jobs.kinds().items() if kind.every_s and not kind.long)


def _and(kind: jobs.Kind, then: Callable[[], None]) -> jobs.Kind:
    def does(**told: Any) -> object:
        result = kind.does(**told)
        then()
        return result

    return replace(kind, does=does)
