"""Many rows at once into any table of the product: COPY on PostgreSQL, executemany on SQLite.

Triggers, foreign keys and checks stay on: what lies in the tables afterwards was let in by the same guards as a
request's rows, and `flask ledger verify` agrees (the runs ask it).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast

from sqlalchemy import JSON, Table, insert, text

from app.kernel.db import Base, dialect_name, session

Row = Mapping[str, Any]
T = TypeVar("T")


def batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """These items, so many at a time."""
    for first in range(0, len(items), size):
        yield items[first : first + size]


def load(model: type[Base], rows: Sequence[Row]) -> int:
    """Put these rows into the model's table, inside the running unit of work. All rows name the same columns."""
    if not rows:
        return 0
    table = cast(Table, model.__table__)
    if dialect_name() == "postgresql":
        _copy(table, rows)
    else:
        session.execute(insert(table), [dict(row) for row in rows])
    return len(rows)


def analyze() -> None:
    """Let the planner know how large the tables have become, as a server's own housekeeping does after a while."""
    session.execute(text("ANALYZE"))


def _copy(table: Table, rows: Iterable[Row]) -> None:
    names = list(next(iter(rows)))
    as_json = {name for name in names if isinstance(table.c[name].type, JSON)}
    connection: Any = session.connection().connection.driver_connection
    columns = ", ".join(f'"{name}"' for name in names)
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row([json.dumps(row[name]) if name in as_json else row[name] for name in names])
