"""Writing into the book: exactly once per source, never unbalanced, never more than there is.

A post is three statements: lock the accounts, write the entries unless the source was used (triggers move the
balances), close them with the transaction. Locks are taken in the order of account keys from last to first: private
wallets before shared budgets, and two posts never wait for each other.

Who may post is decided by the use case that does; nothing here asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import BindParameter, Row, String, TextClause, Uuid, bindparam, select, text

from app.identity.actors import Actor
from app.kernel.bulk import one_of
from app.kernel.db import Statement, as_loaded, dialect_name, session
from app.kernel.driving import rows
from app.kernel.errors import Problem
from app.kernel.ids import new_id
from app.kernel.unanswered import claim, is_unanswered, put, write
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


class Standing(NamedTuple):
    """An account as it stands."""

    id: UUID
    kind: str
    balance: int
    held: int
    overdrawable: bool
    region_code: str | None
    period: str | None


@cache
def _to_change(dialect: str) -> Statement:
    # FOR NO KEY UPDATE: the foreign keys of entries being written elsewhere do not have to wait.
    looked_at = (getattr(Account, name) for name in Standing._fields)
    wanted = select(*looked_at).where(one_of(Account.id, "account_ids", dialect))
    return wanted.order_by(Account.key.desc()).with_for_update(key_share=True)


class Leg(NamedTuple):
    """So many points into (+) or out of (-) an account.

    Into a wallet: usable to the end of `expires_on` (None: they do not expire). `returns_id` is an earlier entry
    that is taken back: points go to the lots they came from (see `returning`), or leave the lot they filled first.
    """

    account_id: UUID
    amount: int
    expires_on: date | None = None
    returns_id: UUID | None = None

    @property
    def move(self) -> tuple[UUID, int]:
        """What is compared when the same source comes again."""
        return self.account_id, self.amount


_ENTRY_TYPES = {name: Entry.__table__.c[name].type for name in ("id", *Leg._fields)}


def post(
    *, kind: str, source: str, legs: Sequence[Leg], words: Mapping[str, Any], by: Actor, at: datetime
) -> LedgerTransaction:
    """Move points between accounts, once for this `source`; the same again returns the first transaction.

    `words` holds a `slug` of words.toml and its facts; a fact {"zh": …, "en": …} is told in the reader's language.
    Raises PointsShort, BudgetExhausted, AccountShort; SourceUsedDifferently if the first had other legs. A refusal
    leaves the unit of work as it was.
    """
    must_balance(legs)
    if (
        is_unanswered()
    ):  # the database locks and checks; what it refuses is posted again, and then it is asked why
        return record(new_id(), kind=kind, source=source, legs=legs, words=words, by=by, at=at)
    accounts = accounts_to_change(legs)
    try:
        must_suffice(accounts, legs)
        return record(new_id(), kind=kind, source=source, legs=legs, words=words, by=by, at=at)
    except Problem:
        before = booked(source)  # asked only now: nearly every source is new
        if before is None:
            raise
    if before.kind != kind or legs_of(before.id) != sorted(leg.move for leg in legs):
        raise SourceUsedDifferently(source=source)
    return before


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
    legs = [
        Leg(account_id, -amount, returns_id=entry_id)
        for entry_id, account_id, amount in _entries_of(transaction_id)
    ]
    accounts = accounts_to_change(legs)
    # Both reversals of one transaction lock the same accounts, so the second sees the first here.
    before = session.scalar(select(LedgerTransaction).where(LedgerTransaction.reverses_id == transaction_id))
    if before is not None and before.source == source:
        return before
    if before is not None:
        raise AlreadyReversed
    if booked(source) is not None:
        raise SourceUsedDifferently(source=source)
    must_suffice(accounts, legs)
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
    """Write entries and transaction. Only for this package: locks and checks are the caller's.

    Raises SourceUsedDifferently, before anything is written, if the source was used.
    """
    entries: dict[str, Any] = {"transaction_id": transaction_id, "source": source}
    for number, leg in enumerate(legs):
        entries |= {f"id_{number}": new_id()} | {
            f"{name}_{number}": value for name, value in leg._asdict().items()
        }
    if is_unanswered():
        put(_insert_entries(len(legs)), entries)
    elif write(_insert_entries(len(legs)), entries) == 0:
        raise SourceUsedDifferently(source=source)
    forget_balances(leg.account_id for leg in legs)
    return close(
        transaction_id, kind=kind, source=source, entry_count=len(legs), words=words, by=by, at=at,
        reverses_id=reverses_id,
    )  # fmt: skip


def close(
    transaction_id: UUID,
    *,
    kind: str,
    source: str,
    entry_count: int,
    words: Mapping[str, Any],
    by: Actor,
    at: datetime,
    reverses_id: UUID | None = None,
) -> LedgerTransaction:
    """Write the transaction that closes its entries. Only for this package."""
    values = {
        "id": transaction_id,
        "kind": kind,
        "source": source,
        "words": dict(words),
        "entry_count": entry_count,
        "reverses_id": reverses_id,
        "made_by": by.person_id,
        "at": at,
    }
    if not claim(LedgerTransaction, values):
        # Only a concurrent use of the source on other accounts gets here: on the same ones it waited for the lock. The
        # entries above have no transaction: the database will not commit this unit of work, whatever the caller does.
        raise SourceUsedDifferently(source=source)
    return as_loaded(LedgerTransaction(**values))


@cache
def _insert_entries(count: int) -> TextClause:
    """One statement for all entries, none if the source was used.

    Written out, because SQLAlchemy compiles a many-row INSERT anew each time.
    """
    rows: list[str] = []
    typed: list[BindParameter[Any]] = [
        bindparam("transaction_id", type_=Uuid()),
        bindparam("source", type_=String()),
    ]
    for number in range(count):
        own = ", ".join(f":{name}_{number}" for name in _ENTRY_TYPES)
        rows.append(f"(:transaction_id, {own})")
        typed += [bindparam(f"{name}_{number}", type_=type_) for name, type_ in _ENTRY_TYPES.items()]
    columns = ", ".join(["transaction_id", *_ENTRY_TYPES])
    unused = "NOT EXISTS (SELECT 1 FROM ledger_transactions WHERE source = :source)"
    written = (
        f"INSERT INTO entries ({columns}) SELECT * FROM (VALUES {', '.join(rows)}) AS added WHERE {unused}"  # noqa: S608 -- numbers
    )
    return text(written).bindparams(*typed)


def must_balance(legs: Sequence[Leg]) -> None:
    """Refuse what is no transaction. Raises ValueError."""
    if len(legs) < 2 or sum(leg.amount for leg in legs) != 0:
        raise ValueError("a transaction needs two legs or more that sum to zero")
    accounts = {leg.account_id for leg in legs}
    if len(accounts) < len(legs) or any(leg.amount == 0 for leg in legs):
        raise ValueError("each leg moves points of an account of its own")


def accounts_to_change(legs: Sequence[Leg]) -> dict[UUID, Standing]:
    """The accounts of these legs, locked until the unit of work ends."""
    wanted = {leg.account_id for leg in legs}
    locked = rows(_to_change(dialect_name()), {"account_ids": list(wanted)})
    found = {row[0]: Standing(*row) for row in locked}
    if len(found) < len(wanted):
        raise ValueError("a leg names an account that does not exist")
    return found


def must_suffice(accounts: Mapping[UUID, Any], legs: Sequence[Leg]) -> None:
    """Refuse to take more than there is. Raises PointsShort, BudgetExhausted, AccountShort."""
    for account_id, amount in (leg.move for leg in legs):
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


def is_any_used(sources: Sequence[str]) -> bool:
    """Whether one of these sources was used."""
    return bool(rows(_used(dialect_name()), {"sources": list(sources)}))


@cache
def _used(dialect: str) -> Statement:
    return select(LedgerTransaction.id).where(one_of(LedgerTransaction.source, "sources", dialect)).limit(1)


def booked(source: str) -> LedgerTransaction | None:
    """The transaction this source was used for, if any."""
    return session.scalar(select(LedgerTransaction).where(LedgerTransaction.source == source))


def legs_of(transaction_id: UUID) -> list[tuple[UUID, int]]:
    """What a transaction moved: accounts and amounts, by account."""
    return sorted((account_id, amount) for _id, account_id, amount in _entries_of(transaction_id))


def returning(account_id: UUID, points: int, *, source: str) -> Leg:
    """A leg that gives back to a wallet what the transaction of this source took out of it.

    The points go to the lots they came from. Raises TransactionNotFound if that source took nothing from there.
    """
    took = entry_of(source, account_id)
    if took is None:
        raise TransactionNotFound
    return Leg(account_id, points, returns_id=took)


def entry_of(source: str, account_id: UUID) -> UUID | None:
    """The entry by which the transaction of this source moved an account, if it did."""
    return session.scalar(
        select(Entry.id)
        .join(LedgerTransaction, LedgerTransaction.id == Entry.transaction_id)
        .where(LedgerTransaction.source == source, Entry.account_id == account_id)
    )


def _entries_of(transaction_id: UUID) -> Sequence[Row[UUID, UUID, int]]:
    chosen = select(Entry.id, Entry.account_id, Entry.amount).where(Entry.transaction_id == transaction_id)
    return session.execute(chosen).all()
