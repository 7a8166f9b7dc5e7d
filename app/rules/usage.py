"""How much of each cap is used: counters per rule, subject and period, kept in the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, bindparam, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.sql.dml import ReturningInsert

from app.kernel import arrays, embedded, messages
from app.kernel.bulk import update_all
from app.kernel.clock import city_day
from app.kernel.db import dialect_name, session
from app.kernel.ids import new_id
from app.kernel.unanswered import is_unanswered, put_all
from app.rules.counting import period_of, subject_of
from app.rules.evaluating import Outcome, UsageKey, Used, matching
from app.rules.kinds.shape import Fact
from app.rules.models import Award, UsageCounter
from app.rules.queries import rules_of
from app.rules.rulebook import Rule


@dataclass(slots=True)
class Counter:
    """A counter as the database has it, and what was counted on it since."""

    id: UUID
    points: int
    times: int
    counted: bool = False


Counters = dict[UsageKey, Counter]


def counters_to_change(rule_set_id: UUID, rules: Sequence[Rule], fact: Fact) -> Counters:
    """The counters that the caps of matching rules look at, locked until the unit of work ends.

    Two facts of one rider (or at one station) at the same moment: the second waits here until the first has counted,
    so together they cannot pass a cap. Rows are made and locked in one order for all, so nobody waits in a ring.
    """
    return all_counters_to_change(rule_set_id, rules, [fact])[0]


def all_counters_to_change(rule_set_id: UUID, rules: Sequence[Rule], facts: Sequence[Fact]) -> list[Counters]:
    """The same of several facts. Two that look at one counter share its row: the second sees the first counted."""
    wanted = [_looked_at(rules, fact) for fact in facts]
    places = sorted({place for each in wanted for place in each.values()})
    if not places:
        return [{} for _ in facts]
    rows = [
        {"rule_set_id": rule_set_id, "rule_key": rule_key, "subject": subject, "period": period}
        for rule_key, subject, period in places
    ]
    locked = _locked([{"id": new_id(), "points": 0, "times": 0, **row} for row in rows])
    found = {
        (rule_key, subject, period): Counter(id_, points, times)
        for id_, rule_key, subject, period, points, times in locked
    }
    return [{key: found[place] for key, place in each.items()} for each in wanted]


def _locked(rows: Sequence[Mapping[str, Any]]) -> Sequence[Sequence[Any]]:
    """These counters as the database has them now, begun where there was none; nobody else changes them meanwhile.

    One statement: a row that is there is set to what it is, which locks it and gives it back.
    """
    if dialect_name() == "postgresql":
        columns = arrays.columns_of(_TABLE, rows)
        sent = arrays.begin_or_lock(_TABLE, tuple(columns), _KEY, _TOLD)
        return messages.ask(sent, columns, session.connection())
    return embedded.ask_each(_begin_or_lock(), rows, session.connection())


_TABLE = cast(Table, UsageCounter.__table__)
_KEY = ("rule_set_id", "rule_key", "subject", "period")
_TOLD = ("id", "rule_key", "subject", "period", "points", "times")
_COUNTED = update(_TABLE).where(_TABLE.c.id == bindparam("counter_id"))


@cache
def _begin_or_lock() -> ReturningInsert[Any]:
    same = insert(_TABLE).on_conflict_do_update(index_elements=_KEY, set_={"times": _TABLE.c.times})
    return same.returning(*(_TABLE.c[name] for name in _TOLD))


def _looked_at(rules: Sequence[Rule], fact: Fact) -> dict[UsageKey, tuple[str, str, str]]:
    """Which counters, each by (rule, whose, period)."""
    day = city_day(fact.happened_at)
    return {
        UsageKey(rule.key, cap.per, cap.period): (
            rule.key,
            subject_of(cap, fact.person_id, fact.fields),
            period,
        )
        for rule in matching(rules, fact)
        for cap in rule.caps
        if (period := period_of(cap, rule, day, fact.fields)) is not None
    }


def used(counters: Counters) -> dict[UsageKey, Used]:
    """What the counters say, as the evaluator reads it."""
    return {key: Used(row.points, row.times) for key, row in counters.items()}


def count(counters: Counters, outcomes: Iterable[Outcome]) -> None:
    """Add what was given to the counters of its rule. `keep` writes it."""
    given = {outcome.rule.key: outcome.points for outcome in outcomes if outcome.points}
    for key, counter in counters.items():
        if key.rule_key in given:
            _add(counter, given[key.rule_key], 1)


def uncount(award: Award) -> None:
    """Take off the counters what an award added to them: its fact was void."""
    fact = award.recorded.fact()
    counters = counters_to_change(award.version.rule_set_id, rules_of(award.version), fact)
    for key, counter in counters.items():
        if key.rule_key == award.rule_key:
            _add(counter, -award.points, -1)
    keep(counters.values())


def _add(counter: Counter, points: int, times: int) -> None:
    counter.points += points
    counter.times += times
    counter.counted = True


def keep(counters: Iterable[Counter]) -> None:
    """Write what was counted. Whoever counts holds the locks, so nobody else has counted since."""
    counted = {each.id: each for each in counters if each.counted}.values()
    if is_unanswered():
        put_all(
            _COUNTED,
            [{"counter_id": each.id, "points": each.points, "times": each.times} for each in counted],
        )
    else:
        rows = [{"id": each.id, "points": each.points, "times": each.times} for each in counted]
        update_all(UsageCounter, rows)
    for each in counted:
        each.counted = False
