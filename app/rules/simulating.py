"""Rules over a stream of past facts, with counters in memory: the same closures and caps as live, no database.

`Book` is one wording at work; `Tallying` runs a draft beside the wording in force and adds up what the forecast tells.
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
from app.rules.rulebook import MULTIPLIER, RIDER, WEEK, Rule

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
        self._used: dict[tuple[str, str, int | str, str], list[int]] = {}

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
        points, fields, used = total, happened.fields, self._used
        counters: dict[tuple[str, str, int | str, str], list[int]] = {}
        for cap in rule.caps:
            period = period_of(cap, rule, happened.day, fields)
            if period is None:
                continue
            whose = happened.person if cap.per == RIDER else subject_of(cap, happened.person, fields)
            key = (rule.key, cap.per, whose, period)
            counter = used.get(key)
            if counter is None:
                counter = used[key] = [0, 0]
            counters[key] = counter  # two caps may look at one counter
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


@dataclass(slots=True)
class Cell:
    """Facts of one kind, place, occupation and time of day: counted for each of them, split up only at the end."""

    facts: int = 0
    minutes: int = 0
    people: set[int] = field(default_factory=set)
    draft: dict[str, list[int]] = field(default_factory=dict)  # rule → [points, times, points cut by caps]
    before: dict[str, list[int]] = field(default_factory=dict)


class Tallying:
    """Both wordings at work on a stream of facts. `depth` is how deep in the region's path the split by region is made.

    `occupations` is read as it grows.
    """

    def __init__(
        self, *, draft: Sequence[Rule], before: Sequence[Rule], occupations: Sequence[str], depth: int
    ) -> None:
        self._tally = Tally(kind_of_rule={rule.key: rule.fact for rule in draft})
        self._draft, self._before = Book(draft), Book(before)
        self._occupations, self._depth = occupations, depth
        self._cells: dict[tuple[str, str, str, str], Cell] = defaultdict(Cell)

    def add(self, facts: Iterable[Happened]) -> None:
        """The next facts of the stream."""
        cells, occupations = self._cells, self._occupations
        draft, before = self._tally.draft, self._tally.before
        for happened in facts:
            by_draft, by_before = self._draft.give(happened), self._before.give(happened)
            if not happened.counts:
                continue
            kind, person, fields = happened.kind, happened.person, happened.fields
            cell = cells[kind, fields["region"], occupations[person], _SHIFT_AT[fields["time"][:2]]]
            cell.facts += 1
            cell.people.add(person)
            if kind == "hours":
                cell.minutes += int(fields.get("minutes", 0))
            if by_draft:
                _note(draft, cell.draft, by_draft, happened)
            if by_before:
                _note(before, cell.before, by_before, happened)

    def result(self) -> Tally:
        """Everything added up. Asked once, at the end."""
        for (kind, path, occupation, shift), cell in self._cells.items():
            codes = path.strip("/").split("/")
            region = codes[self._depth] if self._depth < len(codes) else codes[-1]
            groups = (("region", region), ("occupation", occupation), ("shift", shift))
            self._count(kind, groups, cell)
            _add(self._tally.draft, cell.draft, kind, region, groups)
            _add(self._tally.before, cell.before, kind, region, groups)
        return self._tally

    def _count(self, kind: str, groups: Iterable[tuple[str, str]], cell: Cell) -> None:
        found = self._tally
        found.facts += cell.facts
        found.minutes += cell.minutes
        for dimension, group in groups:
            found.facts_by_kind_and_group[kind, dimension, group] += cell.facts
            found.people_by_group[dimension, group] |= cell.people


_SHIFT_AT = {f"{hour:02}": SHIFTS[hour // 6] for hour in range(24)}


def _note(side: Side, rules: dict[str, list[int]], given: list[Given], happened: Happened) -> None:
    sum_ = 0
    for rule, points, total in given:
        line = rules.get(rule.key)
        if line is None:
            line = rules[rule.key] = [0, 0, 0]
        line[0] += points
        line[1] += points > 0
        line[2] += total - points
        sum_ += points
    if sum_:
        side.by_week[day_label(WEEK, happened.day)] += sum_
        side.by_person[happened.person] += sum_


def _add(
    side: Side, rules: dict[str, list[int]], kind: str, region: str, groups: Iterable[tuple[str, str]]
) -> None:
    for key, sums in rules.items():
        line = side.by_rule.setdefault(key, [0, 0, 0])
        for place, number in enumerate(sums):
            line[place] += number
        points = sums[0]
        if not points:
            continue
        side.points += points
        side.by_region[region] += points
        side.by_kind[kind] += points
        for dimension, group in groups:
            side.by_group[dimension, group] += points
            side.by_rule_and_group[key, dimension, group] += points
