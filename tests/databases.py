"""The database under test: one per process, empty before each test, and put back as it was built once.

SQLite unless FENGXING_TEST_DATABASE_URL names a PostgreSQL server (any database on it that may create others).
"""

from __future__ import annotations

import json
import os
import pickle
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from functools import cache, wraps
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO, ParamSpec, TypeVar

import sqlalchemy as sa

from app.kernel import clock, ids, randomness, rights
from app.kernel import db as database

T = TypeVar("T")
P = ParamSpec("P")

SERVER_URL = os.environ.get("FENGXING_TEST_DATABASE_URL")
SERVES = "fengxing_test_serves"  # as in production, who serves owns nothing: see app/kernel/rights.py


def new_database(purpose: str, like: str | None = None) -> str:
    """The address of a fresh database on the test server, for this process; of the same tables and rows as another."""
    url = sa.make_url(str(SERVER_URL))
    name = f"fengxing_test_{purpose}_{os.getpid()}"
    server = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        template = f" TEMPLATE {sa.make_url(like).database}" if like else ""
        connection.execute(sa.text(f"CREATE DATABASE {name}{template}"))
    server.dispose()
    return url.set(database=name).render_as_string(hide_password=False)


def owner() -> sa.Engine:
    """As whoever owns the tables, and may take a guard away: who serves cannot."""
    engine = database.db.engine
    return _owning(engine.url.difference_update_query(["options"])) if SERVER_URL else engine


@cache
def _owning(url: sa.URL) -> sa.Engine:
    return sa.create_engine(url)


_home: str | None = None  # some tests have an application on a database of its own besides


def make_tables() -> None:
    """All tables, once in a process."""
    global _home
    _home = database.db.engine.url.database
    database.Base.metadata.create_all(owner())
    if SERVER_URL:
        _grant(owner())
    database.disconnect()
    if not SERVER_URL:
        shutil.copy(_file(), _file().with_suffix(".empty"))


