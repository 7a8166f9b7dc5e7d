"""The book: accounts, transactions, their entries, holds on wallets, and corrections asked for by staff.

What must always hold is held by the database, on SQLite and PostgreSQL alike (see `guards.py`): entries sum to zero, a
stored balance is the sum of its entries, `held` is the sum of the open holds, nothing goes below zero unless marked
overdrawable, entries and transactions never change, and a source is used once. A wallet is made of lots, one per last
day, which are to it what entries are to a balance (see `lot_guards.py`).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kernel import clock
from app.kernel.db import Base, IdMixin, Json, UtcDateTime, append_only
from app.ledger import guards, lot_guards
from app.ledger.errors import ApproverIsAsker, CorrectionDecided, OwnPoints

ACCOUNT_KINDS = (
    "wallet",
    "pending",
    "budget",
    "issuance",
    "settlement",
    "redemption",
    "expiry",
    "correction",
    "offline-unmatched",
    "debt",
    "write-off",
)
# Where points come from or are given back to; a station may owe points after it was paid for them.
OVERDRAWABLE_KINDS = frozenset(
    {"issuance", "settlement", "correction", "offline-unmatched", "debt", "write-off"}
)
HOLD_STATES = ("held", "captured", "released", "expired")
CORRECTION_STATES = ("waiting", "posted", "refused")
CORRECTION_LIMIT = 100  # points one person may correct alone; above it a second one must agree

MAX_SOURCE = 200  # characters that name a cause
NEVER = date.max  # the last day of points that do not expire
TOLD_DAYS = (30, 7)  # how long before their last day a rider hears of it, the first time and the last

_OPEN = text("state = 'held'")
_RETURNING = text("returns_id IS NOT NULL")
_NOT_EMPTY = text("points > 0")


class Account(IdMixin, Base):
    """A place where points lie. `key` names it once and for all, such as `wallet:<person>` or `budget:<region>:2026Q4`.

    `balance` and `held` are moved by triggers on entries and holds, and by nothing else.
    """

    __tablename__ = "accounts"
    __table_args__ = (
        UniqueConstraint("key", name="key"),
        CheckConstraint(f"kind IN {ACCOUNT_KINDS}", name="kind"),
        CheckConstraint("overdrawable OR balance - held >= 0", name="no_overdraft"),
        CheckConstraint("held >= 0", name="held"),
        CheckConstraint("kind <> 'debt' OR balance <= 0", name="debt"),  # nobody pays more than is owed
    )

    key: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(20), index=True)
    # A person or a station. No foreign key: the book outlives both.
    owner_id: Mapped[UUID | None] = mapped_column(index=True)
    region_code: Mapped[str | None] = mapped_column(ForeignKey("regions.code"), index=True)
    period: Mapped[str | None] = mapped_column(String(10))
    balance: Mapped[int] = mapped_column(BigInteger, default=0)
    held: Mapped[int] = mapped_column(BigInteger, default=0)
    overdrawable: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    @property
    def usable(self) -> int:
        return self.balance - self.held


class LedgerTransaction(IdMixin, Base):
    """Why points moved. Written after its entries, which it closes: nothing can be added to it any more.

    `source` names the cause and is used once, ever. `at` is when it happened; the id is the order of recording.
    `words` holds a `slug` of words.toml and the facts that fill it.
    """

    __tablename__ = "ledger_transactions"
    __table_args__ = (
        UniqueConstraint("source", name="source"),
        UniqueConstraint("reverses_id", name="reverses_id"),  # a transaction is reversed at most once
        CheckConstraint("entry_count >= 2", name="entry_count"),
    )

    kind: Mapped[str] = mapped_column(String(40), index=True)
    source: Mapped[str] = mapped_column(String(MAX_SOURCE))
    words: Mapped[dict[str, Any]] = mapped_column(Json)
    entry_count: Mapped[int]
    reverses_id: Mapped[UUID | None] = mapped_column(ForeignKey("ledger_transactions.id"))
    made_by: Mapped[UUID | None]  # None: the programme itself
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class Entry(IdMixin, Base):
    """One leg of a transaction: so many points into (+) or out of (-) an account.

    Of a wallet, `expires_on` names the lot they go into or come out of, and `returns_id` an earlier entry that this one
    takes back: its points go to the lots they came from. Otherwise what expires first is spent first.
    """

    __tablename__ = "entries"
    __table_args__ = (
        CheckConstraint("amount <> 0", name="amount"),
        Index("ix_entries_account_id_id", "account_id", "id"),
        Index("ix_entries_returns_id", "returns_id", postgresql_where=_RETURNING, sqlite_where=_RETURNING),
    )

    # Deferred: the entries come first and the transaction closes them; at COMMIT it must be there.
    transaction_id: Mapped[UUID] = mapped_column(
        ForeignKey("ledger_transactions.id", deferrable=True, initially="DEFERRED"), index=True
    )
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    amount: Mapped[int] = mapped_column(BigInteger)
    expires_on: Mapped[date | None]
    returns_id: Mapped[UUID | None] = mapped_column(ForeignKey("entries.id"))

    transaction: Mapped[LedgerTransaction] = relationship(lazy="raise", viewonly=True)
    account: Mapped[Account] = relationship(lazy="raise", viewonly=True)


class Hold(IdMixin, Base):
    """Points of a wallet reserved for one purpose: held, then captured, released or expired, and that for good."""

    __tablename__ = "holds"
    __table_args__ = (
        UniqueConstraint("source", name="source"),
        CheckConstraint("points > 0", name="points"),
        CheckConstraint(f"state IN {HOLD_STATES}", name="state"),
        CheckConstraint("(state = 'held') = (ended_at IS NULL)", name="ended"),
        CheckConstraint("(state = 'captured') = (transaction_id IS NOT NULL)", name="captured"),
        CheckConstraint("(state = 'captured') = (captured_points IS NOT NULL)", name="captured_some"),
        CheckConstraint("captured_points BETWEEN 1 AND points", name="captured_points"),
        Index("ix_holds_open", "account_id", postgresql_where=_OPEN, sqlite_where=_OPEN),
        Index("ix_holds_ended_at", "ended_at"),
        Index("ix_holds_due", "expires_at", postgresql_where=_OPEN, sqlite_where=_OPEN),
    )

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    points: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(10), default="held")
    source: Mapped[str] = mapped_column(String(MAX_SOURCE))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[UUID | None]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    captured_points: Mapped[int | None] = mapped_column(BigInteger)
    end_source: Mapped[str | None] = mapped_column(String(MAX_SOURCE))
    ended_by: Mapped[UUID | None]
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    transaction_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("ledger_transactions.id", deferrable=True, initially="DEFERRED"), index=True
    )


class Lot(Base):
    """The points of a wallet that share a last day. Moved by triggers on entries and holds, and by nothing else.

    `due_on` is that last day, or a later one: points that come back after their last day may be used for a while more.
    """

    __tablename__ = "lots"
    __table_args__ = (
        CheckConstraint("points >= 0", name="points"),
        CheckConstraint("held BETWEEN 0 AND points", name="no_overdraft"),
        CheckConstraint("due_on >= expires_on", name="due_on"),
        CheckConstraint(f"told_days IN {TOLD_DAYS}", name="told_days"),
        Index("ix_lots_open", "account_id", "due_on", postgresql_where=_NOT_EMPTY, sqlite_where=_NOT_EMPTY),
        Index("ix_lots_due", "due_on", postgresql_where=_NOT_EMPTY, sqlite_where=_NOT_EMPTY),
        Index("ix_lots_told", "told_days", "due_on", postgresql_where=_NOT_EMPTY, sqlite_where=_NOT_EMPTY),
    )

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    expires_on: Mapped[date] = mapped_column(primary_key=True)
    due_on: Mapped[date]
    points: Mapped[int] = mapped_column(BigInteger, default=0)
    held: Mapped[int] = mapped_column(BigInteger, default=0)
    told_days: Mapped[int | None]

    @property
    def free(self) -> int:
        return self.points - self.held

    @property
    def expires(self) -> bool:
        return self.due_on != NEVER


def _of_lot() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["account_id", "expires_on"], ["lots.account_id", "lots.expires_on"])


class LotMove(Base):
    """What an entry put into (+) or took out of (-) one lot of its wallet. Written by the database itself."""

    __tablename__ = "lot_moves"
    __table_args__ = (
        _of_lot(),
        CheckConstraint("amount <> 0", name="amount"),
        Index("ix_lot_moves_account_id", "account_id", "expires_on"),
    )

    entry_id: Mapped[UUID] = mapped_column(ForeignKey("entries.id"), primary_key=True)
    expires_on: Mapped[date] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    amount: Mapped[int] = mapped_column(BigInteger)


class LotHold(Base):
    """What a hold reserved of one lot of its wallet. Written by the database itself."""

    __tablename__ = "lot_holds"
    __table_args__ = (
        _of_lot(),
        CheckConstraint("points > 0", name="points"),
        Index("ix_lot_holds_account_id", "account_id", "expires_on"),
    )

    hold_id: Mapped[UUID] = mapped_column(ForeignKey("holds.id"), primary_key=True)
    expires_on: Mapped[date] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    points: Mapped[int] = mapped_column(BigInteger)


class Correction(IdMixin, Base):
    """A mistake in a rider's points, mended by a new transaction: by one member of staff, above the limit by two."""

    __tablename__ = "corrections"
    __table_args__ = (
        CheckConstraint("points <> 0", name="points"),
        CheckConstraint(f"state IN {CORRECTION_STATES}", name="state"),
        CheckConstraint("(state = 'posted') = (transaction_id IS NOT NULL)", name="posted"),
        CheckConstraint("(state = 'waiting') = (decided_by IS NULL)", name="decided"),
        CheckConstraint(
            "NOT needs_second OR state <> 'posted' OR decided_by <> asked_by", name="second_approver"
        ),
        CheckConstraint(
            "asked_by <> person_id AND (state <> 'posted' OR decided_by <> person_id)", name="not_own"
        ),
    )

    person_id: Mapped[UUID] = mapped_column(index=True)
    region_path: Mapped[str] = mapped_column(String(120))  # where the rider is at home: who may decide
    points: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(500))
    needs_second: Mapped[bool]
    state: Mapped[str] = mapped_column(String(10), index=True)
    asked_by: Mapped[UUID]
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    transaction_id: Mapped[UUID | None] = mapped_column(ForeignKey("ledger_transactions.id"), index=True)

    def must_be_waiting(self) -> None:
        """Raises CorrectionDecided."""
        if self.state != "waiting":
            raise CorrectionDecided(state=self.state)

    def must_be_decided_by_another_than(self, person_id: UUID | None) -> None:
        """Raises ApproverIsAsker if this person asked for the correction, OwnPoints if it is about them."""
        if person_id is None or person_id == self.asked_by:
            raise ApproverIsAsker(limit=CORRECTION_LIMIT)
        if person_id == self.person_id:
            raise OwnPoints


