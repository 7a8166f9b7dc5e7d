"""What many tests begin with is built twice in a process and then put back: nobody can tell the difference."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.identity.models import Person
from app.kernel import clock as city_clock
from app.kernel.db import session, transaction
from app.kernel.ids import new_id
from tests import databases, make
from tests.databases import built_once

BUILT: list[str] = []


@built_once
def two(nickname: str, on: date | None = None) -> list[Person]:
    """Two riders who sort in the order they came."""
    BUILT.append(nickname)
    with transaction():
        return [make.rider(nickname), make.rider(f"{nickname}二")]


@pytest.fixture
def built(app: Flask) -> list[str]:
    BUILT.clear()
    databases._asked.clear()
    databases._kept.clear()
    return BUILT


def riders() -> list[str]:
    with transaction(write=False):
        return list(session.scalars(select(Person.nickname).order_by(Person.id)))


def kept(nickname: str) -> list[Person]:
    """As the third who asks gets it."""
    for _ in range(databases.WORTH_KEEPING):
        two(nickname)
        databases.empty()
    return two(nickname)


def test_the_third_who_asks_gets_the_rows_and_what_was_returned(built: list[str]) -> None:
    first = [each.id for each in two("赵")]
    databases.empty()
    again = kept("赵")
    assert built == ["赵", "赵"]
    assert [each.id for each in again] == first
    assert riders() == ["赵", "赵二"]


def test_what_is_made_afterwards_comes_after_it(built: list[str]) -> None:
    newest = kept("赵")[1].id
    assert all(new_id() > newest for _ in range(50))


def test_others_get_their_own(built: list[str]) -> None:
    kept("赵")
    databases.empty()
    two("钱")
    assert riders() == ["钱", "钱二"]


def test_another_moment_is_another_world(built: list[str], clock: Any) -> None:
    kept("赵")
    databases.empty()
    clock.advance(days=1)
    assert two("赵")[0].created_at == city_clock.now()


def test_what_stands_there_already_is_not_taken_away(built: list[str]) -> None:
    kept("赵")
    databases.empty()
    with transaction():
        make.rider("周")
    two("赵")
    assert sorted(riders()) == ["周", "赵", "赵二"]


def test_what_has_no_words_is_built_each_time(built: list[str]) -> None:
    for _ in range(databases.WORTH_KEEPING + 1):
        databases.empty()
        two("赵", city_clock.city_day(city_clock.now()))
    assert built == ["赵"] * 3


def test_a_unit_of_work_that_is_open_keeps_its_database(built: list[str]) -> None:
    kept("赵")
    databases.empty()
    with transaction():
        assert not databases._untouched()
        assert session.scalar(select(func.count()).select_from(Person)) == 0
