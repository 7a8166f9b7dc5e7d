"""Being the owner of the tables for a while: who serves cannot take a guard away, as in production."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from app.kernel.db import db, definitions, dialect_name, session

BE_THE_OWNER = "SET LOCAL ROLE NONE"


def as_owner() -> None:
    """For the running unit of work. A file has no roles."""
    if dialect_name() == "postgresql":
        session.execute(sa.text(BE_THE_OWNER))


def without_triggers() -> None:
    """The running unit of work goes on without the database's own guards."""
    if dialect_name() == "sqlite":
        for _create, drop in definitions("sqlite"):
            session.execute(sa.text(drop))
    else:
        as_owner()
        session.execute(sa.text("SET LOCAL session_replication_role = replica"))


@contextmanager
def owning() -> Iterator[None]:
    """In each unit of work meanwhile."""

    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(BE_THE_OWNER)

    if dialect_name() != "postgresql":
        yield
        return
    sa.event.listen(db.engine, "begin", begin)
    try:
        yield
    finally:
        sa.event.remove(db.engine, "begin", begin)
