"""One fingerprint of everything the database holds, the same on SQLite and PostgreSQL for the same rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table, select

from app.kernel.db import Base, session

# What differs between two installations that have lived through the same, column by column, with the reason.
LEFT_OUT: dict[str, str] = {
    "people.password_hash": "argon2 draws its salt from the operating system",
    "sign_in_codes.digest": "keyed with the installation's own secret",
    "invites.token_digest": "keyed with the installation's own secret",
    "invites.pin_digest": "keyed with the installation's own secret",
    "sync_items.body": "holds scanned codes, which are made with the installation's own keys",
    "sync_items.hash": "of the body",
    "sync_items.prev_hash": "of the body of the one before",
    "sync_items.signature": "ECDSA draws a number of its own",
    "idempotency_keys.fingerprint": "holds scanned codes, which are signed with the installation's own keys",
}


def digest() -> str:
    """SHA-256 over the fingerprints of all tables, by name."""
    return hashlib.sha256(json.dumps(by_table(), sort_keys=True).encode()).hexdigest()


def by_table() -> dict[str, str]:
    """The fingerprint of each table: its columns by name, its rows by what they say."""
    found = {}
    for name, table in Base.metadata.tables.items():
        rows = hashlib.sha256()
        for row in sorted(_rows(table)):
            rows.update(row)
        found[name] = rows.hexdigest()
    return found


def _rows(table: Table) -> Iterator[bytes]:
    columns = sorted(
        (column for column in table.columns if f"{table.name}.{column.name}" not in LEFT_OUT),
        key=lambda column: column.name,
    )
    for row in session.execute(select(*columns).execution_options(yield_per=2000)):
        yield (
            json.dumps([_plain(value) for value in row], sort_keys=True, ensure_ascii=False).encode() + b"\n"
        )


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return value
