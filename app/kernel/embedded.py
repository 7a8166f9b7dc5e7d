"""Statements to SQLite by its driver: built once, their values made ready here, without the layers in between.

The file is in our own process: to find a row takes some millionths of a second, and the way through SQLAlchemy some
ten times as long. Rows go one after another, for a trigger looks at each of them anyway; so an INSERT says of each
whether it was there already, and nothing is read back.

Who listens to an engine's statements (tests do) hears of these as of all others.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

from sqlalchemy import ClauseElement, Connection, Table
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DBAPIError

from app.kernel.arrays import defaults_of
from app.kernel.prepared import prepared

Row = Mapping[str, Any]


def ask(statement: ClauseElement, values: Row, connection: Connection) -> Sequence[Sequence[Any]]:
    """The rows of a statement that was built once, with its values left open. Raises DBAPIError."""
    made = prepared(statement, connection.dialect)
    given = made.in_order(values)
    with _sent(made.text, given, connection) as cursor:
        return made.converted(cursor.execute(made.text, given).fetchall())


def change(statement: ClauseElement, values: Row, connection: Connection) -> int:
    """How many rows a statement has written or changed. Raises DBAPIError."""
    return change_each(statement, [values], connection)


def change_each(statement: ClauseElement, rows: Sequence[Row], connection: Connection) -> int:
    """The same with each of these values, which all have the same names."""
    made = prepared(statement, connection.dialect, tuple(rows[0]))
    given = made.all_in_order(rows)
    with _sent(made.text, given, connection) as cursor:
        return cursor.executemany(made.text, given).rowcount


def ask_each(
    statement: ClauseElement, rows: Sequence[Row], connection: Connection
) -> Sequence[Sequence[Any]]:
    """The first row that a statement gives back for each of these values, of those where it gives one."""
    made = prepared(statement, connection.dialect, tuple(rows[0]))
    given = made.all_in_order(rows)
    with _sent(made.text, given, connection) as cursor:
        found = [cursor.execute(made.text, each).fetchone() for each in given]
    return made.converted([row for row in found if row is not None])


def insert_each(table: Table, rows: Sequence[Row], connection: Connection) -> list[bool]:
    """Insert rows; of each, whether no unique constraint held its like. All name the same columns."""
    missing = [(name, make) for name, make in defaults_of(table) if name not in rows[0]]
    whole = [{**row, **{name: make() for name, make in missing}} for row in rows] if missing else rows
    made = prepared(_insert(table), connection.dialect, tuple(whole[0]))
    given = made.all_in_order(whole)
    with _sent(made.text, given, connection) as cursor:
        return [cursor.execute(made.text, each).rowcount == 1 for each in given]


@cache
def _insert(table: Table) -> ClauseElement:
    return insert(table).on_conflict_do_nothing()


@contextmanager
def _sent(text: str, given: Sequence[Any], connection: Connection) -> Iterator[sqlite3.Cursor]:
    """What carries out a statement; closed afterwards, so that nothing is left half read."""
    raw: Any = connection.connection.driver_connection
    cursor, heard = raw.cursor(), connection.dispatch
    try:
        for listener in heard.before_cursor_execute:
            listener(connection, cursor, text, given, None, False)
        yield cursor
        for listener in heard.after_cursor_execute:
            listener(connection, cursor, text, given, None, False)
    except sqlite3.Error as error:
        raise DBAPIError.instance(None, None, error, sqlite3.Error, dialect=connection.dialect) from error
    finally:
        with suppress(sqlite3.ProgrammingError):  # what was lost meanwhile is closed already
            cursor.close()
