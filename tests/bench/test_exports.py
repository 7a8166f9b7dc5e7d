"""The search of `make exports` finds a name that should not be there, and is not fooled by those that may be."""

from __future__ import annotations

import pytest

from bench.exports import _within
from bench.names import names

AGREED = frozenset({"卓玛·扎西·格日勒", "王小明"})


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("编号 李四 248", 1),
        ("卓玛·扎西·格日勒", 0),
        ("卓玛·扎西·格\n日勒", 0),
        ("卓玛·扎西·格日勒\n扎西·格日勒", 1),
        ("扎西·格日勒 卓玛", 1),
        ("李四和扎西·格日勒", 2),
        ("李* 扎****勒", 0),
    ],
)
def test_a_name_is_found_unless_it_is_part_of_one_that_may_be_there(text: str, count: int) -> None:
    assert _within(text, ["李四", "扎西·格日勒"], but=AGREED) == count


def test_names_are_as_many_as_asked_no_two_alike_and_the_same_each_time() -> None:
    made = names(3_000, 7)
    assert len(set(made)) == 3_000
    assert made == names(3_000, 7)
    assert made != names(3_000, 8)
    assert any("·" in name for name in made)
    assert any(len(name) == 2 for name in made)
