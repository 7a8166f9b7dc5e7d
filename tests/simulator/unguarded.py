"""All tables without a guard, a check or a key, for states that the application would never let come about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.kernel.db import Base

Row = dict[str, Any]
State = dict[str, list[Row]]


class Books:
    """Rows as a test writes them, and a session to read them with."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def put(self, state: State) -> None:
        """Write these rows, and forget the ones before."""
        self.session.rollback()
        for name, rows in state.items():
            for row in rows:
                self.session.execute(sa.insert(_bare().tables[name]).values(**row))


@contextmanager
def unguarded() -> Iterator[Books]:
    """Empty tables in memory."""
    engine = sa.create_engine("sqlite://")
    _bare().create_all(engine)
    with Session(engine) as session:
        yield Books(session)
    engine.dispose()


@cache
def _bare() -> sa.MetaData:
    bare = sa.MetaData()
    for table in Base.metadata.tables.values():
        sa.Table(table.name, bare, *(sa.Column(each.name, each.type) for each in table.columns))
    return bare
