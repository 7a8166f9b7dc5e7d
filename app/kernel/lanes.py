"""A lane: what arrives while something is being settled is settled together next, in one unit of work.

One COMMIT and one asking for what they share serve all of them. Nobody waits for company: whoever finds the lane free
goes at once, alone and in the ordinary way, and what comes meanwhile forms the next group. There is no thread of its
own: one of those that wait leads its group, so a process that dies takes with it only what nobody was told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Event, Lock
from typing import Generic, TypeVar

from app.kernel.observing import log
from app.kernel.seats import stand_up

A = TypeVar("A")
T = TypeVar("T")


class OneByOne(Exception):
    """Something stands in the way of settling these together: nothing was done, each is to go by itself."""


class _Place(Generic[A, T]):
    """Where something waits in the lane, until it was settled in a group or is to lead the next one."""

    def __init__(self, asked: A) -> None:
        self.asked = asked
        self.told: T | None = None
        self.leads = False
        self.called = Event()

    def is_called_to_lead(self) -> bool:
        """Wait for the end of the group that it is in, or for the lead of it."""
        stand_up()
        self.called.wait()
        return self.leads


class Lane(Generic[A, T]):
    """`settle` takes a group in the order of arrival. For each it returns what is told; None: it goes by itself.

    `most`: so many in a group.
    """

    def __init__(self, settle: Callable[[Sequence[A]], Sequence[T | None]], *, most: int = 32) -> None:
        self._settle = settle
        self._most = most
        self._waiting: list[_Place[A, T]] = []
        self._busy = False
        self._lock = Lock()

    def go(self, asked: A, *, alone: Callable[[], T]) -> T:
        """What this comes to: with others if there are any, otherwise (and for whatever is unusual) by `alone`."""
        with self._lock:
            place: _Place[A, T] | None = _Place(asked) if self._busy else None
            if place is not None:
                self._waiting.append(place)
            self._busy = True
        if place is None:
            return self._lead((), alone)
        if place.is_called_to_lead():
            return self._lead(self._next_group(), alone)
        return alone() if place.told is None else place.told

    def _next_group(self) -> list[_Place[A, T]]:
        with self._lock:
            group, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
        return group

    def _lead(self, group: Sequence[_Place[A, T]], alone: Callable[[], T]) -> T:
        """The first of the group leads it; who is the only one goes alone, and keeps the lane as long."""
        try:
            if len(group) < 2:
                return alone()
            self._settle_all(group)
        finally:
            self._hand_on()
            for each in group:
                each.called.set()
        told = group[0].told
        return alone() if told is None else told

    def _settle_all(self, group: Sequence[_Place[A, T]]) -> None:
        try:
            told = self._settle([each.asked for each in group])
        except OneByOne:
            return
        except Exception:  # noqa: BLE001 -- one of them is poisoned: each by itself will show which
            log.exception("lane-broken", items=len(group))
            return
        for each, answer in zip(group, told, strict=True):
            each.told = answer

    def _hand_on(self) -> None:
        with self._lock:
            if not self._waiting:
                self._busy = False
                return
            following = self._waiting[0]
            following.leads = True
        following.called.set()
