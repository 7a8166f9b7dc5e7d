"""A lane: alone where nobody else is, together where somebody waits, and never stuck."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.kernel.lanes import Lane, OneByOne
from tests.kernel.gathering import LATE_S, gathered


class Counter:
    """Settles numbers by doubling them; remembers its groups, and who went alone."""

    def __init__(self, *, most: int = 32) -> None:
        self.groups: list[list[int]] = []
        self.alone: list[int] = []
        self.lane: Lane[int, str] = Lane(self.settle, most=most)

    def settle(self, group):
        self.groups.append(list(group))
        return [None if number < 0 else f"{number} in a group" for number in group]

    def ask(self, number):
        return lambda: self.lane.go(number, alone=lambda: self.by_itself(number))

    def by_itself(self, number):
        self.alone.append(number)
        if number == 1313:
            raise ValueError(number)
        return f"{number} alone"


def test_whoever_finds_the_lane_free_goes_alone():
    counter = Counter()
    assert [counter.ask(number)() for number in (1, 2)] == ["1 alone", "2 alone"]
    assert counter.groups == []


def test_those_who_wait_are_settled_together_in_the_order_they_came():
    counter = Counter()
    told = gathered(counter.lane, *(counter.ask(number) for number in (3, 1, 2)))
    assert told == ["3 in a group", "1 in a group", "2 in a group"]
    assert counter.groups == [[3, 1, 2]]


def test_the_unusual_goes_by_itself_and_the_others_stay_together():
    counter = Counter()
    assert gathered(counter.lane, counter.ask(1), counter.ask(-2), counter.ask(3)) == [
        "1 in a group",
        "-2 alone",
        "3 in a group",
    ]


def test_so_many_in_a_group_and_no_more():
    counter = Counter(most=2)
    told = gathered(counter.lane, *(counter.ask(number) for number in range(5)))
    assert counter.groups == [[0, 1], [2, 3]]
    assert told[4] == "4 alone"


@pytest.mark.parametrize("fault", [OneByOne(), ValueError("poisoned")])
def test_a_group_that_cannot_be_settled_goes_one_by_one(fault):
    counter = Counter()

    def broken(_group):
        raise fault

    counter.lane = Lane(broken)
    assert gathered(counter.lane, counter.ask(1), counter.ask(2)) == ["1 alone", "2 alone"]
    assert counter.ask(3)() == "3 alone"


def test_who_fails_alone_leaves_the_lane_to_the_next():
    counter = Counter(most=1)
    failed, after = gathered(counter.lane, counter.ask(1313), counter.ask(2))
    assert isinstance(failed, ValueError)
    assert after == "2 alone"
    assert counter.ask(3)() == "3 alone"


def test_nobody_is_lost_or_settled_twice_in_a_crowd():
    counter = Counter(most=3)
    with ThreadPoolExecutor(8) as crowd:
        told = list(crowd.map(lambda number: counter.ask(number)(), range(400), timeout=LATE_S))
    assert [int(each.split()[0]) for each in told] == list(range(400))
    settled = [number for group in counter.groups for number in group]
    assert sorted([*settled, *counter.alone]) == list(range(400))
