"""How much of each cap is used: counters per rule, rider or station, and city day, week or month."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from app.kernel.clock import city_day
from app.kernel.db import insert_if_absent, session
from app.kernel.ids import new_id
from app.rules.evaluating import Outcome, UsageKey, Used, matching
from app.rules.kinds.shape import Fact
from app.rules.models import UsageCounter
from app.rules.rulebook import DAY, RIDER, WEEK, Rule

Counters = dict[UsageKey, UsageCounter]


def period_label(period: str, at: datetime) -> str:
    """The name of the city day, ISO week or month in which an instant falls: a new one begins with an empty counter."""
    day = city_day(at)
    if period == DAY:
        return f"day:{day.isoformat()}"
    if period == WEEK:
        year, week, _ = day.isocalendar()
        return f"week:{year}-W{week:02}"
    return f"month:{day:%Y-%m}"


def counters_to_change(rule_set_id: UUID, rules: Sequence[Rule], fact: Fact) -> Counters:
    """The counters that the caps of matching rules look at, locked until the unit of work ends.

    Two facts of one rider (or at one station) at the same moment: the second waits here until the first has counted,
    so together they cannot pass a cap. Rows are made and locked in one order for all, so nobody waits in a ring.
    """
    wanted = {
        UsageKey(rule.key, cap.per, cap.period): (
            rule.key,
            _subject(cap.per, fact),
            period_label(cap.period, fact.happened_at),
        )
        for rule in matching(rules, fact)
        for cap in rule.caps
    }
    if not wanted:
        return {}
    for rule_key, subject, period in sorted(set(wanted.values())):
        values = {"rule_set_id": rule_set_id, "rule_key": rule_key, "subject": subject, "period": period}
        insert_if_absent(UsageCounter, {"id": new_id(), "points": 0, "times": 0, **values})
    rows = session.scalars(
        select(UsageCounter)
        .where(
            UsageCounter.rule_set_id == rule_set_id,
            UsageCounter.rule_key.in_({key for key, _, _ in wanted.values()}),
            UsageCounter.subject.in_({subject for _, subject, _ in wanted.values()}),
            UsageCounter.period.in_({period for _, _, period in wanted.values()}),
        )
        .order_by(UsageCounter.rule_key, UsageCounter.subject, UsageCounter.period)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found = {(row.rule_key, row.subject, row.period): row for row in rows}
    return {key: found[where] for key, where in wanted.items()}


def _subject(per: str, fact: Fact) -> str:
    return f"{RIDER}:{fact.person_id}" if per == RIDER else f"{per}:{fact.station_id}"


def used(counters: Counters) -> dict[UsageKey, Used]:
    """What the counters say, as the evaluator reads it."""
    return {key: Used(row.points, row.times) for key, row in counters.items()}


def count(counters: Counters, outcomes: Iterable[Outcome]) -> None:
    """Add what was given to the counters of its rule."""
    given = {outcome.rule.key: outcome.points for outcome in outcomes if outcome.points}
    for key, row in counters.items():
        if key.rule_key in given:
            row.points += given[key.rule_key]
            row.times += 1
    session.flush()
