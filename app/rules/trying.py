"""Trying a wording on the past: what it would have given, what that costs, and whom it favours.

Where there are few facts the answer comes at once. Many are read by a job, part by part, each in a unit of work of its
own, so that nobody waits for it; the row of the dry run says how far it is. If a worker dies the next one begins again:
that costs less than to keep what was counted. What was asked for last counts; what still waited is cancelled.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, update

from app.identity.actors import Actor
from app.kernel import jobs
from app.kernel.clock import city_day
from app.kernel.db import in_transaction, session
from app.kernel.errors import Invalid, Problem
from app.kernel.ids import new_id
from app.places import queries as places
from app.rules import queries
from app.rules.errors import DryRunNotFound, DryRunOver
from app.rules.models import (
    DRAFT,
    RUN_CANCELLED,
    RUN_DONE,
    RUN_FAILED,
    RUN_WAITING,
    TRIED,
    DryRun,
    RuleSetVersion,
)
from app.rules.recalling import Period
from app.rules.working_out import WorkingOut

MAX_FACTS_AT_ONCE = 100_000
LONGEST_DAYS = 1100
TRY = "try-rules"
LOST = "lost"


def dry_run(*, version_id: UUID, from_on: date, until_on: date, by: Actor, at: datetime) -> DryRun:
    """Run a version over the facts of a past period and keep what came out. A draft is then ready for review.

    Over more facts than a page can wait for it is done later, by a job; the run that is given back then still waits.
    """
    version = queries.version_to_change(version_id)
    _must(version, by)
    period = period_asked(from_on, until_on, at)
    steps = WorkingOut(version, period, at)
    if steps.total > MAX_FACTS_AT_ONCE:
        return _order(version, period, steps.total, by, at)
    while steps.step():
        pass
    return keep(version, period, steps.told(), by=by, at=at)


def keep(
    version: RuleSetVersion, period: Period, result: dict[str, Any], *, by: Actor, at: datetime
) -> DryRun:
    """Remember a dry run. The version must not have changed since."""
    _cancel_waiting(version)
    run = _asked(version, period, by, at)
    run.state, run.result, run.done_at = RUN_DONE, result, at
    run.facts = run.facts_read = result["facts"]
    session.add(run)
    if version.state == DRAFT:
        version.state = TRIED
    session.flush()
    return run


def cancel(*, run_id: UUID, by: Actor, at: datetime) -> DryRun:
    """Nobody wants to know any more: the job stops at the next part. Raises DryRunNotFound, DryRunOver."""
    run = dry_run_for(run_id, by)
    _must(queries.visible_version(run.version_id, by), by)
    if not _settle(run_id, state=RUN_CANCELLED):  # it was done in the meantime
        raise DryRunOver
    session.refresh(run)
    return run


def latest_run(version: RuleSetVersion) -> DryRun | None:
    """The newest dry run of exactly this wording that has a result."""
    own = _newest_first(version).where(DryRun.wording == wording_of(version.rules), DryRun.state == RUN_DONE)
    return session.scalar(own.limit(1))


def run_under_way(version: RuleSetVersion) -> DryRun | None:
    """What was asked for last, if it still waits or could not be done."""
    newest = session.scalar(_newest_first(version).limit(1))
    return newest if newest is not None and newest.state in (RUN_WAITING, RUN_FAILED) else None


def dry_run_for(run_id: UUID, by: Actor) -> DryRun:
    """A dry run, for whoever may see its version. Raises DryRunNotFound."""
    found = session.get(DryRun, run_id)
    if found is None:
        raise DryRunNotFound
    queries.visible_version(found.version_id, by)
    return found


def wording_of(rules: Sequence[dict[str, Any]]) -> str:
    """A digest of a wording: a dry run of another wording says nothing about this one."""
    return hashlib.sha256(json.dumps(list(rules), sort_keys=True, ensure_ascii=False).encode()).hexdigest()


# --- over many facts -------------------------------------------------------------------------------------------------


def _order(version: RuleSetVersion, period: Period, facts: int, by: Actor, at: datetime) -> DryRun:
    waiting = session.scalar(_waiting(version))
    run = _asked(version, period, by, at)
    run.facts = facts
    if waiting is not None and (waiting.wording, waiting.period) == (run.wording, run.period):
        return waiting
    _cancel_waiting(version)
    session.add(run)
    session.flush()
    jobs.add(TRY, key=str(run.id), payload={"run_id": str(run.id)}, at=at)
    return run


def carry_out(*, run_id: str, at: datetime, beat: Callable[[], None]) -> str | None:
    """The job: read, judge, tell. Nothing is open between two parts; `beat` keeps the lease."""
    this = UUID(run_id)
    steps = in_transaction(lambda: _begin(this, at), write=False)
    if (
        steps is None
    ):  # cancelled, done by a worker that was slower than its lease, or the draft was rewritten
        in_transaction(lambda: _settle(this, state=RUN_CANCELLED))
        return RUN_CANCELLED
    try:
        for _ in steps.each_ahead():
            if not in_transaction(lambda: _settle(this, facts=steps.total, facts_read=steps.read)):
                return RUN_CANCELLED
            beat()
        told = in_transaction(steps.told, write=False)
    except Problem as problem:
        why = problem.slug[:40]
        in_transaction(lambda: _settle(this, state=RUN_FAILED, why=why))
        return why
    in_transaction(lambda: _finish(this, told, at))
    return None


def settle_lost(*, at: datetime) -> int:
    """Say of the runs whose job was given up that nothing will come of them; returns how many."""
    waiting = session.scalars(select(DryRun.id).where(DryRun.state == RUN_WAITING)).all()
    lost = [each for each in waiting if jobs.was_given_up(TRY, str(each))]
    return sum(_settle(each, state=RUN_FAILED, why=LOST) for each in lost)


def _begin(run_id: UUID, at: datetime) -> WorkingOut | None:
    run = session.get_one(DryRun, run_id)
    version = queries.version(run.version_id)
    if run.state != RUN_WAITING or run.wording != wording_of(version.rules):
        return None
    return WorkingOut(version, Period(run.from_on, run.until_on), at)


def _finish(run_id: UUID, told: dict[str, Any], at: datetime) -> None:
    run = session.get_one(DryRun, run_id)
    version = queries.version_to_change(run.version_id)
    is_told = _settle(run_id, state=RUN_DONE, result=told, done_at=at)
    if is_told and version.state == DRAFT and run.wording == wording_of(version.rules):
        version.state = TRIED
        session.flush()


def _settle(run_id: UUID, **values: Any) -> bool:
    """Change a run that waits. False if it was cancelled or done: of two at once the first one counts."""
    still = update(DryRun).where(DryRun.id == run_id, DryRun.state == RUN_WAITING)
    return bool(session.execute(still.values(values)).rowcount)  # type: ignore[attr-defined]


def _cancel_waiting(version: RuleSetVersion) -> None:
    others = update(DryRun).where(DryRun.version_id == version.id, DryRun.state == RUN_WAITING)
    session.execute(others.values(state=RUN_CANCELLED))


def _waiting(version: RuleSetVersion) -> Select[DryRun]:
    return select(DryRun).where(DryRun.version_id == version.id, DryRun.state == RUN_WAITING)


def _newest_first(version: RuleSetVersion) -> Select[DryRun]:
    return (
        select(DryRun)
        .where(DryRun.version_id == version.id)
        .order_by(DryRun.asked_at.desc(), DryRun.id.desc())
    )


def _asked(version: RuleSetVersion, period: Period, by: Actor, at: datetime) -> DryRun:
    return DryRun(
        id=new_id(),
        version_id=version.id,
        wording=wording_of(version.rules),
        from_on=period.from_on,
        until_on=period.until_on,
        asked_by=by.person_id,
        asked_at=at,
        state=RUN_WAITING,
        facts=0,
        facts_read=0,
    )


def _must(version: RuleSetVersion, by: Actor) -> None:
    path = places.region_path(version.rule_set.region_code)
    by.must("rules.edit" if by.holds("rules.edit") else "rules.review", region_path=path)


def period_asked(from_on: date, until_on: date, at: datetime) -> Period:
    """The days of a dry run: over by now, in their order, at most three years. Raises Invalid."""
    if until_on > city_day(at):
        raise Invalid(fields={"until_on": ["rules.problem.future"]})
    if not 0 <= (until_on - from_on).days < LONGEST_DAYS:
        raise Invalid(fields={"from_on": ["rules.problem.period"]})
    return Period(from_on, until_on)
