"""What the database refuses by itself, tried with plain SQL behind the application's back."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.kernel import clock
from app.kernel.db import dialect_name, session, transaction
from app.kernel.ids import new_id
from app.ledger.accounts import correction_account, wallet_of
from app.ledger.models import Account, Entry, Hold, LedgerTransaction
from app.ledger.verify import verify
from tests.ledger import make


@pytest.fixture
def booked(app):
    """A transaction of 10 points into somebody's wallet."""
    with transaction():
        person_id = make.rich(0)
        first = make.give(person_id, 10)
    yield first, person_id
    with transaction():
        assert verify() == [], "whatever was tried, the book is sound"


def refused(match):
    return pytest.raises(IntegrityError, match=match)


def header(transaction_id, count=2, **changes):
    values = {
        "id": transaction_id,
        "kind": "odd",
        "source": f"odd:{transaction_id}",
        "words": {},
        "at": clock.now(),
    }
    session.execute(sa.insert(LedgerTransaction).values(values | {"entry_count": count} | changes))


def entries(transaction_id, *legs):
    for account, amount in legs:
        values = {
            "id": new_id(),
            "transaction_id": transaction_id,
            "account_id": account.id,
            "amount": amount,
        }
        session.execute(sa.insert(Entry).values(values))


@pytest.mark.usefixtures("owned")
def test_entries_and_transactions_never_change(booked):
    for change in (
        sa.update(Entry).values(amount=Entry.amount * 2),
        sa.update(LedgerTransaction).values(kind="gift"),
        sa.delete(Entry),
        sa.delete(LedgerTransaction),
    ):
        with refused("is append-only"), transaction():
            session.execute(change.execution_options(synchronize_session=False))


def test_a_transaction_must_sum_to_zero(booked):
    with refused("does not balance"), transaction():
        number = new_id()
        entries(number, (correction_account(), -5), (wallet_of(booked[1]), 4))
        header(number)


def test_a_transaction_needs_two_entries_and_as_many_as_it_says(booked):
    for count in (0, 2):
        with refused(r"does not balance|entry_count"), transaction():
            header(new_id(), count)
    with refused("does not balance"), transaction():
        number = new_id()
        entries(number, (correction_account(), -5), (wallet_of(booked[1]), 5))
        header(number, 3)


@pytest.mark.parametrize("wrong", [0, 1, 2])
def test_one_of_many_at_once_that_does_not_balance_is_refused_with_all(booked, wrong):
    numbers = [new_id() for _ in range(3)]
    with refused("does not balance"), transaction():
        for place, number in enumerate(numbers):
            entries(number, (correction_account(), -5), (wallet_of(booked[1]), 4 if place == wrong else 5))
        headers = [
            {
                "id": number,
                "kind": "odd",
                "source": f"odd:{number}",
                "words": {},
                "at": clock.now(),
                "entry_count": 2,
            }
            for number in numbers
        ]
        session.execute(sa.insert(LedgerTransaction).values(headers))


def test_entries_need_their_transaction_at_commit(booked):
    with refused("(?i)foreign key"), transaction():
        entries(new_id(), (correction_account(), -5), (wallet_of(booked[1]), 5))


def test_nothing_joins_a_closed_transaction(booked):
    first, person_id = booked
    with refused("the transaction is closed"), transaction():
        entries(first.id, (correction_account(), -5), (wallet_of(person_id), 5))


def test_no_entry_is_of_nothing(booked):
    with refused("ck_entries_amount"), transaction():
        entries(new_id(), (correction_account(), 0))


def test_a_wallet_is_never_overdrawn(booked):
    with refused("no_overdraft"), transaction():
        entries(new_id(), (wallet_of(booked[1]), -11))


def test_held_points_are_not_spent(booked):
    with transaction():
        make.held(booked[1], 4)
    with refused("no_overdraft"), transaction():
        entries(new_id(), (wallet_of(booked[1]), -7))


def test_no_more_is_held_than_there_is(booked):
    with transaction():
        wallet_id = wallet_of(booked[1]).id
    with refused("no_overdraft"), transaction():
        values = {"id": new_id(), "account_id": wallet_id, "points": 11, "state": "held", "source": "odd"}
        session.execute(sa.insert(Hold).values(values | {"expires_at": clock.now(), "made_at": clock.now()}))


def test_balances_move_by_entries_only(booked):
    for change in ({"balance": Account.balance + 1}, {"balance": 0}, {"balance": 1_000_000}):
        with refused("moves by entries only"), transaction():
            session.execute(sa.update(Account).where(Account.kind == "wallet").values(change))


def test_held_moves_by_holds_only(booked):
    with transaction():
        make.held(booked[1], 4)
    for held in (0, 5, -1):
        with refused("move by holds only|held"), transaction():
            session.execute(sa.update(Account).where(Account.kind == "wallet").values(held=held))


@pytest.mark.usefixtures("owned")
def test_an_account_keeps_its_identity_and_stays(booked):
    for change in ({"owner_id": new_id()}, {"key": "wallet:other"}, {"kind": "pending"}):
        with refused("keeps its identity"), transaction():
            session.execute(sa.update(Account).where(Account.kind == "wallet").values(change))
    with refused("never deleted"), transaction():
        session.execute(sa.delete(Account))


def test_an_account_begins_empty(booked):
    for change in ({"balance": 5}, {"held": 5, "overdrawable": True}):
        with refused("begins empty"), transaction():
            values = {"id": new_id(), "key": "wallet:odd", "kind": "wallet", "balance": 0, "held": 0}
            values |= {"overdrawable": False, "created_at": clock.now()}
            session.execute(sa.insert(Account).values(values | change))


def test_a_source_and_a_key_are_used_once(booked):
    first, person_id = booked
    with refused("(?i)unique"), transaction():
        number = new_id()
        entries(number, (correction_account(), -5), (wallet_of(person_id), 5))
        header(number, source=first.source)
    with refused("(?i)unique"), transaction():
        values = {"id": new_id(), "key": f"wallet:{person_id}", "kind": "wallet", "balance": 0, "held": 0}
        values |= {"overdrawable": False, "created_at": clock.now()}
        session.execute(sa.insert(Account).values(values))


def test_a_transaction_is_reversed_once(booked):
    first, person_id = booked
    with refused("(?i)unique"), transaction():
        for _ in range(2):
            number = new_id()
            entries(number, (correction_account(), 5), (wallet_of(person_id), -5))
            header(number, reverses_id=first.id)


@pytest.mark.usefixtures("owned")
def test_rows_are_not_replaced_either(booked):
    for model, column, replaced in (
        (Entry, "amount", "9"),
        (LedgerTransaction, "kind", "'x'"),
        (Account, "kind", "'pending'"),
    ):
        table = model.__table__.name
        names = ", ".join(model.__table__.columns.keys())
        with refused(r"closed|begins empty|append-only|keeps its identity"), transaction():
            if dialect_name() == "sqlite":
                session.execute(
                    sa.text(f"INSERT OR REPLACE INTO {table} ({names}) SELECT {names} FROM {table}")
                )
            else:  # the form that PostgreSQL has
                upsert = f"ON CONFLICT (id) DO UPDATE SET {column} = {replaced}"
                session.execute(
                    sa.text(f"INSERT INTO {table} ({names}) SELECT {names} FROM {table} {upsert}")
                )
