"""A rule as the evaluator reads it: plain frozen data, made from the JSON of a version (checked when it was saved)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.kernel.i18n import pick

AT_ONCE, ON_OUTCOME = "at_once", "on_outcome"
RIDER, STATION = "rider", "station"
DAY, WEEK, MONTH = "day", "week", "month"


@dataclass(frozen=True, slots=True)
class Condition:
    """`field op value`, and all of a rule's conditions must hold."""

    field: str
    op: str
    value: Any


@dataclass(frozen=True, slots=True)
class Tier:
    """From this amount on, so many points."""

    at_least: int
    points: int


@dataclass(frozen=True, slots=True)
class Worth:
    """How many points: fixed, so many per full unit of a field, or by the highest tier reached."""

    kind: str
    points: int = 0
    field: str | None = None
    unit: int = 1
    tiers: tuple[Tier, ...] = ()


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many points, or so many times, per rider or station and period."""

    per: str
    period: str
    points: int | None = None
    times: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of policy."""

    key: str
    fact: str
    when: tuple[Condition, ...]
    worth: Worth
    caps: tuple[Cap, ...]
    usable: str
    expires_after_days: int | None
    words: Mapping[str, str]

    def words_in(self, locale: str | None = None) -> str:
        """The rule's name in the reader's language."""
        return pick(self.words["zh"], self.words["en"], locale)

    def names(self, field: str, value: str) -> bool:
        """Whether a condition of this rule asks for exactly this value of a field."""
        return any(
            each.field == field
            and ((each.op == "is" and each.value == value) or (each.op == "one_of" and value in each.value))
            for each in self.when
        )


def read(rules: Iterable[Mapping[str, Any]]) -> tuple[Rule, ...]:
    """The rules of a version from its JSON."""
    return tuple(_rule(each) for each in rules)


def _rule(data: Mapping[str, Any]) -> Rule:
    worth = dict(data["points"])
    worth["tiers"] = tuple(
        sorted((Tier(**tier) for tier in worth.get("tiers", ())), key=lambda tier: tier.at_least)
    )
    return Rule(
        key=data["key"],
        fact=data["fact"],
        when=tuple(Condition(**each) for each in data.get("when", ())),
        worth=Worth(**worth),
        caps=tuple(Cap(**each) for each in data.get("caps", ())),
        usable=data["usable"],
        expires_after_days=data.get("expires_after_days"),
        words=data["words"],
    )
