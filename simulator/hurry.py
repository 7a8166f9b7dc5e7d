"""No waiting for the disk: what a simulated server has committed is safe from simulated crashes, not from a power cut.

Neither setting can damage the file or the cluster; at worst the last steps before a real power cut are missing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from app.kernel.db import db, session


@contextmanager
def hurrying() -> Iterator[None]:
    """Connections commit without flushing for as long as the block lasts."""
    engine = db.engine
    session.remove()
    engine.dispose()
    event.listen(engine, "connect", _hurry)
    try:
        yield
    finally:
        event.remove(engine, "connect", _hurry)
        session.remove()
        engine.dispose()


def _hurry(connection: Any, _record: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = NORMAL")
        return
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    connection.commit()
