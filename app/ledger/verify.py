"""Proving the book: everything the database holds is looked at again, in sets, without trusting a trigger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import BigInteger, Select, and_, cast, exists, func, literal, or_, select
from sqlalchemy.orm import aliased

from app.kernel.db import session
from app.ledger import verify_lots
from app.ledger.models import Account, Entry, Hold, LedgerTransaction

MOST_PER_CHECK = 100

Broken = Select[Any, int, Any]  # row, found, expected


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken row: which check, which row, what is there and what should be."""

    check: str
    row: str
    found: Any
    expected: Any

    def __str__(self) -> str:
        return f"{self.check}: {self.row} is {self.found}, expected {self.expected}"


def verify() -> list[Finding]:
    """Every broken row, by check and then by id, at most 100 per check; an empty list is a sound book."""
    return [Finding(name, str(row), found, expected) for name, row, found, expected in _all_rows()]


def _all_rows() -> Iterator[tuple[str, Any, Any, Any]]:
    for name, broken in (
        ("transaction-sum", _transaction_sums()),
        ("transaction-entry-count", _transaction_entry_counts()),
        ("entry-without-transaction", _orphans(Entry.transaction_id, LedgerTransaction)),
        ("entry-without-account", _orphans(Entry.account_id, Account)),
        ("total", _total()),
        ("account-balance", _balances()),
        ("account-held", _held()),
        ("overdraft", _overdrafts()),
        ("captured-hold", _captures()),
        ("reversal", _reversals()),
        *verify_lots.checks(),
    ):
        for row, found, expected in session.execute(broken.limit(MOST_PER_CHECK)):
            yield name, row, found, expected
    yield from islice(verify_lots.wrongly_due(), MOST_PER_CHECK)


def _sum(column: Any) -> Any:
    return cast(func.coalesce(func.sum(column), 0), BigInteger)


def _transaction_sums() -> Broken:
    total = _sum(Entry.amount)
    return (
        select(Entry.transaction_id, total, literal(0))
        .group_by(Entry.transaction_id)
        .having(total != 0)
        .order_by(Entry.transaction_id)
    )


def _transaction_entry_counts() -> Broken:
    count = func.count(Entry.id)
    return (
        select(LedgerTransaction.id, count, LedgerTransaction.entry_count)
        .outerjoin(Entry, Entry.transaction_id == LedgerTransaction.id)
        .group_by(LedgerTransaction.id, LedgerTransaction.entry_count)
        .having(count != LedgerTransaction.entry_count)
        .order_by(LedgerTransaction.id)
    )


def _orphans(reference: Any, model: Any) -> Broken:
    return (
        select(Entry.id, literal(0), literal(1))
        .where(~exists().where(model.id == reference))
        .order_by(Entry.id)
    )


def _total() -> Broken:
    total = _sum(Account.balance)
    return select(literal("all accounts"), total, literal(0)).having(total != 0)


def _balances() -> Broken:
    sums = select(Entry.account_id, _sum(Entry.amount).label("amount")).group_by(Entry.account_id).subquery()
    amount = func.coalesce(sums.c.amount, 0)
    return (
        select(Account.key, Account.balance, amount)
        .outerjoin(sums, sums.c.account_id == Account.id)
        .where(Account.balance != amount)
        .order_by(Account.id)
    )


def _held() -> Broken:
    sums = (
        select(Hold.account_id, _sum(Hold.points).label("points"))
        .where(Hold.state == "held")
        .group_by(Hold.account_id)
        .subquery()
    )
    points = func.coalesce(sums.c.points, 0)
    return (
        select(Account.key, Account.held, points)
        .outerjoin(sums, sums.c.account_id == Account.id)
        .where(Account.held != points)
        .order_by(Account.id)
    )


def _overdrafts() -> Broken:
    usable = Account.balance - Account.held
    return (
        select(Account.key, usable, literal(0)).where(~Account.overdrawable, usable < 0).order_by(Account.id)
    )


def _captures() -> Broken:
    """A captured hold took exactly its captured points out of its wallet."""
    taken = func.coalesce(-Entry.amount, 0)
    return (
        select(Hold.id, taken, Hold.captured_points)
        .outerjoin(
            Entry, and_(Entry.transaction_id == Hold.transaction_id, Entry.account_id == Hold.account_id)
        )
        .where(Hold.state == "captured", taken != Hold.captured_points)
        .order_by(Hold.id)
    )


def _reversals() -> Broken:
    """Each entry of a reversal has its opposite in the transaction it takes back."""
    first = aliased(Entry)
    return (
        select(Entry.id, Entry.amount, func.coalesce(-first.amount, 0))
        .join(LedgerTransaction, LedgerTransaction.id == Entry.transaction_id)
        .outerjoin(
            first,
            and_(first.transaction_id == LedgerTransaction.reverses_id, first.account_id == Entry.account_id),
        )
        .where(LedgerTransaction.reverses_id.is_not(None))
        .where(or_(first.id.is_(None), first.amount != -Entry.amount))
        .order_by(Entry.id)
    )
