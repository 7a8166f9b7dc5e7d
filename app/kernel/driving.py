"""Statements that are built once and sent all day, by the shortest way there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy.engine import Engine

from app.kernel import embedded, messages, straight
from app.kernel.db import Statement, is_reading, reader_at_rest, session


def rows(statement: Statement, values: Mapping[str, Any], *, anew: bool = False) -> Sequence[Sequence[Any]]:
    """All rows of a statement that was built once, with its parameters left open.

    On PostgreSQL it goes to the driver directly: the way through the layers costs three times as much there as the
    statement itself. (No `IN` with a list of open length on this way; see `bulk.one_of`.)

    `anew`: PostgreSQL plans it for these values each time. For those whose values decide what is the best way: a plan
    that is good for any page of a long list sorts all of it.
    """
    reading = reader_at_rest()
    if reading is not None:
        with suppress(reading.dialect.loaded_dbapi.Error):
            return _by_the_driver(reading, statement, values, anew)
        # Once more, by the way that knows a lost connection from a mistake.
    session.flush()
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        return embedded.ask(statement, values, connection)
    if not is_reading():
        return messages.ask(statement, values, connection)
    return connection.execute(statement, values).all()


def _by_the_driver(
    engine: Engine, statement: Statement, values: Mapping[str, Any], anew: bool
) -> Sequence[Sequence[Any]]:
    lent = engine.raw_connection()
    try:
        return straight.ask(statement, values, lent, anew=anew)
    except engine.dialect.loaded_dbapi.Error as error:
        lent.invalidate(error)
        raise
    finally:
        lent.close()
