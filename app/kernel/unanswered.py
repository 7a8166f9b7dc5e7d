"""Writing without waiting for an answer, in units of work that were begun so (see `kernel.db.in_transaction`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NoReturn, cast

from sqlalchemy import ClauseElement, Executable, Insert, Table, insert

from app.kernel import embedded
from app.kernel.db import Base, Hindered, insert_if_absent, session
from app.kernel.messages import Write
from app.kernel.running import running


def is_unanswered() -> bool:
    """Whether the running unit of work writes without waiting for answers (and could run again)."""
    unit = running()
    return unit is not None and unit.unanswered is not None


def wait_for_answers() -> None:
    """From here on this unit of work waits for each answer. For those who read what they have written."""
    unit = running()
    if unit is None:
        return
    if unit.unanswered:
        raise RuntimeError("something was written unanswered before")
    unit.unanswered = None


def run_again() -> NoReturn:
    """Something is unusual: nothing of this is written, and the unit of work runs again, waiting for each answer."""
    raise Hindered


def put(statement: ClauseElement, values: Mapping[str, Any], *, one: bool = False) -> None:
    """Write something whose answer says nothing new; in an unanswered unit of work with the COMMIT.

    `one`: there it must change a row, or the unit of work runs again. Elsewhere the caller asks for the answer itself.
    """
    unit = running()
    if unit is not None and unit.unanswered is not None:
        unit.unanswered.append(Write(statement, values, one))
    else:
        write(statement, values)


def write(statement: ClauseElement, values: Mapping[str, Any]) -> int:
    """Write something and wait for the answer: how many rows it was. The statement is built once."""
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        return embedded.change(statement, values, connection)
    return connection.execute(cast(Executable, statement), dict(values)).rowcount


def put_all(statement: ClauseElement, rows: Sequence[Mapping[str, Any]]) -> None:
    """The same for each of these values; in one statement where answers are waited for."""
    if is_unanswered():
        for values in rows:
            put(statement, values)
    elif rows:
        connection = session.connection()
        if connection.dialect.name == "sqlite":
            embedded.change_each(statement, rows, connection)
        else:
            connection.execute(cast(Executable, statement), [dict(values) for values in rows])


def claim(model: type[Base], values: Mapping[str, Any]) -> bool:
    """`insert_if_absent` of what is nearly always absent: an unanswered unit believes so, and runs again if not."""
    if is_unanswered():
        put(_insert(cast(Table, model.__table__)), values)
        return True
    return insert_if_absent(model, values)


@cache
def _insert(table: Table) -> Insert:
    return insert(table)
