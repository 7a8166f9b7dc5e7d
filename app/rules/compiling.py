"""Rules as plain Python closures: each condition and each amount is bound once, so that judging a fact only calls.

Nothing here parses or runs text of a rule; a condition can do what the operators below do, and no more.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from app.rules.kinds import KINDS
from app.rules.rulebook import FIXED, PER_UNIT, TIERED, Condition, Rule, Worth

Fields = Mapping[str, Any]
Test = Callable[[Fields], bool]
Amount = Callable[[Fields], int]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A rule, ready to be asked."""

    rule: Rule
    tests: tuple[tuple[Condition, Test], ...]
    is_named: Test  # False for a fact that was entered later, unless the rule asks for such
    holds: Test  # all of the above at once
    total: Amount  # before caps; 0 for a multiplier, which looks at other rules instead

    def missed(self, fields: Fields) -> tuple[Condition, ...]:
        """The conditions that do not hold."""
        return tuple(condition for condition, test in self.tests if not test(fields))


_last: tuple[tuple[Rule, ...] | None, Mapping[str, tuple[Compiled, ...]]] = None, {}


def compiled(rules: tuple[Rule, ...]) -> Mapping[str, tuple[Compiled, ...]]:
    """The rules by the kind of fact they speak about, in their order; multipliers after those they multiply."""
    global _last
    known, made = _last  # one pair, read at once: another thread may put another
    if known is not rules:  # many facts in a row are judged by the same rules, and these are long to compare
        made = _compiled(rules)
        _last = rules, made
    return made


@lru_cache(maxsize=256)
def _compiled(rules: tuple[Rule, ...]) -> Mapping[str, tuple[Compiled, ...]]:
    made: dict[str, list[Compiled]] = {}
    for rule in rules:
        made.setdefault(rule.fact, []).append(_compile(rule))
    return {kind: tuple(each) for kind, each in made.items()}


def _compile(rule: Rule) -> Compiled:
    tests = tuple((condition, _test(condition)) for condition in rule.when)
    is_named = _named(rule)
    holds = _all([is_named, *(test for _, test in tests)])
    return Compiled(rule, tests, is_named, holds, _amount(rule.worth))


def _all(tests: Sequence[Test]) -> Test:
    match len(tests):
        case 1:
            return tests[0]
        case 2:
            first, second = tests
            return lambda fields: first(fields) and second(fields)
        case 3:
            first, second, third = tests
            return lambda fields: first(fields) and second(fields) and third(fields)
    return lambda fields: all(test(fields) for test in tests)


def _named(rule: Rule) -> Test:
    ((name, value),) = KINDS[rule.fact].must_be_named.items()
    if rule.names(name, value):
        return lambda fields: True
    return lambda fields: fields.get(name) != value


def _test(condition: Condition) -> Test:
    make = _OPERATORS.get(condition.op)
    if make is None:
        raise AssertionError(f"unknown operator {condition.op}")
    return make(condition.field, condition.value)


def _is(name: str, asked: Any) -> Test:
    return lambda fields: bool(fields.get(name) == asked)


def _is_not(name: str, asked: Any) -> Test:
    return lambda fields: bool(fields.get(name) != asked)


def _one_of(name: str, asked: Any) -> Test:
    known = frozenset(asked)
    return lambda fields: fields.get(name) in known


def _none_of(name: str, asked: Any) -> Test:
    known = frozenset(asked)
    return lambda fields: fields.get(name) not in known


def _at_least(name: str, asked: Any) -> Test:
    return lambda fields: (value := fields.get(name)) is not None and value >= asked


def _at_most(name: str, asked: Any) -> Test:
    return lambda fields: (value := fields.get(name)) is not None and value <= asked


def _inside(name: str, asked: Any) -> Test:
    whole, first = f"/{asked}/", f"{asked}/"
    return lambda fields: whole in (path := str(fields.get(name))) or path.startswith(first)


def _between(name: str, asked: Any) -> Test:
    """From the first moment on, until before the second; a span like 22:00 to 06:00 goes over midnight."""
    start, end = asked
    if start < end:
        return lambda fields: (value := fields.get(name)) is not None and start <= value < end
    return lambda fields: (value := fields.get(name)) is not None and (value >= start or value < end)


_OPERATORS: Mapping[str, Callable[[str, Any], Test]] = {
    "is": _is,
    "is_not": _is_not,
    "one_of": _one_of,
    "none_of": _none_of,
    "at_least": _at_least,
    "at_most": _at_most,
    "inside": _inside,
    "between": _between,
}


def _amount(worth: Worth) -> Amount:
    points, name = worth.points, worth.field or ""
    if worth.kind == FIXED:
        return lambda fields: points
    if worth.kind == PER_UNIT:
        unit = worth.unit
        return lambda fields: int(fields.get(name, 0)) // unit * points  # only full units count
    if worth.kind == TIERED:
        levels = [tier.at_least for tier in worth.tiers]
        given = [0, *(tier.points for tier in worth.tiers)]
        return lambda fields: given[bisect_right(levels, int(fields.get(name, 0)))]
    return lambda fields: 0
