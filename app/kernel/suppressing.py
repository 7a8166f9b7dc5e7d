"""Statistics protect people: a count of fewer than ten persons is not shown, nor can it be worked out from the rest."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

FEWEST = 10

K = TypeVar("K", bound=Hashable)


def suppressed(people: Mapping[K, int]) -> set[K]:
    """The groups of a table that must not be shown, by how many persons are in each.

    Groups under ten are hidden. If what is hidden adds up to fewer than ten persons, or is a single group that the
    total would give away, the smallest of the others is hidden as well.
    """
    hidden = {group for group, count in people.items() if 0 < count < FEWEST}
    if not hidden:
        return hidden
    shown = sorted((count, str(group), group) for group, count in people.items() if count >= FEWEST)
    if shown and (len(hidden) == 1 or sum(people[group] for group in hidden) < FEWEST):
        hidden.add(shown[0][2])
    return hidden
