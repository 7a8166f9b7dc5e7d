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

READING = "reading"  # the bind of connections that cannot write
WRITES = "fengxing_writes"  # whether those of an engine can: an option of its execution
CACHE_KB, STATEMENTS = 16_384, 512


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
        f"cache_size = -{CACHE_KB}",
        "temp_store = MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    writes = connection.get_execution_options().get(WRITES, True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


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


@contextmanager
def without_waiting(engine: Engine) -> Iterator[Connection]:
    """On SQLite, a transaction whose COMMIT nobody waits for: it is on the disk once the next one is, or never.

    By the one connection that writes anyway: another one would make it forget the pages it has at hand.
    """
    with engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        raw.execute("PRAGMA synchronous = NORMAL")
        try:
            with connection.begin():
                yield connection
            raw.execute("PRAGMA synchronous = FULL")
        except BaseException:
            connection.invalidate()  # whoever writes next is to wait for the disk, whatever went wrong here
            raise


def configuration(url: str) -> dict[str, Any]:
    """What Flask-SQLAlchemy must know of the database named by `url`."""
    # None beyond the pool: those would be opened and closed again and again. The last one used is the warmest.
    # Without hiding them, the text of an error quotes the values of its statement: names, phones, what people wrote.
    pool = {"pool_size": 20, "max_overflow": 0, "pool_use_lifo": True, "hide_parameters": True}
    if url.startswith("sqlite"):
        options: dict[str, Any] = {**pool, "connect_args": {"timeout": 30, "cached_statements": STATEMENTS}}
        reading = {"url": url, **options, "execution_options": {WRITES: False}}
        return {
            "SQLALCHEMY_DATABASE_URI": url,
            "SQLALCHEMY_ENGINE_OPTIONS": options,
            "SQLALCHEMY_BINDS": {READING: reading},
        }
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


def _only_read(connection: sqlite3.Connection, _record: Any) -> None:
    # Once and for all. To turn it on and off makes SQLite forget how it carries out the statements it has kept.
    connection.execute("PRAGMA query_only = ON")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KB // 8}")  # there may be twenty, and one that writes


def make_reading(engine: Engine) -> None:
    """On SQLite, let its connections write nothing; on a server, let those of its cursors live that stay there."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _only_read)
    else:
        event.listen(engine, "before_cursor_execute", _begin_for_cursor)


def begin_reading(connection: Connection, begin: str) -> None:
    """Begin a transaction on a connection of a reading engine, unless there is one."""
    raw: Any = connection.connection.driver_connection
    if raw.info.transaction_status == raw.info.transaction_status.IDLE:
        raw.execute(begin)