def _grant(engine: sa.Engine) -> None:
    """Give whoever serves the rights of production; another worker may just have made the role."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        with suppress(sa.exc.DBAPIError):
            connection.exec_driver_sql(f"CREATE ROLE {SERVES}")
        connection.exec_driver_sql(f"CREATE TABLE IF NOT EXISTS {rights.VERSIONS} (version_num text)")
        for statement in rights.grants(SERVES):
            connection.exec_driver_sql(statement)


# --- empty ---------------------------------------------------------------------------------------------------------


def empty() -> None:
    """Take away what the last test left."""
    if SERVER_URL:
        _empty_server()
    else:
        put_in_place(_file().with_suffix(".empty"))


def _file() -> Path:
    return Path(str(database.db.engine.url.database))


def put_in_place(copy: Path) -> None:
    """Go on with this copy of the SQLite database."""
    global _log_at_rest
    database.session.remove()
    if not _written_over(copy):
        _replace_by(copy)
    _log_at_rest = _log_size()


_log_at_rest = 0  # it grows with whatever is written


def _log_size() -> int:
    log = Path(f"{_file()}-wal")
    return log.stat().st_size if log.exists() else 0


def _replace_by(copy: Path) -> None:
    database.disconnect()
    file = _file()
    for side in ("-wal", "-shm"):
        Path(f"{file}{side}").unlink(missing_ok=True)
    fresh = Path(shutil.copy(copy, file.with_suffix(".fresh")))
    fresh.replace(file)  # a new file: a request of the last test that still runs keeps the old one to itself


def _written_over(copy: Path) -> bool:
    """Whether the pages of the copy could be put beneath the connections that are open.

    To read the schema anew takes each of them as long as a small test. So the file is changed as another process would:
    all that was written is brought into it, nobody is at work on it, and one more commit tells those who have read of
    it that what they know of its pages is old.
    """
    if not _bring_log_into_file():
        return False
    with copy.open("rb") as kept, _file().open("r+b") as file:
        (pages, schema), (most, read) = _heading(kept), _heading(file)
        if schema != read or pages > most:
            return False
        shutil.copyfileobj(kept, file)
    with closing(sqlite3.connect(_file(), isolation_level=None)) as other:
        other.execute(f"PRAGMA user_version = {next(_changes)}")
    return True


_changes = count(1)


def _bring_log_into_file() -> bool:
    """False if somebody is still at work on it."""
    pools: list[Any] = [engine.pool for engine in database.db.engines.values()]
    if any(pool.checkedout() for pool in pools):
        return False
    with closing(database.db.engine.raw_connection()) as lent:
        connection: Any = lent.driver_connection
        (busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def _heading(file: BinaryIO) -> tuple[int, int]:
    """How many pages there are (more than that would be taken for damage by those who have read it), and the number by
    which a connection knows that what it has read of the schema is still true (SQLite's file format, 1.3)."""
    heading = file.read(44)
    file.seek(0)
    return int.from_bytes(heading[28:32]), int.from_bytes(heading[40:44])


def _empty_server() -> None:
    """Delete what the last test left. TRUNCATE of all tables takes ten times as long; after VACUUM nothing is left of
    where rows lay, so no test sees another's order."""
    if used := _used():
        deletes = "; ".join(f"DELETE FROM {table}" for table in used)
        with _beyond_triggers() as connection:
            connection.exec_driver_sql(f"{WITHOUT_TRIGGERS}; {deletes}")
            connection.exec_driver_sql(f"VACUUM {', '.join(used)}")


WITHOUT_TRIGGERS = "SET LOCAL session_replication_role = replica"  # of the one text, which is one transaction


def _beyond_triggers() -> sa.Connection:
    return owner().connect().execution_options(isolation_level="AUTOCOMMIT")


def _used() -> list[str]:
    """The tables on the server with any row in them. Few have anything in their files: only these are asked."""
    with _beyond_triggers() as connection:
        sized = connection.scalars(sa.text(WITH_A_SIZE)).all()
        tables = [f'"{each.name}"' for each in database.Base.metadata.sorted_tables if each.name in sized]
        rows = " UNION ALL ".join(f"(SELECT '{table}' FROM {table} LIMIT 1)" for table in tables)
        return list(connection.scalars(sa.text(rows))) if rows else []


WITH_A_SIZE = (
    "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
    " AND pg_relation_size(oid) > 0"
)


# --- built once ----------------------------------------------------------------------------------------------------

_asked: Counter[str] = Counter()
# What each returned, the newest id in it, and what puts its rows back.
_kept: dict[str, tuple[bytes, int, Callable[[], None]]] = {}
_numbers = count()
WORTH_KEEPING = 2  # what is asked for once in a process is not


def built_once(build: Callable[P, T]) -> Callable[P, T]:
    """What this makes where nothing is yet, given the same and at the same moment, is the same each time: from the
    third time on the rows are put back and what it returned is read again, instead of lived through.

    Not for what a test takes away outside of the database, as a photo's file.
    """

    @wraps(build)
    def made(*args: P.args, **how: P.kwargs) -> T:
        world = _name(build, args, how)
        if world is None or not _untouched():
            return build(*args, **how)
        if world not in _kept:
            return _build(world, lambda: build(*args, **how))
        returned, newest, put_back = _kept[world]
        put_back()
        ids.begin_anew(newest)  # what is made from here on comes after it
        again: T = pickle.loads(returned)
        return again

    return made


def _name(build: Callable[..., object], args: object, how: object) -> str | None:
    """What is built, of what and when, whoever asks; none, if it is given what has no words."""
    try:
        given = json.dumps([args, how], sort_keys=True)
    except TypeError:
        return None
    return f"{build.__module__}.{build.__qualname__} {given} {clock.now()}"


def _untouched() -> bool:
    """Whether nothing was written here since the last test, and no unit of work is open."""
    if database.db.engine.url.database != _home or database.session().in_transaction():
        return False
    if SERVER_URL:
        return not _used()
    return _log_size() == _log_at_rest


def _build(world: str, build: Callable[[], T]) -> T:
    ids.begin_anew()  # whichever test came before
    with randomness.use(randomness.Seeded(world)):
        made = build()
    _asked[world] += 1
    if _asked[world] == WORTH_KEEPING:
        _kept[world] = pickle.dumps(made), ids.newest(), _keep(next(_numbers))
    return made


def _keep(number: int) -> Callable[[], None]:
    """Keep all rows there are; returns what puts them back where nothing is."""
    if SERVER_URL:
        return _keep_rows(f"kept_{number}")
    copy = _file().with_suffix(f".{number}")
    database.session.remove()
    if not _bring_log_into_file():
        database.disconnect()  # whoever is last takes the log into the file
    shutil.copy(_file(), copy)
    return lambda: put_in_place(copy)


def _keep_rows(schema: str) -> Callable[[], None]:
    used = _used()
    copies = "; ".join(f"CREATE TABLE {schema}.{table} AS TABLE {table}" for table in used)
    inserts = "; ".join(f"INSERT INTO {table} SELECT * FROM {schema}.{table}" for table in used)
    with _beyond_triggers() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {schema}; {copies}")

    def put_back() -> None:
        with _beyond_triggers() as connection:
            connection.exec_driver_sql(f"{WITHOUT_TRIGGERS}; {inserts}")

    return put_back
