"""A promise that was broken."""

from __future__ import annotations


class Violation(Exception):
    """An invariant (I0 to I18) does not hold, and what shows it."""

    def __init__(self, invariant: str, what: str) -> None:
        super().__init__(f"{invariant}: {what}")
        self.invariant = invariant
        self.what = what
