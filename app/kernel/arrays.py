"""Rows by the hundred as an array for each column: how PostgreSQL likes them best.

A text with a place for each value of each row takes longer to read than to carry out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, String, Table, TextClause, text
from sqlalchemy.dialects.postgresql import dialect as postgresql_dialect

_POSTGRESQL = postgresql_dialect()


def columns_of(table: Table, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The rows turned on their side: an array for each column, as JSON if that is what it holds; defaults included."""
    made = dict(defaults_of(table))
    found: dict[str, Any] = {}
    for column in table.columns:
        if column.name in rows[0]:
            values = [row[column.name] for row in rows]
        elif column.name in made:
            values = [made[column.name]() for _ in rows]
        else:
            continue
        found[column.name] = _json(values) if isinstance(column.type, JSON) else literal(values)
    return found


def literal(values: Sequence[Any]) -> str:
    """An array as PostgreSQL reads it. The driver would ask of each value anew what it is and how it is written."""
    first = values[0]
    if len(set(map(id, values))) == 1:  # the same for all of a batch: when it came, who was there
        return "{" + ",".join([_one(first)] * len(values)) + "}"
    kind = type(first)
    alike = kind in _ALIKE and all(type(each) is kind for each in values)
    return "{" + ",".join(_ALIKE[kind](values) if alike else map(_one, values)) + "}"


def _one(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, datetime | date):
        return f'"{value.isoformat()}"'
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, int | float):
        return str(value)
    raise TypeError(f"no array is made of {type(value).__name__}")


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _texts(values: Iterable[str]) -> Iterable[str]:
    return map(_quoted, values)


def _ids(values: Iterable[UUID]) -> Iterable[str]:
    return [f"{each.int:032x}" for each in values]


_ALIKE: dict[type, Callable[[Iterable[Any]], Iterable[str]]] = {
    str: _texts,
    UUID: _ids,
    int: lambda values: map(str, values),
}


def _json(values: Sequence[Any]) -> str:
    """One JSON array; what several rows share is written out once."""
    told = {id(each): each for each in values}
    if len(told) == len(values):
        return json.dumps(values)
    written = {key: json.dumps(each) for key, each in told.items()}
    return "[" + ",".join([written[id(each)] for each in values]) + "]"


def completed(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    """One row with the defaults of the columns that it does not name."""
    return {name: make() for name, make in defaults_of(table) if name not in values} | dict(values)


@cache
def defaults_of(table: Table) -> list[tuple[str, Callable[[], Any]]]:
    """What makes the value of each column that has a default."""
    return [(column.name, _maker(column.default)) for column in table.columns if column.default is not None]


def _maker(default: Any) -> Callable[[], Any]:
    return (lambda: default.arg(None)) if default.is_callable else (lambda: default.arg)


@cache
def insert_if_absent(table: Table, names: tuple[str, ...]) -> TextClause:
    """The statement for rows with these columns; it answers with the primary keys of those that were inserted."""
    unnested = ", ".join(_unnested(table.c[name]) for name in names)
    keys = ", ".join(table.primary_key.columns.keys())
    told = f'INSERT INTO "{table.name}" ({_listed(names)}) SELECT * FROM ROWS FROM ({unnested})'  # noqa: S608 -- our own names
    return text(f"{told} ON CONFLICT DO NOTHING RETURNING {keys}")


@cache
def begin_or_lock(
    table: Table, names: tuple[str, ...], key: tuple[str, ...], told: tuple[str, ...]
) -> TextClause:
    """The statement for rows that may be there already, by a unique key: those are locked and stay as they are.

    It answers with the columns `told` of all of them, in order.
    """
    unnested = ", ".join(_unnested(table.c[name]) for name in names)
    into = f'INSERT INTO "{table.name}" ({_listed(names)}) SELECT * FROM ROWS FROM ({unnested})'  # noqa: S608 -- our own names
    same = f'ON CONFLICT ({_listed(key)}) DO UPDATE SET "{key[0]}" = "{table.name}"."{key[0]}"'
    returned = ", ".join(f'"{table.name}"."{name}"' for name in told)
    return text(f"{into} {same} RETURNING {returned}")


@cache
def update_by_id(table: Table, names: tuple[str, ...], only: str) -> TextClause:
    """The statement that gives rows, each by its `id`, new values in these columns; it answers with their ids.

    `only` is a condition on the rows as they are.
    """
    columns = ("id", *names)
    unnested = ", ".join(_unnested(table.c[name]) for name in columns)
    changed = ", ".join(f'"{name}" = changed."{name}"' for name in names)
    as_told = f"(SELECT * FROM ROWS FROM ({unnested})) AS changed ({_listed(columns)})"  # noqa: S608 -- our own names
    update = f'UPDATE "{table.name}" SET {changed} FROM {as_told}'  # noqa: S608 -- our own names
    return text(f'{update} WHERE "{table.name}".id = changed.id AND {only} RETURNING "{table.name}".id')


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _unnested(column: Column[Any]) -> str:
    if isinstance(column.type, JSON):
        return f"jsonb_array_elements(CAST(:{column.name} AS jsonb))"
    # Text without a length: a cast would cut what is too long, where the column refuses it.
    kind = "TEXT" if isinstance(column.type, String) else column.type.compile(_POSTGRESQL)
    return f"unnest(CAST(:{column.name} AS {kind}[]))"
