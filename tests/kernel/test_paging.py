"""A list goes on where it ended: newest first, nothing twice, nothing left out, and it says when there is no more."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.kernel.db import transaction
from app.kernel.idempotency import IdempotencyRecord
from app.kernel.paging import Page, page
from tests.kernel.conftest import write_mark

KEY = IdempotencyRecord.id


def names(part: Page[IdempotencyRecord]) -> list[str]:
    return [each.key for each in part.items]


@pytest.fixture
def five(app) -> None:
    with transaction():
        for name in "abcde":
            write_mark(name)


def test_page_after_page_everything_comes_once_and_the_newest_first(five) -> None:
    found, cursor = [], None
    with transaction(write=False):
        while True:
            part = page(select(IdempotencyRecord), KEY, cursor, 2)
            found.append(names(part))
            if part.next_cursor is None:
                break
            cursor = part.next_cursor
    assert found == [["e", "d"], ["c", "b"], ["a"]]


@pytest.mark.parametrize(("limit", "goes_on"), [(4, True), (5, False), (6, False)])
def test_it_goes_on_only_if_there_is_more(five, limit: int, goes_on: bool) -> None:
    with transaction(write=False):
        part = page(select(IdempotencyRecord), KEY, None, limit)
    assert (len(part.items), part.next_cursor is not None) == (min(limit, 5), goes_on)


def test_after_the_last_one_there_is_an_empty_page(five) -> None:
    with transaction(write=False):
        cursor = page(select(IdempotencyRecord), KEY, None, 4).next_cursor
        none = select(IdempotencyRecord).where(IdempotencyRecord.key == "e")
        assert page(none, KEY, cursor, 4) == Page([], None)
        assert names(page(select(IdempotencyRecord), KEY)) == list("edcba")
