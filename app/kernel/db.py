"""The database: one session per request or job, one transaction around each unit of work, committed only here.

SQLite runs in WAL mode with foreign keys on; a write begins with BEGIN IMMEDIATE, so two writers queue instead of
failing half-way. PostgreSQL runs at READ COMMITTED; races are settled by constraints, conditional updates and row
locks. A read transaction cannot write on either database, so no GET can ever credit anything.

On PostgreSQL reads have connections of their own, on which nothing can be written and each statement stands for itself:
at READ COMMITTED a BEGIN would change nothing about what they see, and its ROLLBACK would make the driver forget every
statement that the server had prepared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar, cast
from uuid import UUID

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from sqlalchemy import (
    DDL,
    JSON,
    DateTime,
    Dialect,
    MetaData,
    Select,
    Table,
    Uuid,
    event,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    make_transient_to_detached,
    mapped_column,
)
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.types import TypeDecorator

from app.kernel import arrays, connecting, embedded, messages
from app.kernel.connecting import READING
from app.kernel.errors import Problem, Unavailable
from app.kernel.ids import new_id
from app.kernel.running import Unit, begin, end, running
from app.kernel.transience import is_transient

T = TypeVar("T")
M = TypeVar("M", bound="Base")
Statement = Select[*tuple[Any, ...]]
Row = Mapping[str, Any]

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(constraint_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """What every model inherits. Unique and check constraints must be given a short name."""

    metadata = MetaData(naming_convention=NAMING)


class _UnitSession(Session):
    """Every statement of a unit of work goes to the engine that the unit began with."""

    def get_bind(self, mapper: Any = None, clause: Any = None, bind: Any = None, **more: Any) -> Any:
        unit = running()
        if unit is None:
            return bind or super().get_bind(mapper, clause, bind, **more)
        unit.at_rest = False
        return bind or unit.engine


db = SQLAlchemy(
    metadata=Base.metadata,
    session_options={"class_": _UnitSession, "expire_on_commit": False, "autoflush": True},
)
session = db.session


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware UTC in Python, `timestamptz` on PostgreSQL, UTC text on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json = JSON().with_variant(JSONB(), "postgresql")


class IdMixin:
    """A UUIDv7 primary key, made by the application."""

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=new_id, sort_order=-1)


# --- connections ---------------------------------------------------------------------------------------------------


def install(app: Flask, url: str) -> None:
    """Connect the application with the database named by `url`."""
    app.config.update(connecting.configuration(url))
    db.init_app(app)
    with app.app_context():
        connecting.make_reading(db.engines[READING])


def disconnect() -> None:
    """Close every connection that nobody holds: the process forks, or the database is to be copied or dropped."""
    for engine in db.engines.values():
        engine.dispose()


# --- units of work -------------------------------------------------------------------------------------------------


class Hindered(Exception):
    """What a unit of work writes unanswered cannot be written so: it has to run again and wait for each answer."""


@contextmanager
def transaction(*, write: bool = True, unanswered: bool = False) -> Iterator[None]:
    """One unit of work: all of it or nothing. Nesting is refused, a read one cannot write.

    `unanswered`: see `in_transaction`. Raises Hindered if something stood in the way of what was written so.
    """
    if running() is not None or _is_session_in_use():
        raise RuntimeError("a unit of work is already open")
    with connecting.turn_to_write(db.engine) if write else nullcontext():
        engine = db.engines[None if write else READING]
        at_rest = not write and engine.dialect.name == "postgresql"
        unit = begin(Unit(write, engine, at_rest, [] if unanswered else None))
        try:  # already around the beginning: a database that is away must leave no half-open session
            if not at_rest:
                session.connection()
            yield
            if write:
                _send_unanswered(unit)
                session.commit()
        except BaseException:
            if session.registry.has():
                session.rollback()
            raise
        finally:
            session.remove()
            end()
    for hint in unit.hints if write else ():
        hint()


def after_commit(hint: Callable[[], None]) -> None:
    """Run a hint (wake a worker, clear a cache) once the running unit of work is safely stored."""
    unit = running()
    if unit is None:
        raise RuntimeError("no unit of work is open")
    unit.hints.append(hint)


def is_reading() -> bool:
    """Whether the running unit of work is one that cannot write."""
    unit = running()
    return unit is not None and not unit.write


def reader_at_rest() -> Engine | None:
    """In a read on PostgreSQL that has begun no transaction: where its statements go."""
    unit = running()
    return unit.engine if unit is not None and unit.at_rest else None


def _is_session_in_use() -> bool:
    """Whether this context's session is inside of a transaction. Most reads never make one."""
    return session.registry.has() and session().in_transaction()


