"""Alembic's environment: the same migrations on SQLite (batch mode) and PostgreSQL, inside the Flask application."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import context
from flask import current_app
from sqlalchemy import Connection

config = context.config
database = current_app.extensions["migrate"].db
options = dict(current_app.extensions["migrate"].configure_args)


def _nothing_to_do(_context: object, _revision: object, directives: list) -> None:  # type: ignore[type-arg]
    if getattr(config.cmd_opts, "autogenerate", False) and directives[0].upgrade_ops.is_empty():
        directives[:] = []


@contextmanager
def _tables_rebuilt_freely(connection: Connection) -> Iterator[None]:
    """SQLite alters a table by building it anew; other tables may point at it meanwhile. Checked when all is done."""
    if connection.dialect.name != "sqlite":
        yield
        return
    raw = connection.connection.driver_connection
    raw.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
        if broken := raw.execute("PRAGMA foreign_key_check").fetchall():
            raise RuntimeError(f"rows that point nowhere after the migration: {broken[:5]}")
    finally:
        raw.execute("PRAGMA foreign_keys = ON")


def run() -> None:
    """Run against the application's engine, one transaction per migration."""
    with database.engine.connect() as connection, _tables_rebuilt_freely(connection):
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            process_revision_directives=_nothing_to_do,
            transaction_per_migration=True,
            **options,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
