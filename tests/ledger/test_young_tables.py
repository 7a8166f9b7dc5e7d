"""PostgreSQL plans a trigger's statement once per session: one planned over empty tables must not grow with them."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from app.kernel.bulk import insert_many
from app.kernel.db import disconnect, session, transaction
from app.kernel.ids import new_id
from app.ledger.accounts import correction_account, wallet_key
from app.ledger.models import Account, Entry, LedgerTransaction
from app.ledger.verify import verify
from tests.databases import SERVER_URL

SOME, MANY = 600, 2_000
WHOLE = "SELECT relname, seq_tup_read FROM pg_stat_xact_user_tables WHERE relname IN ('accounts', 'lots', 'lot_moves')"

if SERVER_URL:  # only PostgreSQL keeps a plan that long

    @pytest.mark.usefixtures("app")
    def test_no_guard_reads_a_table_from_end_to_end(clock):
        disconnect()  # a session that has planned nothing yet
        with transaction():
            payer = correction_account().id
            wallets = open_wallets(MANY, clock.at)
            give(payer, wallets[:SOME], clock.at)  # the plans are made here
            read = rows_read()
            give(payer, wallets[SOME:], clock.at)
            assert rows_read() == read
            assert not list(verify())


def open_wallets(count, at):
    people = [new_id() for _ in range(count)]
    rows = [
        {
            "id": new_id(), "key": wallet_key(person_id), "kind": "wallet", "owner_id": person_id, "balance": 0,
            "held": 0, "overdrawable": False, "created_at": at,
        }
        for person_id in people
    ]  # fmt: skip
    insert_many(Account, rows)
    return [row["id"] for row in rows]


def give(payer, wallets, at):
    """Ten points each, a transaction each, all at once."""
    booked = [new_id() for _ in wallets]
    entries = [
        {
            "id": new_id(),
            "transaction_id": one,
            "account_id": account_id,
            "amount": amount,
            "expires_on": None,
        }
        for one, wallet_id in zip(booked, wallets, strict=True)
        for account_id, amount in ((payer, -10), (wallet_id, 10))
    ]
    insert_many(Entry, entries)
    closing = [
        {
            "id": one, "kind": "award", "source": f"young:{one}", "words": {"slug": "ledger.funded"},
            "entry_count": 2, "at": at,
        }
        for one in booked
    ]  # fmt: skip
    insert_many(LedgerTransaction, closing)


def rows_read():
    """How many rows of each table this unit of work has met by reading the whole of it."""
    return dict(session.execute(sa.text(WHOLE)).all())
