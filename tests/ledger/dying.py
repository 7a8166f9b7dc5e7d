"""Letting the process die at one statement: before it reached the database, or after, when nobody heard the answer."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, event

from app.kernel.db import db


class Death(BaseException):
    """The process is gone; no code of it sees this, and its connection just ends."""


@dataclass
class Life:
    """How many statements were lived through, COMMIT counted as one, and whether that was the one to die at."""

    statements: int = 0
    committed: bool = False


@contextmanager
def dying(*, at: int, after: bool) -> Iterator[Life]:
    """Die at the statement of this number (from 1), before it is sent or after it was done. Longer lives go on."""
    engine, life = db.engine, Life()
    commit = engine.dialect.do_commit

    def before_statement(connection: Connection, *_: Any) -> None:
        life.statements += 1
        if life.statements == at and not after:
            connection.invalidate()
            raise Death

    def after_statement(connection: Connection, cursor: Any, *_: Any) -> None:
        if life.statements == at and after:
            cursor.close()
            connection.invalidate()
            raise Death

    def do_commit(connection: Any) -> None:
        life.statements += 1
        if life.statements == at and not after:
            raise Death  # SQLAlchemy throws a connection away on which this happens
        commit(connection)
        life.committed = True
        if life.statements == at:
            raise Death

    event.listen(engine, "before_cursor_execute", before_statement)
    event.listen(engine, "after_cursor_execute", after_statement)
    engine.dialect.do_commit = do_commit  # type: ignore[method-assign]
    try:
        yield life
    finally:
        engine.dialect.do_commit = commit  # type: ignore[method-assign]
        event.remove(engine, "before_cursor_execute", before_statement)
        event.remove(engine, "after_cursor_execute", after_statement)
        gc.collect()  # a cursor that somebody still holds would keep SQLite's lock, which no dead process does
