"""The pure part of a selection: facts and criteria in, ordered and chosen candidates out, the same everywhere.

Eligibility  enrolled for so many days at the end of the period; so many confirmed minutes (back-filled ones do not
             count towards it); so many minutes of training; no open integrity hold.
Score        for each component `weight * (min(value, cap) * 1000 // cap)`, whole numbers only.
Order        higher score first; then the sources named in `tie_break`, more first, in that order (`enrolled_days`:
             longer first); then the pseudonym, which means nothing and cannot be chosen.
Quotas       {by, group, at_least, at_most}; no group: each group of that kind by itself (then only `at_most`).
Choice       1. each quota with `at_least`, in the order written, takes the best of its group who break no `at_most`,
                until so many of the group are chosen or seats or people run out;
             2. the remaining seats go down the order, passing over whoever would break an `at_most`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from operator import attrgetter
from typing import Any, NamedTuple

from app.cases.grades import GRADES
from app.rules.kinds import KINDS
from app.volunteering.models import BASES

CRITERIA_FORMAT = 2
TRAINING = "training.minutes"
GROUPS = ("district", "occupation", "platform")
# Nothing said in private and nothing said about a person is ever among them; earlier honours do not breed new ones.
SOURCES = (
    *(f"hours.{basis}" for basis in BASES),
    "reports.resolved",
    *(f"reports.{grade}" for grade in GRADES),
    "callups.rescue",
    "breadth.categories",
    TRAINING,
    *(f"points.{kind}" for kind in KINDS if kind != "honour"),
)
ENROLLED_DAYS = "enrolled_days"
TIES = (*SOURCES, ENROLLED_DAYS)
OPEN_HOLDS = "holds.open"  # only ever keeps somebody out; it is no source


@dataclass(slots=True)
class Facts:
    """What the snapshot holds about one person: no name, no phone, only what the criteria may look at."""

    pseudonym: str
    enrolled_on: date
    values: dict[str, int] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)


class Scored(NamedTuple):
    """One eligible person, where the criteria put him, and whether they choose him."""

    pseudonym: str
    score: int
    position: int
    parts: tuple[int, ...]
    chosen: bool


def why_not_eligible(facts: Facts, criteria: Mapping[str, Any], period_end_on: date) -> str | None:
    """Which condition is not met, None if all are."""
    needed, values = criteria["eligibility"], facts.values
    if (period_end_on - facts.enrolled_on).days < needed["enrolled_days"]:
        return "enrolled-days"
    if values.get("hours.proven", 0) + values.get("hours.witnessed", 0) < needed["minimum_minutes"]:
        return "minimum-minutes"
    if values.get(TRAINING, 0) < needed.get("training_minutes", 0):
        return "training"
    return "open-hold" if values.get(OPEN_HOLDS) else None


def parts_of(facts: Facts, criteria: Mapping[str, Any]) -> tuple[int, ...]:
    """What each component adds to the score, in the order of the criteria."""
    return _parts(facts.values, _components(criteria))


def _components(criteria: Mapping[str, Any]) -> list[tuple[str, int, int]]:
    return [(each["source"], each["weight"], each["cap"]) for each in criteria["components"]]


def _parts(values: Mapping[str, int], components: Sequence[tuple[str, int, int]]) -> tuple[int, ...]:
    return tuple(
        [weight * (min(values.get(source, 0), cap) * 1000 // cap) for source, weight, cap in components]
    )


def order(facts: Iterable[Facts], criteria: Mapping[str, Any], period_end_on: date) -> list[Scored]:
    """Everybody eligible, best first, with those whom the seats and quotas take, whatever order the facts came in."""
    components, ties = _components(criteria), criteria["tie_break"]
    by_name = [
        each
        for each in sorted(facts, key=attrgetter("pseudonym"))
        if why_not_eligible(each, criteria, period_end_on) is None
    ]
    parts = [_parts(each.values, components) for each in by_name]
    standing = [
        (-sum(own), *[-_tie_value(each, tie, period_end_on) for tie in ties])
        for own, each in zip(parts, by_name, strict=True)
    ]
    # Who stands equal stays in the order of the pseudonyms.
    best_first = sorted(range(len(by_name)), key=standing.__getitem__)
    taken = choose([by_name[each] for each in best_first], criteria)
    return [
        Scored(name := by_name[each].pseudonym, -standing[each][0], number, parts[each], name in taken)
        for number, each in enumerate(best_first, start=1)
    ]


def _tie_value(facts: Facts, tie: str, period_end_on: date) -> int:
    if tie == ENROLLED_DAYS:
        return (period_end_on - facts.enrolled_on).days
    return facts.values.get(tie, 0)


def choose(ranked: Sequence[Facts], criteria: Mapping[str, Any]) -> set[str]:
    """The pseudonyms that get a seat. `ranked` is in order."""
    seats, quotas = criteria["seats"], criteria.get("quotas", [])
    taken: set[str] = set()
    full: Counter[tuple[str, str]] = Counter()

    def take(each: Facts) -> None:
        taken.add(each.pseudonym)
        full.update(each.groups.items())

    for quota in quotas:
        mine = (quota["by"], quota["group"])
        for each in ranked:
            if len(taken) == seats or full[mine] >= quota["at_least"]:
                break
            if each.pseudonym not in taken and mine in each.groups.items() and _fits(each, full, quotas):
                take(each)
    for each in ranked:
        if len(taken) == seats:
            break
        if each.pseudonym not in taken and _fits(each, full, quotas):
            take(each)
    return taken


def _fits(facts: Facts, full: Counter[tuple[str, str]], quotas: Sequence[Mapping[str, Any]]) -> bool:
    return all(full[group] < most for group, most in _limits(facts, quotas))


def _limits(facts: Facts, quotas: Sequence[Mapping[str, Any]]) -> Iterator[tuple[tuple[str, str], int]]:
    """The groups of a person that have a limit, and which. Whoever told no group is under no limit of that kind."""
    for quota in quotas:
        group = facts.groups.get(quota["by"])
        if group is not None and quota["at_most"] is not None and quota["group"] in (None, group):
            yield (quota["by"], group), quota["at_most"]
