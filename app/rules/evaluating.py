"""The pure heart of the rules: the same rules, fact and usage give the same points, whenever and wherever it is asked.

Every rule that speaks about the fact's kind gives one outcome: points with the arithmetic and the caps that cut them,
or no points with the reason. Rules add up; one rule never looks at another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from app.rules.kinds import KINDS
from app.rules.kinds.shape import Fact
from app.rules.rulebook import Cap, Condition, Rule, Worth

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
    return tuple(_judge(rule, fact, usage) for rule in rules if rule.fact == fact.kind)


def matching(rules: Sequence[Rule], fact: Fact) -> tuple[Rule, ...]:
    """The rules whose conditions hold, before any counting."""
    return tuple(
        rule for rule in rules if rule.fact == fact.kind and not _missed(rule, fact) and _named(rule, fact)
    )


def _judge(rule: Rule, fact: Fact, usage: Usage) -> Outcome:
    if missed := _missed(rule, fact):
        return Outcome(rule=rule, why_not=CONDITION, missed=missed)
    if not _named(rule, fact):
        return Outcome(rule=rule, why_not=NOT_NAMED)
    arithmetic = _count(rule.worth, fact)
    if arithmetic["total"] == 0:
        return Outcome(rule=rule, arithmetic=arithmetic, why_not=TOO_LITTLE)
    points, cuts = _cap(rule, arithmetic["total"], usage)
    why_not = None if points else CAPPED
    return Outcome(rule=rule, points=points, arithmetic=arithmetic, cuts=cuts, why_not=why_not)


def _missed(rule: Rule, fact: Fact) -> tuple[Condition, ...]:
    return tuple(each for each in rule.when if not _holds(each, fact.fields.get(each.field)))


def _named(rule: Rule, fact: Fact) -> bool:
    """Back-filled hours and their like earn only where a condition asks for them by name."""
    guarded = KINDS[fact.kind].must_be_named or {}
    return all(fact.fields.get(name) != value or rule.names(name, value) for name, value in guarded.items())


def _holds(condition: Condition, value: Any) -> bool:
    asked = condition.value
    match condition.op:
        case "is":
            return bool(value == asked)
        case "is_not":
            return bool(value != asked)
        case "one_of":
            return value in asked
        case "at_least":
            return value is not None and bool(value >= asked)
        case "at_most":
            return value is not None and bool(value <= asked)
        case "inside":
            return f"/{asked}/" in f"/{value}"
    raise AssertionError(f"unknown operator {condition.op}")


def _count(worth: Worth, fact: Fact) -> dict[str, Any]:
    if worth.kind == "fixed":
        return {"kind": "fixed", "total": worth.points}
    amount = int(fact.fields.get(worth.field or "", 0))
    if worth.kind == "per_unit":
        units = amount // worth.unit  # only full units count
        return {
            "kind": "per_unit",
            "field": worth.field,
            "amount": amount,
            "unit": worth.unit,
            "units": units,
            "each": worth.points,
            "total": units * worth.points,
        }
    reached = [tier for tier in worth.tiers if amount >= tier.at_least]
    tier = {"at_least": reached[-1].at_least, "total": reached[-1].points} if reached else {"total": 0}
    return {"kind": "tiered", "field": worth.field, "amount": amount, **tier}


def _cap(rule: Rule, total: int, usage: Usage) -> tuple[int, tuple[Mapping[str, Any], ...]]:
    points, cuts = total, []
    for cap in rule.caps:
        used = usage.get(UsageKey(rule.key, cap.per, cap.period), Used())
        left = _left(cap, used, points)
        if left < points:
            limit = {"points": cap.points} if cap.points is not None else {"times": cap.times}
            cuts.append({"per": cap.per, "period": cap.period, **limit, "cut": points - left})
            points = left
    return points, tuple(cuts)


def _left(cap: Cap, used: Used, points: int) -> int:
    if cap.points is not None:
        return max(0, min(points, cap.points - used.points))
    return points if used.times < (cap.times or 0) else 0
