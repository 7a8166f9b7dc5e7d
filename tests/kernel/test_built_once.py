"""What many tests begin with is built twice in a process and then put back: nobody can tell the difference."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.identity.models import Person
from app.kernel import clock as city_clock
from app.kernel.db import db, session, transaction
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


@pytest.mark.once
def test_what_is_put_back_lies_beneath_connections_that_stay_open(app: Flask) -> None:
    riders_and_more(300)
    open_ones = standing_open(2)
    databases.empty()
    for connection in open_ones:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT count(*) FROM people").fetchone() == (0,)
    riders_and_more(3)
    assert [each.execute("SELECT count(*) FROM people").fetchone() for each in open_ones] == [(3,), (3,)]
    assert {id(each) for each in standing_open(2)} == {id(each) for each in open_ones}


@pytest.mark.once
def test_what_has_grown_is_put_back_where_there_was_little(app: Flask) -> None:
    riders_and_more(500)
    put_back = databases._keep(99)
    databases._replace_by(databases._file().with_suffix(".empty"))
    riders_and_more(1)
    put_back()
    assert len(riders()) == 500


@pytest.mark.once
def test_who_is_still_at_work_keeps_the_old_file_to_itself(app: Flask) -> None:
    riders_and_more(2)
    lent = db.engine.raw_connection()
    databases.empty()
    assert lent.cursor().execute("SELECT count(*) FROM people").fetchone() == (2,)
    assert riders() == []
    lent.close()


@pytest.mark.once
def test_a_schema_that_was_changed_is_put_back_too(app: Flask) -> None:
    with db.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER entries_append_only_update")
    databases.empty()
    with db.engine.connect() as connection:
        (there,) = connection.exec_driver_sql(
            "SELECT count(*) FROM sqlite_schema WHERE name = 'entries_append_only_update'"
        ).one()
    assert there == 1


def riders_and_more(many: int) -> None:
    with transaction():
        for number in range(many):
            make.rider(f"骑手{number}")


def standing_open(many: int) -> list[Any]:
    """Connections that nobody has at hand, and that have read what there is."""
    lent = [db.engine.raw_connection() for _ in range(many)]
    raw: list[Any] = [each.driver_connection for each in lent]
    for connection in raw:
        connection.execute("SELECT * FROM people").fetchall()
    for each in lent:
        each.close()
    return raw
