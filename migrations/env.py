"""Alembic's environment: the same migrations on SQLite (batch mode) and PostgreSQL, inside the Flask application."""

from __future__ import annotations

from alembic import context
from flask import current_app

config = context.config
database = current_app.extensions["migrate"].db
options = dict(current_app.extensions["migrate"].configure_args)


def _nothing_to_do(_context: object, _revision: object, directives: list) -> None:  # type: ignore[type-arg]
    if getattr(config.cmd_opts, "autogenerate", False) and directives[0].upgrade_ops.is_empty():
        directives[:] = []


def run() -> None:
    """Run against the application's engine, one transaction per migration."""
    with database.engine.connect() as connection:
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
