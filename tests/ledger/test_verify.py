"""The proof finds whatever was changed with the guards taken off, and names the row. Everything here is rolled back."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from app.identity.actors import SYSTEM
from app.kernel import clock
from app.kernel.db import session, transaction
from app.kernel.ids import new_id
from app.ledger import holds, posting
from app.ledger.accounts import settlement_of, wallet_of
from app.ledger.models import Account, Entry, Hold, LedgerTransaction
from app.ledger.verify import verify
from tests.ledger import make
from tests.ledger.tampering import unguarded


@pytest.fixture
def book(app):
    """A wallet of 70 with 20 held, after an award, a capture of 30 and a reversal."""
    with transaction():
        person_id = make.rich(100)
        first = make.give(person_id, 5)
        reserved = make.held(person_id, 30)
        shop = settlement_of(new_id())
        holds.capture(reserved.id, to_account_id=shop.id, source="scan", by=SYSTEM, at=clock.now())
        make.held(person_id, 20)
        posting.reverse(transaction_id=first.id, source="undo", words=make.WORDS, by=SYSTEM, at=clock.now())
        found = {"wallet": wallet_of(person_id).id, "first": first.id, "captured": reserved.id}
        found["key"] = f"wallet:{person_id}"
    with transaction(write=False):
        assert verify() == []
    return found


def found():
    return {(each.check, each.row) for each in verify()}


def change(statement):
    session.execute(statement.execution_options(synchronize_session=False))


def test_it_finds_a_changed_amount(book):
    with unguarded():
        mine = (Entry.transaction_id == book["first"]) & (Entry.account_id == book["wallet"])
        change(sa.update(Entry).where(mine).values(amount=6))
        assert {("transaction-sum", str(book["first"])), ("account-balance", book["key"])} <= found()
        assert str(verify()[0]) == f"transaction-sum: {book['first']} is 1, expected 0"


def test_it_finds_a_missing_entry(book):
    with unguarded():
        change(sa.delete(Entry).where(Entry.transaction_id == book["first"]))
        assert ("transaction-entry-count", str(book["first"])) in found()


def test_it_finds_an_added_pair_that_balances(book):
    with unguarded():
        wallet, other = book["wallet"], settlement_of(new_id()).id
        for account_id, amount in ((wallet, -1), (other, 1)):
            values = {
                "id": new_id(),
                "transaction_id": book["first"],
                "account_id": account_id,
                "amount": amount,
            }
            change(sa.insert(Entry).values(values))
            change(
                sa.update(Account).where(Account.id == account_id).values(balance=Account.balance + amount)
            )
        assert ("transaction-entry-count", str(book["first"])) in found()


def test_it_finds_a_missing_transaction(book):
    with unguarded():
        change(sa.delete(LedgerTransaction).where(LedgerTransaction.id == book["first"]))
        assert [each for each, _row in found()].count("entry-without-transaction") == 2


def test_it_finds_a_missing_account(book):
    with unguarded():
        change(sa.delete(Account).where(Account.id == book["wallet"]))
        assert "entry-without-account" in {each for each, _row in found()}


def test_it_finds_a_changed_balance(book):
    with unguarded():
        change(sa.update(Account).where(Account.id == book["wallet"]).values(balance=71))
        assert found() == {
            ("total", "all accounts"),
            ("account-balance", book["key"]),
            ("wallet-lots", book["key"]),
        }


def test_it_finds_changed_held_points(book):
    with unguarded():
        change(sa.update(Account).where(Account.id == book["wallet"]).values(held=19))
        assert found() == {("account-held", book["key"])}


def test_it_finds_an_overdraft(book):
    with unguarded():
        change(sa.update(Hold).where(Hold.state == "held").values(points=71))
        change(sa.update(Account).where(Account.id == book["wallet"]).values(held=71))
        assert {each for each in found() if each[0] != "hold-lots"} == {("overdraft", book["key"])}


def test_it_finds_a_capture_of_another_amount(book):
    with unguarded():
        change(sa.update(Hold).where(Hold.id == book["captured"]).values(captured_points=29))
        assert found() == {("captured-hold", str(book["captured"]))}


def test_it_finds_a_capture_of_one_point_that_was_never_booked(book):
    with unguarded():
        mine = (Entry.account_id == book["wallet"]) & (Entry.amount == -30)
        change(sa.delete(Entry).where(mine))
        change(sa.update(Hold).where(Hold.id == book["captured"]).values(points=1, captured_points=1))
        assert ("captured-hold", str(book["captured"])) in found()


def test_it_finds_a_reversal_that_is_not_the_opposite(book):
    with unguarded():
        back = (
            sa.select(LedgerTransaction.id)
            .where(LedgerTransaction.reverses_id == book["first"])
            .scalar_subquery()
        )
        change(sa.update(Entry).where(Entry.transaction_id == back).values(amount=-Entry.amount))
        assert "reversal" in {each for each, _row in found()}
