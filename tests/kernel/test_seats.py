"""A few answer at once; whoever waits for others, or has waited a moment, needs no seat."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.kernel import seats
from app.kernel.lanes import Lane
from app.kernel.seats import Seated, stand_up
from tests.kernel.gathering import gathered


class Seats:
    """So many seats, and what was done with them."""

    def __init__(self, free: int) -> None:
        self.free, self.least = free, free

    def acquire(self, timeout: float) -> bool:
        assert timeout == seats.MOMENT_S
        if not self.free:
            return False
        self.free -= 1
        self.least = min(self.least, self.free)
        return True

    def release(self) -> None:
        self.free += 1


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], Seats]]:
    made: list[Seats] = []

    def of(free: int) -> Seats:
        made.append(Seats(free))
        monkeypatch.setattr(seats, "_seats", made[-1])
        return made[-1]

    yield of
    for each in made:
        assert each.free >= 0


def answered(inside: Callable[[], Any]) -> Any:
    return list(Seated(lambda _environ, _start: [inside()])({}, lambda *_: None))


def test_a_request_takes_a_seat_and_gives_it_back(room: Callable[[int], Seats]) -> None:
    two = room(2)
    assert answered(lambda: two.free) == [1]
    assert two.free == 2


def test_one_application_inside_another_takes_one_seat(room: Callable[[int], Seats]) -> None:
    two = room(2)
    assert answered(lambda: answered(lambda: two.free)) == [[1]]
    assert two.free == 2


def test_it_is_given_back_whatever_happens(room: Callable[[int], Seats]) -> None:
    one = room(1)
    with pytest.raises(ZeroDivisionError):
        answered(lambda: 1 // 0)
    assert one.free == 1


def test_who_has_waited_a_moment_goes_on_without_one_and_gives_none_back(
    room: Callable[[int], Seats],
) -> None:
    none = room(0)
    assert answered(lambda: "answered") == ["answered"]
    assert none.free == 0


def test_who_waits_for_others_stands_up_and_goes_on_without(room: Callable[[int], Seats]) -> None:
    one = room(1)

    def inside() -> tuple[int, int]:
        before = one.free
        stand_up()
        stand_up()
        return before, one.free

    assert answered(inside) == [(0, 1)]
    assert one.free == 1


def test_who_waits_in_a_lane_takes_nobodys_seat(room: Callable[[int], Seats]) -> None:
    several = room(3)
    free_meanwhile: list[int] = []

    def settle(group: Any) -> list[str]:
        free_meanwhile.append(several.free)
        return ["settled" for _ in group]

    lane: Lane[Any, Any] = Lane(settle)
    calls = [lambda: answered(lambda: lane.go(1, alone=lambda: "alone"))] * 3
    assert gathered(lane, *calls) == [["settled"]] * 3
    assert free_meanwhile == [3]
    assert several.least == 2  # they came one after the other, and each stood up to wait
    assert several.free == 3
