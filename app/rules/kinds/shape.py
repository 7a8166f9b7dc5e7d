"""The one shape of a fact kind: which fields its conditions may look at, and with which operators.

What the burden-relief rules forbid (streaks, ranks, time online, money) is not a field of any kind: no rule can use it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.kernel.calendar import DAY_SORTS, day_sort
from app.kernel.clock import city_time

MAX_CHOICES = 50
REGION = re.compile(r"^[0-9]{2,20}\Z")
TIME = re.compile(r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z")

OPERATORS: dict[str, tuple[str, ...]] = {
    "choice": ("is", "is_not", "one_of", "none_of"),
    "whole": ("is", "at_least", "at_most", "one_of"),
    "flag": ("is",),
    "region": ("inside",),
    "station": ("is", "is_not", "one_of", "none_of"),
    "time": ("between",),
}
OF_SEVERAL = ("one_of", "none_of", "between")  # these take a list

# How a fact is known: proven by scans, witnessed by somebody who answers for it, or entered later.
PROVEN, WITNESSED, BACKFILLED = "proven", "witnessed", "backfilled"
BASES = (PROVEN, WITNESSED, BACKFILLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One thing known about a fact. A field with a `unit` can be counted (points per so many)."""

    name: str
    type: str
    choices: tuple[str, ...] = ()
    minimum: int = 0
    maximum: int = 0
    unit: str | None = None

    @property
    def possible(self) -> str:
        """What a value may be, for whoever got it wrong."""
        if self.type == "whole":
            return f"{self.minimum}…{self.maximum}"
        examples = {
            "flag": "true, false",
            "region": "320102",
            "station": "00000000-0000-0000-0000-000000000000",
            "time": "07:30, 22:00",
        }
        return examples.get(self.type) or ", ".join(self.choices)

    def takes(self, value: Any) -> bool:
        """Whether this single value can be one of the field."""
        if self.type == "flag":
            return isinstance(value, bool)
        if self.type == "whole":
            return _is_whole(value) and self.minimum <= value <= self.maximum
        if not isinstance(value, str):
            return False
        if self.type == "choice":
            return value in self.choices
        if self.type == "station":
            return _is_uuid(value)
        return bool((TIME if self.type == "time" else REGION).match(value))

    def problem_with(self, op: str, value: Any) -> str | None:
        """The key of the sentence that says what is wrong with a condition on this field, None if nothing is."""
        if op not in OPERATORS[self.type]:
            return "rules.problem.operator"
        if op not in OF_SEVERAL:
            return None if self.takes(value) else "rules.problem.value"
        if not isinstance(value, list) or not 1 <= len(value) <= MAX_CHOICES:
            return "rules.problem.choices"
        if not all(self.takes(each) for each in value):
            return "rules.problem.value"
        if op == "between" and (len(value) != 2 or value[0] == value[1]):
            return "rules.problem.from-until"
        return None


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


EVERYWHERE = (
    Field(name="region", type="region"),
    Field(name="time", type="time"),
    Field(name="hour", type="whole", minimum=0, maximum=23),
    Field(name="weekday", type="whole", minimum=1, maximum=7),
    Field(name="day", type="choice", choices=DAY_SORTS),
    Field(name="first_of_day", type="flag"),
    Field(name="weather", type="flag"),
    Field(name="emergency", type="flag"),
    Field(name="grid_member", type="flag"),
    Field(name="basis", type="choice", choices=BASES),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FactKind:
    """A kind of fact: its own fields besides those of EVERYWHERE."""

    name: str
    own_fields: tuple[Field, ...] = ()
    usual_basis: str = PROVEN  # how such a fact is known, where its event does not say
    has_outcome: bool = False  # only then may a rule say that points wait for it
    step: str | None = (
        None  # the field that says how far it is; a rule gives at one step, for it gives once per fact
    )

    # Entered later: earns only where a condition names it.
    must_be_named = {"basis": BACKFILLED}

    @property
    def fields(self) -> dict[str, Field]:
        return {field.name: field for field in EVERYWHERE + self.own_fields}

    def names_one_step(self, conditions: Sequence[Mapping[str, Any]]) -> bool:
        """Whether these conditions hold at one step of such a fact only."""
        return self.step is None or any(
            each["field"] == self.step
            and (each["op"] == "is" or (each["op"] == "one_of" and len(each["value"]) == 1))
            for each in conditions
        )

    @property
    def has_station(self) -> bool:
        return "station" in self.fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that happened, as the rules see it. `fields` holds plain JSON values only: it can be kept."""

    kind: str
    id: UUID
    person_id: UUID
    region_code: str
    happened_at: datetime
    fields: Mapping[str, Any]

    @property
    def stage(self) -> str:
        """A fact with stages (a report accepted, then resolved) is judged once per stage."""
        return str(self.fields.get("stage", ""))

    @property
    def sort(self) -> str:
        """The kind, with its stage if it has one: of each sort one fact is a rider's first of the day."""
        return f"{self.kind}:{self.stage}" if self.stage else self.kind


def where_and_when(region_path: str, happened_at: datetime) -> dict[str, Any]:
    """The fields of EVERYWHERE that follow from place and time alone, on the city's wall clock."""
    wall = city_time(happened_at)
    return {
        "region": region_path,
        "time": wall.strftime("%H:%M"),
        "hour": wall.hour,
        "weekday": wall.isoweekday(),
        "day": day_sort(wall.date()),
    }
