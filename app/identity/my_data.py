"""Everything kept about one person, whatever package keeps it: rows that name the person as the one they are about.

Read from the description of the database itself, so that a table added later is in it without anybody thinking of it.
Who of the staff acted is not the person's own data and is left out, and so are secrets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, LargeBinary, Table, Uuid, select

from app.kernel.db import Base, session

ABOUT = ("person_id", "reporter_id", "owner_id", "rider_id")  # columns that say whom a row is about
# Rows that name nobody and are about what is the person's own: by which column they hang on it.
HANGS_ON = {
    "annulled_checkins": "checkin_id",
    "doubt_holds": "doubt_id",
    "heads": "attendance_id",
    "holds": "account_id",
    "lots": "account_id",
    "no_awards": "recorded_fact_id",
    "refunds": "voucher_id",
}
SECRET = ("password_hash", "token_digest", "pin_digest", "sealed_secret", "code_digest")


def rows_about(person_id: UUID) -> dict[str, list[Mapping[str, Any]]]:
    """{table: its rows about this person, oldest first}; tables without any are left out."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for table in Base.metadata.sorted_tables:
        mine = _is_about(table, person_id)
        if mine is None:
            continue
        chosen = select(*told(table)).where(mine)
        rows = session.execute(chosen.order_by(*table.primary_key.columns)).mappings().all()
        if rows:
            found[table.name] = [dict(row) for row in rows]
    return found


def _is_about(table: Table, person_id: UUID) -> ColumnElement[bool] | None:
    """Which rows of this table are about the person; None if it has none about anybody."""
    subject = subject_of(table)
    if subject is not None:
        return subject == person_id
    if table.name not in HANGS_ON:
        return None
    link = table.c[HANGS_ON[table.name]]
    (key,) = link.foreign_keys
    owner = subject_of(key.column.table)
    assert owner is not None
    return link.in_(select(key.column).where(owner == person_id))


def subject_of(table: Table) -> Column[Any] | None:
    """The column that says whom a row of this table is about, if there is one."""
    if table.name == "people":
        return table.c.id
    named = [column for column in table.c if column.name in ABOUT and _names_a_person(column)]
    return named[0] if named else None


def told(table: Table) -> list[Column[Any]]:
    """The columns that are the person's to see: no secrets, no keys, nobody else."""
    subject = subject_of(table)
    return [
        column
        for column in table.c
        if column.name not in SECRET
        and not isinstance(column.type, LargeBinary)
        and (column is subject or not _names_a_person(column))
    ]


def _names_a_person(column: Column[Any]) -> bool:
    """By a key of the database, or by its name alone: the ledger keeps people as numbers, without a key."""
    if column.foreign_keys:
        return any(key.target_fullname == "people.id" for key in column.foreign_keys)
    return isinstance(column.type, Uuid) and (column.name in ABOUT or column.name.endswith("_by"))
