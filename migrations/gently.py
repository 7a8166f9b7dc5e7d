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


def swap_check(table: str, name: str, was: str, becomes: str) -> None:
    """Give a check constraint another condition. SQLite's rows stay as they are: only the definition is rewritten."""
    if op.get_bind().dialect.name == "sqlite":
        _rewrite(table, f"CONSTRAINT {name} CHECK ({was})", f"CONSTRAINT {name} CHECK ({becomes})")
        return
    op.drop_constraint(op.f(name), table, type_="check")
    op.create_check_constraint(op.f(name), table, becomes)


def _rewrite(table: str, was: str, becomes: str) -> None:
    """As SQLite's manual says, for changes that no row can feel."""
    bind = op.get_bind()
    version = bind.scalar(sa.text("PRAGMA schema_version"))
    of_table = {"table": table}
    definition = bind.scalar(sa.text("SELECT sql FROM sqlite_master WHERE name = :table"), of_table)
    if was not in definition:
        raise RuntimeError(f"the table {table} is not as the migrations before this one made it")
    op.execute("PRAGMA writable_schema = ON")
    bind.execute(
        sa.text("UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = :table"),
        {"sql": definition.replace(was, becomes), **of_table},
    )
    op.execute(f"PRAGMA schema_version = {version + 1}")
    op.execute("PRAGMA writable_schema = OFF")
