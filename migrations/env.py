"""Alembic's environment: the same migrations on SQLite (batch mode) and PostgreSQL, inside the Flask application."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import context
from flask import current_app
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from app.kernel.db import is_transient

WAIT_MS, TRIES = 200, 50

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


@contextmanager
def _waiting_briefly(connection: Connection) -> Iterator[None]:
    """On PostgreSQL whoever waits for a table to itself holds up all who come after: so never for long."""
    if connection.dialect.name != "postgresql":
        yield
        return
    connection.exec_driver_sql(f"SET lock_timeout = '{WAIT_MS}ms'")
    connection.commit()
    try:
        yield
    finally:
        connection.rollback()
        connection.exec_driver_sql("RESET lock_timeout")
        connection.commit()


def run() -> None:
    """Run against the application's engine, one transaction per migration.

    One that stands in somebody's way, or in whose way somebody stands, lets go and tries again; others work meanwhile.
    """
    with (
        database.engine.connect() as connection,
        _tables_rebuilt_freely(connection),
        _waiting_briefly(connection),
    ):
        for tries_left in range(TRIES - 1, -1, -1):
            context.configure(
                connection=connection,
                target_metadata=database.metadata,
                process_revision_directives=_nothing_to_do,
                transaction_per_migration=True,
                **options,
            )
            before = context.get_context().get_current_heads()
            connection.rollback()
            try:
                with context.begin_transaction():
                    context.run_migrations()
                return
            except DBAPIError as error:
                connection.rollback()
                # Where some migrations are through already, "one back" would mean another one now.
                moved = context.get_context().get_current_heads() != before
                connection.rollback()
                if moved or not tries_left or not is_transient(error):
                    raise


run()
