"""A wallet as simple as it can be said: lots by their day, and lists of what was taken from which."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from app.ledger.models import NEVER

GRACE = timedelta(days=30)
Taken = dict[date, int]  # how many points of which lot


@dataclass
class ModelLot:
    """Points of one day; `due_on` is when they go."""

    due_on: date
    points: int = 0
    held: int = 0

    @property
    def free(self) -> int:
        return self.points - self.held


@dataclass
class ModelWallet:
    """What a rider has."""

    lots: dict[date, ModelLot] = field(default_factory=dict)

    @property
    def balance(self) -> int:
        return sum(lot.points for lot in self.lots.values())

    @property
    def held(self) -> int:
        return sum(lot.held for lot in self.lots.values())

    @property
    def usable(self) -> int:
        return self.balance - self.held

    def put(self, points: int, day: date | None, today: date) -> Taken:
        """Points come in, to be used to the end of a day."""
        expires_on = day or NEVER
        self.lots.setdefault(expires_on, ModelLot(expires_on)).points += points
        self.grace([expires_on], today)
        return {expires_on: points}

    def plan(self, points: int, first: Iterable[date] = ()) -> Taken:
        """Which lots so many points come out of."""
        order = sorted(self.lots.items(), key=lambda each: (each[0] not in first, each[1].due_on, each[0]))
        plan: Taken = {}
        for day, lot in order:
            if points and lot.free:
                plan[day] = min(points, lot.free)
                points -= plan[day]
        return plan

    def take(self, plan: Taken) -> Taken:
        """They come out."""
        for day, points in plan.items():
            self.lots[day].points -= points
        return plan

    def hold(self, plan: Taken) -> Taken:
        """They are reserved."""
        for day, points in plan.items():
            self.lots[day].held += points
        return plan

    def let_go(self, plan: Taken) -> None:
        """They are free again."""
        for day, points in plan.items():
            self.lots[day].held -= points

    def part_of(self, plan: Taken, points: int) -> Taken:
        """The earliest of what a hold reserved."""
        part: Taken = {}
        for day in sorted(plan, key=lambda each: (self.lots[each].due_on, each)):
            if points:
                part[day] = min(points, plan[day])
                points -= part[day]
        return part

    def give_back(self, taken: Taken, points: int, today: date) -> None:
        """So many of what was taken come back, the latest day first; `taken` says what may still come."""
        came: list[date] = []
        for day in sorted(taken, reverse=True):
            back = min(points, taken[day])
            if back:
                self.lots[day].points += back
                taken[day] -= back
                points -= back
                came.append(day)
        self.grace(came, today)

    def grace(self, days: Iterable[date], today: date) -> None:
        """What comes to a lot whose time is over lives a while more."""
        for day in days:
            if self.lots[day].due_on < today:
                self.lots[day].due_on = today + GRACE

    def expire(self, today: date) -> int:
        """What nobody used and nobody holds is gone; how many points."""
        due = [lot for lot in self.lots.values() if lot.due_on < today]
        gone = sum(lot.free for lot in due)
        for lot in due:
            lot.points = lot.held
        return gone