class DebtPolicy(IdMixin, Base):
    """What becomes of points a rider owes, published with its reason. In force until the next one."""

    __tablename__ = "debt_policies"
    __table_args__ = (CheckConstraint("share_percent BETWEEN 0 AND 100", name="share_percent"),)

    share_percent: Mapped[int]  # of each later award; 0: debts are written off
    reason: Mapped[str] = mapped_column(String(500))
    set_by: Mapped[UUID]
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)

    @property
    def writes_off(self) -> bool:
        return self.share_percent == 0

    def share_of(self, points: int) -> int:
        """How many of so many points pay off a debt."""
        return points * self.share_percent // 100


class BudgetWarning(IdMixin, Base):
    """That a budget had spent so much of so much was said, once; more funds make it new again."""

    __tablename__ = "budget_warnings"
    __table_args__ = (
        UniqueConstraint("account_id", "percent", "funded", name="once"),
        CheckConstraint("percent IN (80, 95, 100)", name="percent"),
    )

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    percent: Mapped[int]
    funded: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Seal(Base):
    """A batch of rows whose hashes are fixed for good: `hash` covers the tree over them and the seal before.

    Whoever keeps a published hash can tell later whether anything up to it was touched (see `proofs`).
    """

    __tablename__ = "seals"
    __table_args__ = (CheckConstraint("number > 0", name="number"), CheckConstraint("size > 0", name="size"))

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    root: Mapped[str] = mapped_column(String(64))
    previous: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    sealed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    hash: Mapped[str] = mapped_column(String(64))


