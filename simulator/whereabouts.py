"""Where an honest rider is: in one place at a time, and from one to the next no faster than the traffic.

A cheat's phone knows no whereabouts: whoever relays a code, makes up a position or lets a friend scan was not there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.kernel.geo import Position, distance_m

METRES_A_SECOND = 35 / 3.6  # 35 km/h as the crow flies: nobody in the city rides faster from door to door
STOP = timedelta(minutes=3)  # parking, and finding the door
SAME_SPOT_M = 100


@dataclass(slots=True)
class Whereabouts:
    """The last place somebody was at, or is on the way to: there since then, and held there until then.

    A place that nobody knows (None) is near everything.
    """

    since: datetime
    until: datetime
    place: Position | None = None

    def earliest(self, place: Position | None, at: datetime) -> datetime:
        """When one can be at a place, from now on."""
        metres = self.metres_to(place)
        if metres <= SAME_SPOT_M and self.place is not None:
            return max(at, self.since)
        # Whole seconds: the last digit of a sine is not the same on every machine.
        ride = timedelta(seconds=math.ceil(metres / METRES_A_SECOND))
        return max(at, self.until + ride + STOP) if metres else max(at, self.until)

    def can_be_at(self, place: Position | None, at: datetime) -> bool:
        """Whether one can be there now."""
        return self.earliest(place, at) <= at

    def metres_to(self, place: Position | None) -> float:
        """How far a place is from where one was last."""
        return distance_m(self.place, place) if self.place and place else 0.0

    def arrive(self, place: Position | None, at: datetime) -> None:
        """Be there now, and free to go; one who is held there already remains so."""
        if self.metres_to(place) > SAME_SPOT_M or self.until <= at:
            self.place, self.since, self.until = place, at, at

    def stay(self, until: datetime) -> None:
        """Not leave before then."""
        self.until = max(self.until, until)

    def set_out(self, place: Position | None, arrives: datetime, at: datetime) -> None:
        """Be on the way and do nothing else, unless one is still held where one is."""
        if self.until <= at:
            self.place, self.since, self.until = place, arrives, arrives
