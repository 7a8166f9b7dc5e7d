"""Steps of a migration that hold up nobody who works meanwhile."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def drop_tables(*names: str) -> None:
    """Drop tables, those that point at others first.

    To drop a table, PostgreSQL locks every table that it points at, and holds the first while it waits for the next:
    beside people who work that ends in a deadlock. So there each key goes by itself, in a transaction of its own; if it
    is stopped on the way, the same again does the rest.
    """
    bind = op.get_bind()
    if bind.dialect.name == "sqlite":
        for name in names:
            op.drop_table(name)
        return
    there = sa.inspect(bind)
    keys = {name: there.get_foreign_keys(name) for name in names if there.has_table(name)}
    with op.get_context().autocommit_block():
        for name, found in keys.items():
            for key in found:
                op.execute(f'ALTER TABLE {name} DROP CONSTRAINT IF EXISTS "{key["name"]}"')
            op.execute(f"DROP TABLE IF EXISTS {name}")
