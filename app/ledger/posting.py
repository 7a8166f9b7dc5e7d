"""Writing into the book: exactly once per source, never unbalanced, never more than there is.

A post is four statements: lock the accounts, look whether the source was used, write the entries (triggers move the
balances), close them with the transaction. Locks are taken in the order of account keys from last to first: private
wallets before shared budgets, and two posts never wait for each other.

Who may post is decided by the use case that does; nothing here asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, TextClause, Uuid, bindparam, select, text
from sqlalchemy.orm import make_transient_to_detached

from app.identity.actors import Actor
from app.kernel.db import insert_if_absent, session
from app.kernel.ids import new_id
from app.ledger.accounts import forget_balances
from app.ledger.errors import (
    AccountShort,
    AlreadyReversed,
    BudgetExhausted,
    NotReversible,
    PointsShort,
    SourceUsedDifferently,
    TransactionNotFound,
)
from app.ledger.models import Account, Entry, LedgerTransaction

_LOOKED_AT = (
    Account.id,
    Account.kind,
    Account.balance,
    Account.held,
    Account.overdrawable,
    Account.region_code,
    Account.period,
)


class Leg(NamedTuple):
    """So many points into (+) or out of (-) an account."""

    account_id: UUID
    amount: int


def post(
    *, kind: str, source: str, legs: Sequence[Leg], words: Mapping[str, Any], by: Actor, at: datetime
) -> LedgerTransaction:
    """Move points between accounts, once for this `source`; the same again returns the first transaction.

    `words` holds a `slug` of words.toml and its facts; a fact {"zh": …, "en": …} is told in the reader's language.
    Raises PointsShort, BudgetExhausted, AccountShort; SourceUsedDifferently if the first had other legs. A refusal
    leaves the unit of work as it was.
    """
    _must_balance(legs)
    accounts = _accounts_to_change(legs)
    before = booked(source)
    if before is not None:
        if before.kind != kind or legs_of(before.id) != sorted(legs):
            raise SourceUsedDifferently(source=source)
        return before
    _must_suffice(accounts, legs)
    return record(new_id(), kind=kind, source=source, legs=legs, words=words, by=by, at=at)


def reverse(
    *, transaction_id: UUID, source: str, words: Mapping[str, Any], by: Actor, at: datetime
) -> LedgerTransaction:
    """Take a transaction back by its opposite, at most once ever.

    Raises TransactionNotFound, AlreadyReversed, NotReversible and what `post` raises.
    """
    first = session.get(LedgerTransaction, transaction_id)
    if first is None:
        raise TransactionNotFound
    if first.reverses_id is not None:
        raise NotReversible
    legs = [Leg(account_id, -amount) for account_id, amount in legs_of(transaction_id)]
    accounts = _accounts_to_change(legs)
    # Both reversals of one transaction lock the same accounts, so the second sees the first here.
    before = session.scalar(select(LedgerTransaction).where(LedgerTransaction.reverses_id == transaction_id))
    if before is not None and before.source == source:
        return before
    if before is not None:
        raise AlreadyReversed
    if booked(source) is not None:
        raise SourceUsedDifferently(source=source)
    _must_suffice(accounts, legs)
    return record(
        new_id(),
        kind="reversal",
        source=source,
        legs=legs,
        words=words,
        by=by,
        at=at,
        reverses_id=transaction_id,
    )


def record(
    transaction_id: UUID,
    *,
    kind: str,
    source: str,
    legs: Sequence[Leg],
    words: Mapping[str, Any],
    by: Actor,
    at: datetime,
    reverses_id: UUID | None = None,
) -> LedgerTransaction:
    """Write entries and transaction. Only for this package: locks and checks are the caller's."""
    entries: dict[str, Any] = {"transaction_id": transaction_id}
    for number, (account_id, amount) in enumerate(legs):
        entries |= {f"id_{number}": new_id(), f"account_id_{number}": account_id, f"amount_{number}": amount}
    session.execute(_insert_entries(len(legs)), entries)
    values = {
        "id": transaction_id,
        "kind": kind,
        "source": source,
        "words": dict(words),
        "entry_count": len(legs),
        "reverses_id": reverses_id,
        "made_by": by.person_id,
        "at": at,
    }
    if not insert_if_absent(LedgerTransaction, values):
        # Only a concurrent use of the source on other accounts gets here. The entries above have no transaction, so the
        # database refuses to commit this unit of work whatever the caller does.
        raise SourceUsedDifferently(source=source)
    forget_balances(account_id for account_id, _amount in legs)
    return _as_loaded(LedgerTransaction(**values))


@cache
def _insert_entries(count: int) -> TextClause:
    """One statement for all entries. Written out, because SQLAlchemy compiles a many-row INSERT anew each time."""
    rows, typed = [], [bindparam("transaction_id", type_=Uuid())]
    for number in range(count):
        rows.append(f"(:id_{number}, :transaction_id, :account_id_{number}, :amount_{number})")
        typed += [bindparam(f"id_{number}", type_=Uuid()), bindparam(f"account_id_{number}", type_=Uuid())]
    columns = "id, transaction_id, account_id, amount"
    return text(f"INSERT INTO entries ({columns}) VALUES {', '.join(rows)}").bindparams(*typed)  # noqa: S608 -- numbers


def _must_balance(legs: Sequence[Leg]) -> None:
    if len(legs) < 2 or sum(amount for _account_id, amount in legs) != 0:
        raise ValueError("a transaction needs two legs or more that sum to zero")
    accounts = {account_id for account_id, _amount in legs}
    if len(accounts) < len(legs) or any(amount == 0 for _account_id, amount in legs):
        raise ValueError("each leg moves points of an account of its own")


def _accounts_to_change(legs: Sequence[Leg]) -> dict[UUID, Row[Any]]:
    # FOR NO KEY UPDATE: the foreign keys of entries being written elsewhere do not have to wait.
    locked: Any = session.execute(
        select(*_LOOKED_AT)
        .where(Account.id.in_(account_id for account_id, _amount in legs))
        .order_by(Account.key.desc())
        .with_for_update(key_share=True)
    )
    found = {row.id: row for row in locked}
    if len(found) < len(legs):
        raise ValueError("a leg names an account that does not exist")
    return found


def _must_suffice(accounts: Mapping[UUID, Row[Any]], legs: Sequence[Leg]) -> None:
    for account_id, amount in legs:
        account = accounts[account_id]
        usable = account.balance - account.held
        if amount > 0 or account.overdrawable or usable + amount >= 0:
            continue
        short_by = -amount - usable
        if account.kind == "wallet":
            raise PointsShort(short_by=short_by, usable=usable)
        if account.kind == "budget":
            raise BudgetExhausted(
                short_by=short_by, left=usable, region_code=account.region_code, period=account.period
            )
        raise AccountShort(short_by=short_by, usable=usable, kind=account.kind)


def booked(source: str) -> LedgerTransaction | None:
    """The transaction this source was used for, if any."""
    return session.scalar(select(LedgerTransaction).where(LedgerTransaction.source == source))


def legs_of(transaction_id: UUID) -> list[Leg]:
    """The legs of a transaction, by account."""
    chosen = select(Entry.account_id, Entry.amount).where(Entry.transaction_id == transaction_id)
    return sorted(Leg(account_id, amount) for account_id, amount in session.execute(chosen))


def _as_loaded(transaction: LedgerTransaction) -> LedgerTransaction:
    # The row is in the database already; the session only learns of it.
    make_transient_to_detached(transaction)
    session.add(transaction)
    return transaction
