"""Rules as sentences: what earns how much, in the reader's language."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.kernel import i18n
from app.kernel.db import session
from app.kernel.i18n import say
from app.places.models import Region, Station
from app.rules.kinds import KINDS
from app.rules.rulebook import Cap, Condition, Rule

# Words for values that belong to the packages below.
WORDS_OF_OTHERS = {
    ("report", "category"): "case.category.report",
    ("report", "grade"): "case.grade",
    ("hours", "category"): "volunteering.category",
    ("training", "course"): "volunteering.course",
    ("suggestion", "category"): "case.category.suggestion",
    ("honour", "purpose"): "honours.purpose",
}


def rule_in_words(rule: Rule) -> str:
    """One sentence: R-01 每天首次到站签到：签到方式是站长扫码、当天第一次，每次 5 分；每人每天最多 5 分。"""
    comma = say("rules.list-comma")
    conditions = comma.join(condition_in_words(rule.fact, each) for each in rule.when)
    caps = comma.join(cap_in_words(cap) for cap in rule.caps)
    parts = [conditions or say("rules.always"), worth_in_words(rule), usable_in_words(rule)]
    parts += [caps] if caps else []
    if expiry := expiry_in_words(rule):
        parts.append(expiry)
    return say(
        "rules.sentence", rule=rule.key, name=rule.words_in(), parts=say("rules.part-comma").join(parts)
    )


def condition_in_words(fact: str, condition: Condition) -> str:
    """One condition: 签到方式是站长扫码."""
    field = KINDS[fact].fields[condition.field]
    if field.type == "flag":
        return say(f"rules.flag.{field.name}.{'yes' if condition.value else 'no'}")
    if condition.op == "between":
        start, end = condition.value
        return say("rules.op.between", field=say(f"rules.field.{field.name}"), start=start, end=end)
    values = condition.value if isinstance(condition.value, list) else [condition.value]
    words = say("rules.or-comma").join(value_in_words(fact, field.name, each) for each in values)
    return say(f"rules.op.{condition.op}", field=say(f"rules.field.{field.name}"), value=words)


def value_in_words(fact: str, field: str, value: Any) -> str:
    """A value as people say it; one without words of its own is shown as it is written."""
    if field == "region":
        return session.scalar(select(Region.name).where(Region.code == value)) or str(value)
    if field == "station":
        return session.scalar(select(Station.name).where(Station.id == UUID(value))) or str(value)
    key = f"{WORDS_OF_OTHERS.get((fact, field), f'rules.value.{field}')}.{value}"
    return say(key) if i18n.has(key) else str(value)


def usable_in_words(rule: Rule) -> str:
    """When the points can be used: 马上可用."""
    return say(f"rules.usable.{rule.usable}", n=rule.usable_after_days)


def expiry_in_words(rule: Rule) -> str:
    """How long the points last; nothing if they stay."""
    return say("rules.expires", n=rule.expires_after_days) if rule.expires_after_days else ""


def worth_in_words(rule: Rule) -> str:
    """How many points: 每满 30 分钟 5 分."""
    worth = rule.worth
    if worth.kind == "fixed":
        return say("rules.worth.fixed", points=worth.points, n=worth.points)
    if worth.kind == "multiplier":
        times = times_in_words(worth.percent)
        if not worth.of:
            return say("rules.worth.multiplier-all", times=times)
        return say("rules.worth.multiplier", times=times, rules=say("rules.list-comma").join(worth.of))
    unit = say(f"rules.unit.{worth.field}")
    if worth.kind == "per_unit":
        return say("rules.worth.per_unit", points=worth.points, n=worth.points, every=worth.unit, unit=unit)
    tiers = (
        say("rules.worth.tier", at_least=tier.at_least, points=tier.points, unit=unit) for tier in worth.tiers
    )
    return say("rules.list-comma").join(tiers)


def times_in_words(percent: int) -> str:
    """150 percent as people write it: 1.5."""
    return f"{percent / 100:g}"


def cap_in_words(cap: Cap) -> str:
    """One cap: 每人每天最多 5 分."""
    kind = "points" if cap.points is not None else "times"
    who, period = say(f"rules.per.{cap.per}"), say(f"rules.each.{cap.period}")
    amount = cap.points if cap.points is not None else cap.times
    return say(f"rules.cap.{kind}", who=who, period=period, amount=amount, n=amount)