class SealedRow(Base):
    """Which seal covers a row, where in its tree, and the hash the row had."""

    __tablename__ = "sealed_rows"
    __table_args__ = (UniqueConstraint("seal_number", "position", name="position"),)

    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    row_id: Mapped[UUID] = mapped_column(primary_key=True)
    seal_number: Mapped[int] = mapped_column(ForeignKey("seals.number"))
    position: Mapped[int]
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


for _model in (DebtPolicy, BudgetWarning, Seal, SealedRow):
    append_only(_model.__table__)  # type: ignore[arg-type]
guards.attach(
    accounts=Account.__table__,  # type: ignore[arg-type]
    transactions=LedgerTransaction.__table__,  # type: ignore[arg-type]
    entries=Entry.__table__,  # type: ignore[arg-type]
    holds=Hold.__table__,  # type: ignore[arg-type]
)
lot_guards.attach(
    lots=Lot.__table__,  # type: ignore[arg-type]
    moves=LotMove.__table__,  # type: ignore[arg-type]
    lot_holds=LotHold.__table__,  # type: ignore[arg-type]
    holds=Hold.__table__,  # type: ignore[arg-type]
    entries=Entry.__table__,  # type: ignore[arg-type]
    transactions=LedgerTransaction.__table__,  # type: ignore[arg-type]
)
