"""An installation as it was before a migration, and rows as they were written then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from flask import Flask
from flask_migrate import upgrade

from app.kernel import clock
from app.kernel import db as database
from app.kernel.db import dialect_name, session
from app.kernel.ids import new_id
from app.main import create_app
from tests import databases


@contextmanager
def installed(name: str, settings_env: dict[str, str], folder: Path, *, revision: str) -> Iterator[Flask]:
    """An application on a database of its own, migrated so far and no further."""
    url = databases.new_database(name) if databases.SERVER_URL else f"sqlite:///{folder / 'old.db'}"
    app = create_app(settings_env | {"FENGXING_DATABASE_URL": url})
    with app.app_context():
        upgrade(revision=revision)
        yield app
        database.session.remove()
        database.disconnect()


def an_id() -> str:
    """A new id, as the database writes it."""
    return new_id().hex if dialect_name() == "sqlite" else str(new_id())


def a_moment() -> str:
    """Now, as the database writes it."""
    return clock.now().replace(tzinfo=None).isoformat(" ")


def insert(table: str, **values: object) -> None:
    """A row, by the names its columns had; the models of now know others."""
    names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
    session.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), values)
