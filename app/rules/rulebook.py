"""A rule as the evaluator reads it: plain frozen data, made from the JSON of a version (checked when it was saved)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.kernel.i18n import pick

AT_ONCE, ON_OUTCOME, AFTER_DAYS = "at_once", "on_outcome", "after_days"
USABLE = (AT_ONCE, ON_OUTCOME, AFTER_DAYS)
FIXED, PER_UNIT, TIERED, MULTIPLIER = "fixed", "per_unit", "tiered", "multiplier"
WORTHS = (FIXED, PER_UNIT, TIERED, MULTIPLIER)
RIDER, STATION, ALL = "rider", "station", "all"
SUBJECTS = (RIDER, STATION, ALL)  # whose: each rider's, each station's, everybody's together
DAY, WEEK, MONTH, CAMPAIGN = "day", "week", "month", "campaign"
PERIODS = (DAY, WEEK, MONTH, CAMPAIGN)


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
    """How many points: fixed, so many per full unit of a field, by the highest tier reached, or a multiple.

    A multiplier adds to what the rules named in `of` (all others about the fact, if none is named) gave for the same
    fact, after their caps: 150 percent of 8 points adds 4. Multipliers do not multiply each other.
    """

    kind: str
    points: int = 0
    field: str | None = None
    unit: int = 1
    tiers: tuple[Tier, ...] = ()
    percent: int = 100
    of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many points, or so many times, per rider, per station or for all, in a period."""

    per: str
    period: str
    points: int | None = None
    times: int | None = None

    def left(self, points: int, used_points: int, used_times: int) -> int:
        """How many of these points the cap lets through."""
        if self.points is not None:
            left = self.points - used_points
            return points if left >= points else max(left, 0)
        return points if used_times < (self.times or 0) else 0


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of policy."""

    key: str
    fact: str
    when: tuple[Condition, ...] = field(hash=False)
    worth: Worth
    caps: tuple[Cap, ...]
    usable: str
    usable_after_days: int | None
    expires_after_days: int | None
    words: Mapping[str, str] = field(hash=False)

    def words_in(self, locale: str | None = None) -> str:
        """The rule's name in the reader's language."""
        return pick(self.words["zh"], self.words["en"], locale)

    def names(self, field: str, value: Any) -> bool:
        """Whether a condition of this rule asks for exactly this value of a field."""
        return any(
            each.field == field
            and ((each.op == "is" and each.value == value) or (each.op == "one_of" and value in each.value))
            for each in self.when
        )

    def multiplies(self, other: Rule) -> bool:
        """Whether this rule adds to what the other one gave."""
        if self.worth.kind != MULTIPLIER or other.worth.kind == MULTIPLIER or other.fact != self.fact:
            return False
        return not self.worth.of or other.key in self.worth.of


def read(rules: Iterable[Mapping[str, Any]]) -> tuple[Rule, ...]:
    """The rules of a version from its JSON."""
    return tuple(_rule(each) for each in rules)


def _rule(data: Mapping[str, Any]) -> Rule:
    worth = dict(data["points"])
    worth["of"] = tuple(worth.get("of", ()))
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
        usable_after_days=data.get("usable_after_days"),
        expires_after_days=data.get("expires_after_days"),
        words=data["words"],
    )
