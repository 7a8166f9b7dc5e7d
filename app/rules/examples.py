"""A worked example: made-up facts, one after the other, and what a version gives for each. Nothing is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.identity.actors import Actor
from app.kernel.clock import city_day
from app.places import queries as places
from app.rules import queries, rulebook
from app.rules.kinds import KINDS
from app.rules.kinds.shape import where_and_when
from app.rules.simulating import Book, Happened


@dataclass(frozen=True, slots=True)
class ExampleGiven:
    """What one rule gave."""

    rule: str
    points: int
    cut: int


@dataclass(frozen=True, slots=True)
class Example:
    """What one made-up fact would give, rule by rule."""

    points: int
    rules: Sequence[ExampleGiven]


def try_examples(*, version_id: UUID, facts: Sequence[Mapping[str, Any]], by: Actor) -> list[Example]:
    """What a version gives for these facts in this order; caps fill up from one to the next."""
    version = queries.visible_version(version_id, by)
    book = Book(rulebook.read(version.rules))
    return [_example(book, each) for each in facts]


def _example(book: Book, given: Mapping[str, Any]) -> Example:
    path = places.region_path(given["region_code"])
    at = given["happened_at"]
    fields = where_and_when(path, at) | {"basis": KINDS[given["fact"]].usual_basis, "first_of_day": True}
    happened = Happened(given["fact"], given["rider"], city_day(at), fields | dict(given["fields_"]))
    lines = [ExampleGiven(rule.key, points, total - points) for rule, points, total in book.give(happened)]
    return Example(sum(each.points for each in lines), lines)