def freeze() -> None:
    """Read one moment from here on, whatever others commit meanwhile. The first statement of a read transaction.

    On SQLite every read transaction does that by itself.
    """
    if dialect_name() == "postgresql":
        connecting.begin_reading(session.connection(), "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")


def in_transaction(
    call: Callable[[], T], *, write: bool = True, tries: int = 4, unanswered: bool = False
) -> T:
    """Run `call` as one unit of work; a serialization failure or deadlock runs the whole of it again.

    A Problem with `keep = True` is raised only after what was written before it has been committed.

    `unanswered`: on PostgreSQL, what `put` and `claim` write goes out in one message with the COMMIT: nobody waits for
    an answer to each, and a row that many share is locked no longer than the database itself needs. If anything stands
    in the way of one of them, nothing is written and the unit runs again, waiting for each: that run says what it was.
    """
    if unanswered and dialect_name() == "postgresql":
        try:
            return _patiently(lambda: _once(call, write, unanswered=True), tries)
        except Hindered:
            pass
    return _patiently(lambda: _once(call, write), tries)


def _send_unanswered(unit: Unit) -> None:
    writes, unit.unanswered = unit.unanswered, None
    if not writes:
        return
    session.flush()
    connection = session.connection()
    raw: Any = connection.connection.driver_connection
    try:
        messages.send(writes, raw, connection.dialect, end=raw.commit)
    except DBAPIError as error:
        if raw.closed:
            connection.invalidate()
        if is_transient(error):
            raise
        raise Hindered from error


def by_itself(statement: ReturningInsert[Any], each: Sequence[Row]) -> Sequence[Sequence[Any]]:
    """One statement with each of these values, committed at once, before the request's own unit of work begins.

    For counters that must stand whatever becomes of the request, but need not outlive a power cut: nobody waits for the
    disk because of them. (On PostgreSQL the statement has to say so itself.) Returns the first row of each, if any.
    """
    if _is_session_in_use():
        raise RuntimeError("a unit of work is already open")

    def run() -> Sequence[Sequence[Any]]:
        if (
            dialect_name() == "postgresql"
        ):  # wraps a lone statement by itself: no BEGIN, no COMMIT to wait for
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                told = [connection.execute(statement, values).first() for values in each]
                return [row for row in told if row is not None]
        with connecting.turn_to_write(db.engine), connecting.without_waiting(db.engine) as connection:
            return embedded.ask_each(statement, each, connection)

    return _patiently(run, 4)


def _patiently(call: Callable[[], T], tries: int) -> T:
    for attempt in range(1, tries + 1):
        try:
            return call()
        except DBAPIError as error:
            if not is_transient(error):
                raise
            if attempt == tries:
                raise Unavailable from error
    raise AssertionError("unreachable")


def _once(call: Callable[[], T], write: bool, *, unanswered: bool = False) -> T:
    kept: Problem | None = None
    with transaction(write=write, unanswered=unanswered):
        try:
            return call()
        except Problem as problem:
            if not (problem.keep and write):
                raise
            kept = problem
    raise kept


# --- statements both databases understand ----------------------------------------------------------------------------


