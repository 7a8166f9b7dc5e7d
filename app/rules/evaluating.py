"""The pure heart of the rules: the same rules, fact and usage give the same points, whenever and wherever it is asked.

Every rule that speaks about the fact's kind gives one outcome: points with the arithmetic and the caps that cut them,
or no points with the reason. Rules add up; only a multiplier looks at others, and it is judged after them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from app.kernel.clock import city_day
from app.rules.compiling import Compiled, compiled
from app.rules.counting import period_of
from app.rules.kinds.shape import Fact
from app.rules.rulebook import FIXED, MULTIPLIER, PER_UNIT, Condition, Rule, Worth

# why a rule gave nothing
CONDITION, NOT_NAMED, TOO_LITTLE, CAPPED = "condition", "not-named", "too-little", "capped"


class UsageKey(NamedTuple):
    """Which counter a cap looks at; whose counter follows from the fact."""

    rule_key: str
    per: str
    period: str


class Used(NamedTuple):
    """What a counter says before this fact."""

    points: int = 0
    times: int = 0


Usage = Mapping[UsageKey, Used]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one rule says about one fact."""

    rule: Rule
    points: int = 0
    arithmetic: Mapping[str, Any] = field(default_factory=dict)
    cuts: tuple[Mapping[str, Any], ...] = ()
    why_not: str | None = None
    missed: tuple[Condition, ...] = ()


def evaluate(rules: Sequence[Rule], fact: Fact, usage: Usage) -> tuple[Outcome, ...]:
    """What each rule about this kind of fact says, in the order of the rules."""
    lines = compiled(tuple(rules)).get(fact.kind, ())
    outcomes: dict[str, Outcome] = {}
    for line in sorted(lines, key=_is_multiplier):
        outcomes[line.rule.key] = _judge(line, fact, usage, outcomes)
    return tuple(outcomes[line.rule.key] for line in lines)


def matching(rules: Sequence[Rule], fact: Fact) -> tuple[Rule, ...]:
    """The rules whose conditions hold, before any counting."""
    lines = compiled(tuple(rules)).get(fact.kind, ())
    return tuple(line.rule for line in lines if line.holds(fact.fields))


def _is_multiplier(line: Compiled) -> bool:
    return line.rule.worth.kind == MULTIPLIER


def _judge(line: Compiled, fact: Fact, usage: Usage, before: Mapping[str, Outcome]) -> Outcome:
    rule, fields = line.rule, fact.fields
    if missed := line.missed(fields):
        return Outcome(rule=rule, why_not=CONDITION, missed=missed)
    if not line.is_named(fields):
        return Outcome(rule=rule, why_not=NOT_NAMED)
    if _is_multiplier(line):
        arithmetic = _multiple(rule, before)
    else:
        arithmetic = _count(rule.worth, fields, line.total(fields))
    if arithmetic["total"] == 0:
        return Outcome(rule=rule, arithmetic=arithmetic, why_not=TOO_LITTLE)
    points, cuts = _cap(rule, arithmetic["total"], fact, usage)
    why_not = None if points else CAPPED
    return Outcome(rule=rule, points=points, arithmetic=arithmetic, cuts=cuts, why_not=why_not)


def _multiple(rule: Rule, before: Mapping[str, Outcome]) -> dict[str, Any]:
    base = {key: each.points for key, each in before.items() if each.points and rule.multiplies(each.rule)}
    amount = sum(base.values())
    total = multiplied(rule.worth, amount)
    return {
        "kind": MULTIPLIER,
        "percent": rule.worth.percent,
        "of": sorted(base),
        "amount": amount,
        "total": total,
    }


def multiplied(worth: Worth, base: int) -> int:
    """What a multiplier adds to so many points; fractions of a point are dropped."""
    return base * (worth.percent - 100) // 100


def _count(worth: Worth, fields: Mapping[str, Any], total: int) -> dict[str, Any]:
    if worth.kind == FIXED:
        return {"kind": FIXED, "total": total}
    amount = int(fields.get(worth.field or "", 0))
    told = {"kind": worth.kind, "field": worth.field, "amount": amount, "total": total}
    if worth.kind == PER_UNIT:
        return told | {"unit": worth.unit, "units": amount // worth.unit, "each": worth.points}
    reached = [tier.at_least for tier in worth.tiers if amount >= tier.at_least]
    return told | ({"at_least": reached[-1]} if reached else {})


def _cap(rule: Rule, total: int, fact: Fact, usage: Usage) -> tuple[int, tuple[Mapping[str, Any], ...]]:
    points, cuts, day = total, [], city_day(fact.happened_at)
    for cap in rule.caps:
        if period_of(cap, rule, day, fact.fields) is None:
            continue
        used = usage.get(UsageKey(rule.key, cap.per, cap.period), Used())
        left = cap.left(points, used.points, used.times)
        if left < points:
            limit = {"points": cap.points} if cap.points is not None else {"times": cap.times}
            cuts.append({"per": cap.per, "period": cap.period, **limit, "cut": points - left})
            points = left
    return points, tuple(cuts)
