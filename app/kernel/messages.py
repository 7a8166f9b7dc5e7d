"""Several statements as one message to PostgreSQL: nobody waits for an answer to each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple

import psycopg
from psycopg import generators
from sqlalchemy import ClauseElement, Dialect
from sqlalchemy.exc import DBAPIError


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
                cursor.execute(
                    *_compiled(statement, tuple(values), one, dialect).filled(values), prepare=True
                )
            end()
    except psycopg.Error as error:
        raise DBAPIError.instance(
            None, None, error, psycopg.Error, connection_invalidated=connection.closed, dialect=dialect
        ) from error


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


class _Compiled:
    """The text of a statement with its values left open, and what makes each of them ready for the driver."""

    def __init__(self, statement: ClauseElement, names: tuple[str, ...], one: bool, dialect: Dialect) -> None:
        self.compiled = statement.compile(dialect=dialect, column_keys=list(names))
        text = str(self.compiled)
        self.text = f"WITH done AS ({text} RETURNING 1) SELECT 1 / count(*) FROM done" if one else text  # noqa: S608
        binds = self.compiled.binds  # type: ignore[attr-defined]
        made = {name: each.type.dialect_impl(dialect).bind_processor(dialect) for name, each in binds.items()}
        self.makes = [(name, make) for name, make in made.items() if make is not None]

    def filled(self, values: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        given = dict(self.compiled.construct_params(dict(values)) or {})
        for name, make in self.makes:
            given[name] = make(given[name])
        return self.text, given


@lru_cache(maxsize=64)
def _compiled(statement: ClauseElement, names: tuple[str, ...], one: bool, dialect: Dialect) -> _Compiled:
    return _Compiled(statement, names, one, dialect)
