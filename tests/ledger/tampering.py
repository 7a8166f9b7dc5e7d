"""Random edits behind the database's back: any column of any row of the book, with every guard taken off."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.kernel import clock
from app.kernel.db import UtcDateTime, db, dialect_name, session, transaction
from app.ledger import debt_policies, models, reversals
from app.ledger.verify import Finding, verify
from tests.owning import without_triggers

BOOK = (
    models.Account,
    models.LedgerTransaction,
    models.Entry,
    models.Hold,
    models.Lot,
    models.LotMove,
    models.LotHold,
    models.Correction,
    reversals.Reversal,
    models.DebtPolicy,
    debt_policies.DebtPolicyProposal,
    models.Seal,
    models.SealedRow,
)
# When a rider was told that points run out says nothing about points.
NOT_OF_THE_BOOK = {"lots.told_days"}


class Undone(Exception):
    """The tampering is over."""


@contextmanager
def unguarded() -> Iterator[None]:
    """A unit of work in which no trigger, check or foreign key holds anybody back, and which is rolled back."""
    try:
        with transaction():
            _take_guards_off()
            yield
            raise Undone
    except Undone:
        return
    finally:
        if db.engine.dialect.name == "sqlite":
            with db.engine.connect() as connection:
                connection.execute(sa.text("PRAGMA ignore_check_constraints = OFF"))


def _take_guards_off() -> None:
    without_triggers()
    if dialect_name() == "sqlite":
        session.execute(sa.text("PRAGMA defer_foreign_keys = ON"))
        session.execute(sa.text("PRAGMA ignore_check_constraints = ON"))
        return
    for model in BOOK:
        for constraint in model.__table__.constraints:  # type: ignore[attr-defined]
            if isinstance(constraint, sa.CheckConstraint):
                session.execute(
                    sa.text(f"ALTER TABLE {model.__tablename__} DROP CONSTRAINT {constraint.name}")
                )


def edits(count: int, seed: int) -> Iterator[tuple[str, list[Finding]]]:
    """Make so many random edits, one at a time; what was edited, and what `verify` found."""
    chance = random.Random(seed)
    with unguarded():
        for _ in range(count):
            with session.begin_nested() as savepoint:
                while (name := _edit(chance)) is None:
                    continue
                yield name, verify()
                savepoint.rollback()


def _edit(chance: random.Random) -> str | None:
    """Change one column of one row to something else, or delete the row; None if the database cannot hold that."""
    model = chance.choice(BOOK)
    table: Any = model.__table__
    rows = session.execute(sa.select(table)).all()
    if not rows:
        return None
    row = chance.choice(rows)
    this = sa.and_(*(column == row._mapping[column.name] for column in table.primary_key.columns))
    if chance.random() < 0.1:
        session.execute(sa.delete(table).where(this))
        return f"{table.name}: deleted {row}"
    column = chance.choice([each for each in table.columns if str(each) not in NOT_OF_THE_BOOK])
    value = _other(row._mapping[column.name], column, chance)
    try:
        with session.begin_nested():
            session.execute(sa.update(table).where(this).values({column.name: value}))
    except sa.exc.IntegrityError:
        return None  # NOT NULL or UNIQUE: even without guards two rows cannot be told apart
    return f"{column}: {row._mapping[column.name]!r} -> {value!r}"


def _other(value: Any, column: Any, chance: random.Random) -> Any:
    if column.nullable and value is not None and chance.random() < 0.2:
        return None
    if isinstance(column.type, UtcDateTime):
        return (value or clock.now()) + timedelta(microseconds=1)
    python: Any = column.type.python_type if not isinstance(column.type, sa.JSON) else dict
    if python is bool:
        return not value
    if python is int:
        return (value or 0) + chance.choice((-1, 1, 7))
    if python is UUID:
        return UUID(int=(value.int if value else chance.getrandbits(120)) ^ (1 << chance.randrange(120)))
    if python is date:
        return (
            date(2027, 3, chance.randrange(1, 29)) if value in (None, date.max) else value - timedelta(days=1)
        )
    if python is bytes:
        return bytes([value[0] ^ 1]) + value[1:]
    if python is dict:
        return {**value, "points": 999}
    return f"{(value or '')[:6]}{chance.choice('xyz')}"
