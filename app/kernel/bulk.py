"""Many rows at once: COPY on PostgreSQL, an executemany or a cursor on SQLite. Triggers, foreign keys, checks stay on.

For what is written or read by the hundred thousand in one unit of work; everything else goes through the session.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain
from typing import Any, TypeVar, cast

from sqlalchemy import (
    JSON,
    ColumnElement,
    DateTime,
    Dialect,
    Integer,
    Select,
    Table,
    Text,
    TextClause,
    any_,
    bindparam,
    func,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.schema import ScalarElementColumnDefault
from sqlalchemy.types import TypeDecorator, TypeEngine

from app.kernel import arrays, embedded, messages
from app.kernel.db import Base, UtcDateTime, as_loaded, dialect_name, session

V = TypeVar("V")
M = TypeVar("M", bound=Base)
Row = Mapping[str, Any]
R = TypeVar("R", bound=Row)
_READ_AS = ((Integer, "int8"), (DateTime, "timestamptz"), (UtcDateTime, "timestamptz"))


def insert_many(model: type[Base], rows: Iterable[Row]) -> int:
    """Put these rows into the model's table, inside the running unit of work; returns how many.

    All rows name the same columns. Those left out get the model's default, if that is a plain value.
    """
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        return 0
    table = cast(Table, model.__table__)
    defaults = {
        column.name: column.default.arg
        for column in table.columns
        if isinstance(column.default, ScalarElementColumnDefault) and column.name not in first
    }
    whole = ({**defaults, **row} for row in chain((first,), rows))
    if dialect_name() == "postgresql":
        return _copy(table, whole)
    listed = list(whole)
    session.execute(insert(table), listed)
    return len(listed)


def _copy(table: Table, rows: Iterable[Row]) -> int:
    rows = iter(rows)
    first = next(rows)
    names = list(first)
    as_json = {name for name in names if isinstance(table.c[name].type, JSON)}
    connection: Any = session.connection().connection.driver_connection
    columns = ", ".join(f'"{name}"' for name in names)
    count = 0
    with (
        connection.cursor() as cursor,
        cursor.copy(f'COPY "{table.name}" ({columns}) FROM STDIN') as copy,
    ):
        for row in chain((first,), rows):
            copy.write_row([json.dumps(row[name]) if name in as_json else row[name] for name in names])
            count += 1
    return count


def read_many(statement: Select[Any]) -> Iterator[Sequence[Any]]:
    """The rows of a statement, one after another, without holding them all: whole numbers, instants and texts.

    On PostgreSQL the rows come as they are found, and several workers may look for them, which a cursor forbids.
    """
    if dialect_name() != "postgresql":
        yield from session.execute(statement, execution_options={"yield_per": 1000})
        return
    session.flush()
    said = statement.compile(dialect=PGDialect_psycopg(), compile_kwargs={"render_postcompile": True})
    connection: Any = session.connection().connection.driver_connection
    with connection.cursor() as cursor, cursor.copy(f"COPY ({said}) TO STDOUT", said.params) as copy:
        copy.set_types([_read_as(column.type) for column in statement.selected_columns])
        yield from copy.rows()


def _read_as(kind: Any) -> str:
    return next((name for sort, name in _READ_AS if isinstance(kind, sort)), "text")


def insert_new(model: type[Base], rows: Sequence[R]) -> Sequence[R]:
    """Insert rows unless a unique constraint holds their like; returns those that were inserted, in their order.

    As `db.insert_all_if_absent`, but where all are new, as nearly always, nothing is read back. All rows name the same
    columns, the primary key among them.
    """
    if not rows:
        return rows
    table = cast(Table, model.__table__)
    if dialect_name() == "postgresql":
        columns = arrays.columns_of(table, rows)
        sent = arrays.insert_if_absent(table, tuple(columns))
        told = messages.ask_unless(len(rows), sent, columns, session.connection())
        if told is None:
            return rows
        written = {tuple(key) for key in told}
    else:
        fresh = embedded.insert_each(table, rows, session.connection())
        return rows if all(fresh) else [row for row, is_new in zip(rows, fresh, strict=True) if is_new]
    names = table.primary_key.columns.keys()
    found = []
    for row in rows:
        key = tuple(row[name] for name in names)
        if key in written:
            written.remove(key)  # once: of two with one key the first was inserted
            found.append(row)
    return found


def update_all(
    model: type[Base], rows: Sequence[Row], *, only: str = "true", given: Row | None = None
) -> int:
    """Give rows, each by its `id`, the values named beside it; returns how many there were.

    `only`: a condition on each row as it is, in plain SQL with the table's name before its columns; `given` fills it.
    """
    if not rows:
        return 0
    table, names = cast(Table, model.__table__), tuple(name for name in rows[0] if name != "id")
    if dialect_name() == "postgresql":
        statement = arrays.update_by_id(table, names, only)
        values = {**arrays.columns_of(table, rows), **(given or {})}
        return len(messages.ask(statement, values, session.connection()))
    new = [{"id": row["id"], **{f"new_{name}": row[name] for name in names}, **(given or {})} for row in rows]
    return embedded.change_each(_update_by_id(table, names, only), new, session.connection())


@cache
def _update_by_id(table: Table, names: tuple[str, ...], only: str) -> TextClause:
    """The same of one row, for SQLite."""
    changed = ", ".join(f'"{name}" = :new_{name}' for name in names)
    typed = [bindparam(f"new_{name}", type_=table.c[name].type) for name in names]
    said = text(f'UPDATE "{table.name}" SET {changed} WHERE "{table.name}".id = :id AND {only}')  # noqa: S608 -- our own names
    return said.bindparams(bindparam("id", type_=table.c.id.type), *typed)


def by_key(model: type[M], keys: Collection[Any]) -> dict[Any, M]:
    """The rows with these primary keys, as far as they are there: what the session has at hand, the rest in one go.

    The session forgets what nobody holds: hold them, and asking for each of them later costs nothing.
    """
    wanted = set(keys)
    at_hand = cast("Mapping[Any, M]", session.identity_map)
    named = inspect(model).identity_key_from_primary_key
    identities: dict[Any, M | None] = {key: at_hand.get(named((key,))) for key in wanted}
    found = {key: row for key, row in identities.items() if row is not None}
    missing = wanted - found.keys()
    if missing:
        rows = session.scalars(_with_keys(model, dialect_name()), {"keys": list(missing)})
        found |= {cast("tuple[Any]", inspect(row).identity)[0]: row for row in rows}
    return found


def as_read(model: type[M], values: Row, **related: Any) -> M:
    """A row that was written as plain values, as the session would read it; the one it has, if it has it already."""
    identity = tuple(values[name] for name in cast(Table, model.__table__).primary_key.columns.keys())  # noqa: SIM118 -- no dict
    there = session.identity_map.get(session.identity_key(model, identity))
    return there if there is not None else as_loaded(model(**values, **related))


@cache
def _with_keys(model: type[M], dialect: str) -> Select[M]:
    return select(model).where(one_of(inspect(model).primary_key[0], "keys", dialect))


def one_of(column: Any, name: str, dialect: str) -> ColumnElement[bool]:
    """Whether the column has one of the values given later by this name: for a statement that is built once."""
    if dialect == "postgresql":
        return cast("ColumnElement[bool]", column == any_(bindparam(name, type_=ARRAY(column.type))))
    listed = func.json_each(bindparam(name, type_=_Listed(column.type))).table_valued("value")
    return cast("ColumnElement[bool]", column.in_(select(listed.c.value)))


class _Listed(TypeDecorator[Collection[Any]]):
    """Values as one JSON array, each as SQLite keeps it."""

    impl = Text
    cache_ok = True

    def __init__(self, of: TypeEngine[Any]) -> None:
        super().__init__()
        self.of = of

    def process_bind_param(self, value: Collection[Any] | None, dialect: Dialect) -> str:
        make = self.of.dialect_impl(dialect).bind_processor(dialect)
        return json.dumps([each if make is None else make(each) for each in value or ()])


def among(column: InstrumentedAttribute[V], values: Collection[V]) -> ColumnElement[bool]:
    """Whether the column has one of these values, however many: one array, not a place in the text for each."""
    if dialect_name() == "postgresql":
        return column == any_(bindparam(None, list(values), type_=ARRAY(column.type)))
    return column.in_(values)
