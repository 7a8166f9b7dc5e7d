"""Everything kept about one person, whatever package keeps it: rows that name the person as the one they are about.

Read from the description of the database itself, so that a table added later is in it without anybody thinking of it.
Who of the staff acted is not the person's own data and is left out, and so are secrets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Column, LargeBinary, Table, select

from app.kernel.db import Base, session

ABOUT = ("person_id", "reporter_id", "owner_id", "rider_id")  # columns that say whom a row is about
SECRET = ("password_hash", "token_digest", "pin_digest", "sealed_secret", "code_digest")


def rows_about(person_id: UUID) -> dict[str, list[Mapping[str, Any]]]:
    """{table: its rows about this person, oldest first}; tables without any are left out."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for table in Base.metadata.sorted_tables:
        subject = subject_of(table)
        if subject is None:
            continue
        chosen = select(*told(table, subject)).where(subject == person_id)
        rows = session.execute(chosen.order_by(*table.primary_key.columns)).mappings().all()
        if rows:
            found[table.name] = [dict(row) for row in rows]
    return found


def subject_of(table: Table) -> Column[Any] | None:
    """The column that says whom a row of this table is about, if there is one."""
    if table.name == "people":
        return table.c.id
    named = [column for column in table.c if column.name in ABOUT and _names_a_person(column)]
    return named[0] if named else None


def told(table: Table, subject: Column[Any]) -> list[Column[Any]]:
    """The columns that are the person's to see: no secrets, no keys, nobody else."""
    return [
        column
        for column in table.c
        if column.name not in SECRET
        and not isinstance(column.type, LargeBinary)
        and (column is subject or not _names_a_person(column))
    ]


def _names_a_person(column: Column[Any]) -> bool:
    return any(key.target_fullname == "people.id" for key in column.foreign_keys)
