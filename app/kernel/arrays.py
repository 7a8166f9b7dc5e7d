"""Rows by the hundred as an array for each column: how PostgreSQL likes them best.

A text with a place for each value of each row takes longer to read than to carry out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import JSON, Column, Executable, String, Table, text
from sqlalchemy.dialects.postgresql import dialect as postgresql_dialect

_POSTGRESQL = postgresql_dialect()


def columns_of(table: Table, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The rows turned on their side: an array for each column, as JSON if that is what it holds; defaults included."""
    found: dict[str, Any] = {}
    for column in table.columns:
        default: Any = column.default
        if column.name in rows[0]:
            values = [row[column.name] for row in rows]
        elif default is not None:
            values = [default.arg(None) if default.is_callable else default.arg for _ in rows]
        else:
            continue
        found[column.name] = json.dumps(values) if isinstance(column.type, JSON) else values
    return found


@cache
def insert_if_absent(table: Table, names: tuple[str, ...]) -> Executable:
    """The statement for rows with these columns; it answers with the primary keys of those that were inserted."""
    unnested = ", ".join(_unnested(table.c[name]) for name in names)
    columns, keys = ", ".join(f'"{name}"' for name in names), ", ".join(table.primary_key.columns.keys())
    told = f'INSERT INTO "{table.name}" ({columns}) SELECT * FROM ROWS FROM ({unnested})'  # noqa: S608 -- our own names
    return text(f"{told} ON CONFLICT DO NOTHING RETURNING {keys}")


def _unnested(column: Column[Any]) -> str:
    if isinstance(column.type, JSON):
        return f"jsonb_array_elements(CAST(:{column.name} AS jsonb))"
    # Text without a length: a cast would cut what is too long, where the column refuses it.
    kind = "TEXT" if isinstance(column.type, String) else column.type.compile(_POSTGRESQL)
    return f"unnest(CAST(:{column.name} AS {kind}[]))"