def insert_if_absent(model: type[Base], values: Mapping[str, Any]) -> bool:
    """Insert one row unless a unique constraint already holds its like. True if it was inserted.

    On PostgreSQL a concurrent insert of the same key waits for the other transaction to end first.
    """
    table = cast(Table, model.__table__)
    if dialect_name() == "postgresql":
        statement = _insert_if_absent(table)
        return bool(messages.ask(statement, arrays.completed(table, values), session.connection()))
    return embedded.insert_each(table, [values], session.connection())[0]


def insert_all_if_absent(model: type[Base], rows: Sequence[Mapping[str, Any]]) -> set[tuple[Any, ...]]:
    """The same for many rows. The primary keys, which they name, of those that were inserted, each as a tuple.

    All rows name the same columns.
    """
    if not rows:
        return set()
    table = cast(Table, model.__table__)
    if dialect_name() == "postgresql":
        columns = arrays.columns_of(table, rows)
        sent = arrays.insert_if_absent(table, tuple(columns))
        return {tuple(row) for row in messages.ask(sent, columns, session.connection())}
    keys, written = table.primary_key.columns.keys(), embedded.insert_each(table, rows, session.connection())
    return {tuple(row[name] for name in keys) for row, is_new in zip(rows, written, strict=True) if is_new}


def as_loaded(made: M) -> M:
    """A row that a statement has just written, as the session would have read it."""
    make_transient_to_detached(made)
    session.add(made)
    return made


@cache
def _insert_if_absent(table: Table) -> ReturningInsert[Any]:
    # Built once: to build a statement costs as much as to send it.
    return postgresql_insert(table).on_conflict_do_nothing().returning(*table.primary_key.columns)


def dialect_name() -> str:
    """`sqlite` or `postgresql`."""
    unit = running()
    return (unit.engine if unit else session.get_bind()).dialect.name


def violated(error: Exception, name: str) -> bool:
    """Whether an IntegrityError speaks of the constraint or trigger with this (full) name, on either database."""
    return name in str(getattr(error, "orig", error))


# --- definitions beside a table ------------------------------------------------------------------------------------

_definitions: list[tuple[str, str, str]] = []  # (dialect, create, drop), in order of declaration


def ddl_for(
    table: Table, *, sqlite: tuple[str, str] | None = None, postgresql: tuple[str, str] | None = None
) -> None:
    """Attach (create, drop) statements of a trigger or dialect-only constraint to a table.

    `create_all` runs them for throw-away databases; the migrations hold a frozen copy, and a test compares the two.
    """
    for dialect, pair in (("sqlite", sqlite), ("postgresql", postgresql)):
        if pair is None:
            continue
        create, drop = pair
        _definitions.append((dialect, create, drop))
        event.listen(table, "after_create", DDL(create.replace("%", "%%")).execute_if(dialect=dialect))


def definitions(dialect: str) -> list[tuple[str, str]]:
    """All (create, drop) pairs attached for a dialect."""
    return [(create, drop) for name, create, drop in _definitions if name == dialect]


def append_only(table: Table) -> None:
    """Refuse UPDATE and DELETE on a table in the database itself, by triggers named `<table>_append_only_*`."""
    name = table.name
    table.info["append_only"] = True
    for action in ("update", "delete"):
        trigger = f"{name}_append_only_{action}"
        message = f"{name} is append-only"
        before = f"CREATE TRIGGER {trigger} BEFORE {action.upper()} ON {name} "
        raising = f"BEGIN RAISE EXCEPTION '{message}' USING ERRCODE = 'check_violation'; END"
        function = f"CREATE FUNCTION {trigger}() RETURNS trigger LANGUAGE plpgsql AS $$ {raising} $$; "
        ddl_for(
            table,
            sqlite=(
                f"{before}BEGIN SELECT RAISE(ABORT, '{message}'); END",
                f"DROP TRIGGER IF EXISTS {trigger}",
            ),
            postgresql=(
                f"{function}{before}FOR EACH ROW EXECUTE FUNCTION {trigger}()",
                f"DROP TRIGGER IF EXISTS {trigger} ON {name}; DROP FUNCTION IF EXISTS {trigger}()",
            ),
        )
