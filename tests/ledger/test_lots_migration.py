"""A book from before there were lots is sound after the migration, and its points are still there to be spent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import downgrade, upgrade

from app.kernel.db import dialect_name, session, transaction
from app.kernel.ids import new_id
from app.ledger.models import NEVER, Lot
from app.ledger.queries import balance_of
from app.ledger.verify import verify
from tests import older
from tests.ledger import make
from tests.older import a_moment, an_id, insert

BEFORE_LOTS = "0002"


@pytest.fixture
def old_book(settings_env: dict[str, str], tmp_path, clock) -> Iterator[Flask]:
    """An application whose database knows no lots yet."""
    with older.installed("old_book", settings_env, tmp_path, revision=BEFORE_LOTS) as app:
        yield app


def write_old_book(person_id) -> None:
    """50 points given to somebody, of which 20 are reserved."""
    wallet, other, booked, at = an_id(), an_id(), an_id(), a_moment()
    common = {"balance": 0, "held": 0, "created_at": at}
    insert("accounts", id=wallet, key=f"wallet:{person_id}", kind="wallet", overdrawable=False,
           owner_id=person_id.hex if dialect_name() == "sqlite" else str(person_id), **common)  # fmt: skip
    insert("accounts", id=other, key="correction", kind="correction", overdrawable=True, **common)
    insert("entries", id=an_id(), transaction_id=booked, account_id=wallet, amount=50)
    insert("entries", id=an_id(), transaction_id=booked, account_id=other, amount=-50)
    insert("ledger_transactions", id=booked, kind="award", source="old", words="{}", entry_count=2, at=at)
    insert(
        "holds",
        id=an_id(),
        account_id=wallet,
        points=20,
        state="held",
        source="old-hold",
        expires_at=at,
        made_at=at,
    )


def test_old_points_become_an_open_lot_and_nobody_loses_any(old_book: Flask):
    person_id = new_id()
    with transaction():
        write_old_book(person_id)
    upgrade()
    with transaction():
        lot = session.scalars(sa.select(Lot)).one()
        assert (lot.points, lot.held, lot.due_on) == (50, 20, NEVER)
        make.held(person_id, 30)
        assert balance_of(person_id).usable == 0
        assert verify() == []
    downgrade(revision=BEFORE_LOTS)
    upgrade()
    with transaction(write=False):
        assert verify() == []
