"""Entries that staff ask to take back: the row of each request, and finding them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Mapped, contains_eager, mapped_column

from app.identity.actors import Actor
from app.kernel.db import Base, IdMixin, UtcDateTime, session
from app.kernel.paging import DEFAULT_LIMIT, Page, page
from app.ledger.errors import ApproverIsAsker, CorrectionDecided, OwnPoints, ReversalNotFound
from app.ledger.models import CORRECTION_LIMIT, CORRECTION_STATES, Entry, LedgerTransaction
from app.places.queries import inside

WAITING, POSTED, REFUSED = CORRECTION_STATES
_STANDS = text(f"state <> '{REFUSED}'")


class Reversal(IdMixin, Base):
    """An entry that was booked by mistake: its whole transaction is taken back, above the limit by two people."""

    __tablename__ = "reversals"
    __table_args__ = (
        # Two that ask for the same at once: one row; after a refusal it may be asked for again.
        Index("uq_reversals_once", "transaction_id", unique=True, postgresql_where=_STANDS, sqlite_where=_STANDS),
        UniqueConstraint("reversal_id", name="reversal_id"),
        CheckConstraint("points > 0", name="points"),
        CheckConstraint(f"state IN {CORRECTION_STATES}", name="state"),
        CheckConstraint("(state = 'posted') = (reversal_id IS NOT NULL)", name="posted"),
        CheckConstraint("(state = 'waiting') = (decided_by IS NULL)", name="decided"),
        CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name="decided_at"),
        CheckConstraint(f"needs_second OR points <= {CORRECTION_LIMIT}", name="limit"),
        CheckConstraint(
            "NOT needs_second OR state <> 'posted' OR decided_by <> asked_by", name="second_approver"
        ),
        CheckConstraint(
            "asked_by <> person_id AND (state <> 'posted' OR decided_by <> person_id)", name="not_own"
        ),
    )  # fmt: skip

    entry_id: Mapped[UUID] = mapped_column(ForeignKey("entries.id"), index=True)
    transaction_id: Mapped[UUID] = mapped_column(ForeignKey("ledger_transactions.id"), index=True)
    person_id: Mapped[UUID | None] = mapped_column(index=True)  # None: no rider's points are moved
    region_path: Mapped[str] = mapped_column(String(120))  # where it belongs: who may decide
    points: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(300))
    needs_second: Mapped[bool]
    state: Mapped[str] = mapped_column(String(10), index=True)
    asked_by: Mapped[UUID]
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reversal_id: Mapped[UUID | None] = mapped_column(ForeignKey("ledger_transactions.id"))

    def must_be_decidable_by(self, person_id: UUID, *, approved: bool) -> None:
        """Raises CorrectionDecided; for an agreement also ApproverIsAsker and OwnPoints."""
        if self.state != WAITING:
            raise CorrectionDecided(state=self.state)
        if approved and person_id == self.asked_by:
            raise ApproverIsAsker(limit=CORRECTION_LIMIT)
        if approved and person_id == self.person_id:
            raise OwnPoints


def standing_of(transaction_id: UUID) -> Reversal | None:
    """What was asked for a transaction and not refused, if anything."""
    return session.scalar(
        select(Reversal).where(Reversal.transaction_id == transaction_id, Reversal.state != REFUSED)
    )


def reversals(
    *,
    by: Actor,
    state: str | None = None,
    decided: bool = False,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[Reversal]:
    """What was asked where the caller may correct, newest first; `decided`: only what waits for nobody any more."""
    chosen = select(Reversal).where(_within(by))
    if state:
        chosen = chosen.where(Reversal.state == state)
    if decided:
        chosen = chosen.where(Reversal.state != WAITING)
    return page(chosen, Reversal.id, cursor, limit)


def reversal_to_decide(reversal_id: UUID, *, by: Actor) -> Reversal:
    """One in the caller's region, locked. Raises ReversalNotFound."""
    chosen = select(Reversal).where(Reversal.id == reversal_id, _within(by)).with_for_update()
    found = session.scalar(chosen.execution_options(populate_existing=True))
    if found is None:
        raise ReversalNotFound
    return found


def is_reversed(source: str) -> bool:
    """Whether the transaction of this source was taken back by its opposite."""
    first = select(LedgerTransaction.id).where(LedgerTransaction.source == source).scalar_subquery()
    chosen = select(LedgerTransaction.id).where(LedgerTransaction.reverses_id == first)
    return session.scalar(chosen) is not None


def mended_by(transaction_id: UUID) -> LedgerTransaction | None:
    """The transaction that took this one back, if one did."""
    return session.scalar(select(LedgerTransaction).where(LedgerTransaction.reverses_id == transaction_id))


def counterpart(entry: Entry) -> Entry | None:
    """The line of the same account that took this one back, or that this one took back."""
    other = LedgerTransaction
    return session.scalar(
        select(Entry)
        .join(other, other.id == Entry.transaction_id)
        .where(Entry.account_id == entry.account_id)
        .where(or_(other.reverses_id == entry.transaction_id, other.id == entry.transaction.reverses_id))
        .options(contains_eager(Entry.transaction))
    )


def _within(by: Actor) -> ColumnElement[bool]:
    paths = by.scopes("ledger.correct").region_paths
    return inside(Reversal.region_path, paths)
