"""Connections to the database: how each is prepared, how a transaction begins, which ones reads use."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from sqlalchemy import event, make_url
from sqlalchemy.engine import Connection, Engine

from app.kernel.errors import Unavailable
from app.kernel.seats import stand_up

PATIENCE_S = 30  # how long a writer waits for SQLite's one file, in this process and among several
_writing = Lock()

READING = "reading"  # the bind of connections that cannot write (PostgreSQL)


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, _record: Any) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.isolation_level = None  # the begin hook below says BEGIN, not the driver
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        f"busy_timeout = {PATIENCE_S * 1000}",
    ):
        connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    write = connection.get_execution_options().get("fengxing_write", True)
    connection.exec_driver_sql(f"PRAGMA query_only = {'OFF' if write else 'ON'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


@contextmanager
def turn_to_write(engine: Engine) -> Iterator[None]:
    """On SQLite there is one writer: threads of this process queue for it here. Raises Unavailable.

    To ask the file again and again whether it is free, as SQLite does among processes, leaves some waiting for a second
    while others pass.
    """
    if engine.dialect.name != "sqlite":
        yield
        return
    stand_up()
    if not _writing.acquire(timeout=PATIENCE_S):
        raise Unavailable
    try:
        yield
    finally:
        _writing.release()


def configuration(url: str) -> dict[str, Any]:
    """What Flask-SQLAlchemy must know of the database named by `url`."""
    # None beyond the pool: those would be opened and closed again and again. The last one used is the warmest.
    # Without hiding them, the text of an error quotes the values of its statement: names, phones, what people wrote.
    pool = {"pool_size": 20, "max_overflow": 0, "pool_use_lifo": True, "hide_parameters": True}
    if url.startswith("sqlite"):
        options: dict[str, Any] = {**pool, "connect_args": {"timeout": 30}}
        return {"SQLALCHEMY_DATABASE_URI": url, "SQLALCHEMY_ENGINE_OPTIONS": options}
    # No ping before each use: a lost connection shows itself at its first statement, the pool then forgets all that are
    # as old, and the unit of work runs again (see `in_transaction`).
    options = {**pool, "pool_recycle": 1800}
    reads = {"isolation_level": "AUTOCOMMIT", "connect_args": _for_reads(url)}
    return {
        "SQLALCHEMY_DATABASE_URI": url,
        "SQLALCHEMY_ENGINE_OPTIONS": options,
        "SQLALCHEMY_BINDS": {READING: {"url": url, **options, **reads}},
    }


def _for_reads(url: str) -> dict[str, str]:
    """What a connection that cannot write asks for beside the address."""
    asked = make_url(url).query
    given = asked.get("options", ())
    said = " ".join((*((given,) if isinstance(given, str) else given), "-c default_transaction_read_only=on"))
    if asked.get("target_session_attrs") != "read-write":
        return {"options": said}
    # Of several servers the one that takes writes: the driver would not find it by trying, as we ask for reads only.
    return {"options": said, "target_session_attrs": "primary"}


def _begin_for_cursor(connection: Connection, cursor: Any, *_: Any) -> None:
    """A cursor that stays on the server has a name and lives in a transaction; a read has begun none."""
    if hasattr(cursor, "name"):
        begin_reading(connection, "BEGIN READ ONLY")


def watch_cursors(reading: Engine) -> None:
    """Let those cursors of a reading engine live that stay on the server."""
    event.listen(reading, "before_cursor_execute", _begin_for_cursor)


def begin_reading(connection: Connection, begin: str) -> None:
    """Begin a transaction on a connection of a reading engine, unless there is one."""
    raw: Any = connection.connection.driver_connection
    if raw.info.transaction_status == raw.info.transaction_status.IDLE:
        raw.execute(begin)
