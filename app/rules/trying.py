"""Trying a wording on the past: what it would have given, what that costs, and whom it favours."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.identity.actors import Actor
from app.kernel.clock import city_day
from app.kernel.db import session
from app.kernel.errors import Invalid
from app.kernel.ids import new_id
from app.places import queries as places
from app.rules import queries, rulebook
from app.rules.comparing import differences
from app.rules.errors import DryRunNotFound, TooManyFacts
from app.rules.forecasting import forecast
from app.rules.models import DRAFT, TRIED, DryRun, RuleSetVersion
from app.rules.recalling import Period, Recalled
from app.rules.simulating import tally

MAX_FACTS_IN_A_PAGE = 100_000
LONGEST_DAYS = 1100

Progress = Callable[[int, int], None]


def dry_run(*, version_id: UUID, from_on: date, until_on: date, by: Actor, at: datetime) -> DryRun:
    """Run a version over the facts of a past period and keep what came out. A draft is then ready for review.

    Raises TooManyFacts where a page would wait too long; the command line has no such limit.
    """
    version = queries.version_to_change(version_id)
    by.must("rules.edit" if by.holds("rules.edit") else "rules.review", region_path=_path_of(version))
    period = _period(from_on, until_on, at)
    result = work_out(version, period, at=at, most=MAX_FACTS_IN_A_PAGE)
    return keep(version, period, result, by=by, at=at)


def keep(
    version: RuleSetVersion, period: Period, result: dict[str, Any], *, by: Actor, at: datetime
) -> DryRun:
    """Remember a dry run. The version must not have changed since."""
    run = DryRun(
        id=new_id(),
        version_id=version.id,
        wording=wording_of(version.rules),
        from_on=period.from_on,
        until_on=period.until_on,
        asked_by=by.person_id,
        asked_at=at,
        result=result,
        done_at=at,
    )
    session.add(run)
    if version.state == DRAFT:
        version.state = TRIED
    session.flush()
    return run


def work_out(
    version: RuleSetVersion,
    period: Period,
    *,
    at: datetime,
    most: int | None = None,
    progress: Progress = lambda done, total: None,
) -> dict[str, Any]:
    """The whole forecast of a version as plain data. Reads only."""
    path = _path_of(version)
    draft, before = rulebook.read(version.rules), _in_force_beside(version, at)
    recalled = Recalled(version.rule_set, path, period, (*draft, *before))
    total = recalled.count()
    if most is not None and total > most:
        raise TooManyFacts(facts=total)
    done = 0

    def step(read: int) -> None:
        nonlocal done
        done += read
        progress(done, total)

    tallied = tally(
        recalled.facts(step),
        draft=draft,
        before=before,
        occupations=recalled.occupations,
        depth=len(path.strip("/").split("/")),
    )
    told = forecast(tallied, version=version, period=period, path=path, at=at)
    return told | {"changes": differences(before, draft)}


def wording_of(rules: Sequence[dict[str, Any]]) -> str:
    """A digest of a wording: a dry run of another wording says nothing about this one."""
    return hashlib.sha256(json.dumps(list(rules), sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def latest_run(version: RuleSetVersion) -> DryRun | None:
    """The newest dry run of exactly this wording."""
    own = select(DryRun).where(DryRun.version_id == version.id, DryRun.wording == wording_of(version.rules))
    return session.scalar(own.order_by(DryRun.asked_at.desc(), DryRun.id.desc()).limit(1))


def dry_run_for(run_id: UUID, by: Actor) -> DryRun:
    """A dry run, for whoever may see its version. Raises DryRunNotFound."""
    found = session.get(DryRun, run_id)
    if found is None:
        raise DryRunNotFound
    queries.visible_version(found.version_id, by)
    return found


def _in_force_beside(version: RuleSetVersion, at: datetime) -> tuple[rulebook.Rule, ...]:
    """The rules in force now where this version would be; none, if it is that version itself or there is none."""
    current = queries.version_in_force(_path_of(version), at)
    return queries.rules_of(current) if current is not None else ()


def _path_of(version: RuleSetVersion) -> str:
    return places.region_path(version.rule_set.region_code)


def _period(from_on: date, until_on: date, at: datetime) -> Period:
    if until_on > city_day(at):
        raise Invalid(fields={"until_on": ["rules.problem.future"]})
    if not 0 <= (until_on - from_on).days < LONGEST_DAYS:
        raise Invalid(fields={"from_on": ["rules.problem.period"]})
    return Period(from_on, until_on)
