"""Chance that can be repeated. Everybody has a stream of their own, so one more rider changes nobody else's day."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from app.kernel.geo import Position

T = TypeVar("T")
METRES_PER_DEGREE = 111_195.0
LNG_SHRINKS = 0.85  # cosine of Nanjing's latitude


class Chance(random.Random):
    """A stream of chance, named by the seed of the run and by whom it belongs to."""

    def __init__(self, *name: object) -> None:
        super().__init__(":".join(map(str, name)))

    def happens(self, probability: float) -> bool:
        """Whether something of this probability happens now."""
        return self.random() < probability

    def one_of(self, options: Sequence[T]) -> T:
        """One of several, each as likely."""
        return options[int(self.random() * len(options))]

    def after(self, at: datetime, least_s: float, most_s: float) -> datetime:
        """An instant so many seconds later."""
        return at + timedelta(seconds=round(self.uniform(least_s, most_s), 3))

    def near(self, centre: Position, within_m: float) -> Position:
        """A place not farther than that from a centre. Rounded, so that it reads the same from every database."""
        north, east = (self.uniform(-within_m, within_m) * 0.7 / METRES_PER_DEGREE for _ in "ne")
        return Position(round(centre.lat + north, 6), round(centre.lng + east / LNG_SHRINKS, 6))
