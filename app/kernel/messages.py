"""Several statements as one message to PostgreSQL: nobody waits for an answer to each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import psycopg
from psycopg import generators
from sqlalchemy import ClauseElement, Connection, Dialect, Insert
from sqlalchemy.exc import DBAPIError

from app.kernel.prepared import prepared


class Write(NamedTuple):
    """A statement and its values. `one`: it must change a row; if it finds none, that is an error."""

    statement: ClauseElement
    values: Mapping[str, Any]
    one: bool = False


def send(
    writes: Iterable[Write], connection: psycopg.Connection[Any], dialect: Dialect, *, end: Callable[[], None]
) -> None:
    """All of these, in their order, and what `end` says. Of one that fails, none stays. Raises DBAPIError."""
    try:
        with connection.pipeline() as pipeline, _held_back(pipeline), connection.cursor() as cursor:
            for statement, values, one in writes:
                made = prepared(statement, dialect, tuple(values), one)
                cursor.execute(made.text, made.parameters(values), prepare=True)
            end()
    except psycopg.Error as error:
        raise _wrapped(error, dialect, lost=connection.closed) from error


def ask(
    statement: ClauseElement, values: Mapping[str, Any], connection: Connection
) -> Sequence[Sequence[Any]]:
    """The rows of one statement inside the running transaction, by the driver: a third of the way through the layers.

    The statement is built once, with its values left open. Raises DBAPIError.
    """
    return ask_unless(-1, statement, values, connection) or ()


def ask_unless(
    known: int, statement: ClauseElement, values: Mapping[str, Any], connection: Connection
) -> Sequence[Sequence[Any]] | None:
    """The same; None if there are just so many rows: then the caller knows them, and they are not read."""
    raw: Any = connection.connection.driver_connection
    made = prepared(statement, connection.dialect, tuple(values) if isinstance(statement, Insert) else ())
    try:
        with raw.cursor() as cursor:
            cursor.execute(made.text, made.parameters(values), prepare=True)
            if cursor.rowcount == known:
                return None
            found = cursor.fetchall()
    except psycopg.Error as error:
        if raw.closed:
            connection.invalidate()
        raise _wrapped(error, connection.dialect, lost=raw.closed) from error
    return made.converted(found)


def _wrapped(error: psycopg.Error, dialect: Dialect, *, lost: bool) -> DBAPIError:
    made: DBAPIError = DBAPIError.instance(  # type: ignore[assignment]
        None, None, error, psycopg.Error, connection_invalidated=lost, dialect=dialect
    )
    return made


# psycopg's pipeline flushes after each statement and looks whether an answer is there: two calls of the system for
# each, and PostgreSQL wakes up each time. Ours keeps all of them until the end: one flush, then all answers.


@contextmanager
def _held_back(pipeline: Any) -> Iterator[None]:
    """Keep everything until this ends; the end of the pipeline then sends it, also what came before a fault."""

    def at_once() -> Iterator[Any]:
        while pipeline.command_queue:
            pipeline.command_queue.popleft()()
        yield from generators.send(pipeline.pgconn)
        yield from pipeline._fetch_gen(flush=False)  # noqa: SLF001

    pipeline._communicate_gen = _nothing  # noqa: SLF001
    try:
        yield
    finally:
        pipeline._communicate_gen = at_once  # noqa: SLF001


def _nothing() -> Iterator[None]:
    yield from ()
