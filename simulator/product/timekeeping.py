"""What time brings about: a worker tends the queue, leases a job and does it."""

from __future__ import annotations

from datetime import datetime
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
    *, by: Actor, at: datetime, job: str, kind: str, payload: Facts, attempts: int, lease: str
) -> Facts:
    """A leased job. It brings its own unit of work, and a job that fails is a violation."""
    mine = working.Claim(UUID(job), jobs.kinds()[kind], payload, attempts, UUID(lease))
    outcome = working.carry_out(mine, at=at)
    if outcome.why:
        raise Violation("I0", f"job {kind} failed: {outcome.why}")
    return {"kind": kind, "result": str(outcome.result)}
