"""Rules over a stream of past facts, with counters in memory: the same closures and caps as live, no database.

`Book` is one wording at work; `tally` runs a draft beside the wording in force and adds up what the forecast tells.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from app.rules.compiling import Compiled, compiled
from app.rules.counting import day_label, period_of, subject_of
from app.rules.evaluating import multiplied
from app.rules.rulebook import MULTIPLIER, WEEK, Rule

SHIFTS = ("night", "morning", "afternoon", "evening")  # quarters of the day, from midnight on


class Happened(NamedTuple):
    """A past fact as the simulation reads it. `counts` is False for facts before the period: they only fill caps."""

    kind: str
    person: int  # a number within this run; nobody's name or id
    day: date
    fields: Mapping[str, Any]
    counts: bool = True


class Given(NamedTuple):
    """What a rule gave for a fact, and how many points its amount was before caps."""

    rule: Rule
    points: int
    total: int


class Book:
    """One wording, and how much of each cap it has used."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._lines = {
            kind: tuple(sorted(lines, key=_is_multiplier)) for kind, lines in compiled(tuple(rules)).items()
        }
        self._used: dict[tuple[str, str, str, str], list[int]] = {}

    def give(self, happened: Happened) -> list[Given]:
        """What each rule gives for this fact; those whose conditions do not hold are left out."""
        given: list[Given] = []
        fields = happened.fields
        for line in self._lines.get(happened.kind, ()):
            if line.holds(fields):
                rule = line.rule
                total = self._multiple(rule, given) if rule.worth.kind == MULTIPLIER else line.total(fields)
                if total:
                    points = self._capped(rule, total, happened) if rule.caps else total
                    given.append(Given(rule, points, total))
        return given

    def _multiple(self, rule: Rule, given: list[Given]) -> int:
        return multiplied(rule.worth, sum(each.points for each in given if rule.multiplies(each.rule)))

    def _capped(self, rule: Rule, total: int, happened: Happened) -> int:
        points, fields = total, happened.fields
        counters: dict[tuple[str, str, str, str], list[int]] = {}
        for cap in rule.caps:
            period = period_of(cap, rule, happened.day, fields)
            if period is None:
                continue
            key = (rule.key, cap.per, subject_of(cap, happened.person, fields), period)
            counter = counters[key] = self._used.setdefault(key, [0, 0])
            points = cap.left(points, counter[0], counter[1])
        if points:
            for counter in counters.values():
                counter[0] += points
                counter[1] += 1
        return points


def _is_multiplier(line: Compiled) -> bool:
    return line.rule.worth.kind == MULTIPLIER


@dataclass(slots=True)
class Side:
    """Sums of one wording."""

    points: int = 0
    by_rule: dict[str, list[int]] = field(default_factory=dict)  # key → [points, times, points cut by caps]
    by_region: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    by_week: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    by_person: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    by_kind: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    by_group: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    by_rule_and_group: dict[tuple[str, str, str], int] = field(default_factory=lambda: defaultdict(int))


@dataclass(slots=True)
class Tally:
    """Everything added up over a period: the draft, the wording in force, and the facts themselves."""

    draft: Side = field(default_factory=Side)
    before: Side = field(default_factory=Side)
    facts: int = 0
    minutes: int = 0  # of service
    kind_of_rule: dict[str, str] = field(default_factory=dict)  # of the draft
    facts_by_kind_and_group: dict[tuple[str, str, str], int] = field(default_factory=lambda: defaultdict(int))
    people_by_group: dict[tuple[str, str], set[int]] = field(default_factory=lambda: defaultdict(set))


def tally(
    stream: Iterable[Happened],
    *,
    draft: Sequence[Rule],
    before: Sequence[Rule],
    occupations: Sequence[str],
    depth: int,
) -> Tally:
    """Run both wordings over the facts. `depth` is how deep in the region's path the split by region is made."""
    found = Tally(kind_of_rule={rule.key: rule.fact for rule in draft})
    books = ((Book(draft), found.draft), (Book(before), found.before))
    for happened in stream:
        gifts = [(book.give(happened), side) for book, side in books]
        if not happened.counts:
            continue
        region, groups = _where_and_who(happened, occupations, depth)
        _note_fact(found, happened, groups)
        week = day_label(WEEK, happened.day)
        for given, side in gifts:
            if given:
                _add(side, given, happened, region, week, groups)
    return found


def _where_and_who(
    happened: Happened, occupations: Sequence[str], depth: int
) -> tuple[str, tuple[tuple[str, str], ...]]:
    codes = happened.fields["region"].strip("/").split("/")
    region = codes[depth] if depth < len(codes) else codes[-1]
    shift = SHIFTS[int(happened.fields["time"][:2]) // 6]
    occupation = occupations[happened.person]
    return region, (("region", region), ("occupation", occupation), ("shift", shift))


def _note_fact(found: Tally, happened: Happened, groups: Iterable[tuple[str, str]]) -> None:
    found.facts += 1
    if happened.kind == "hours":
        found.minutes += int(happened.fields.get("minutes", 0))
    for dimension, group in groups:
        found.facts_by_kind_and_group[happened.kind, dimension, group] += 1
        found.people_by_group[dimension, group].add(happened.person)


def _add(
    side: Side,
    given: list[Given],
    happened: Happened,
    region: str,
    week: str,
    groups: Iterable[tuple[str, str]],
) -> None:
    sum_ = 0
    for rule, points, total in given:
        line = side.by_rule.setdefault(rule.key, [0, 0, 0])
        line[0] += points
        line[1] += points > 0
        line[2] += total - points
        sum_ += points
        if points:
            for dimension, group in groups:
                side.by_rule_and_group[rule.key, dimension, group] += points
    if not sum_:
        return
    side.points += sum_
    side.by_region[region] += sum_
    side.by_week[week] += sum_
    side.by_person[happened.person] += sum_
    side.by_kind[happened.kind] += sum_
    for place in groups:
        side.by_group[place] += sum_
