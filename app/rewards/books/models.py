"""A station's books: refunds that a second person decides, days that are closed, months that are settled."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, IdMixin, Json, UtcDateTime, append_only
from app.rewards.errors import (
    ClosedByYourself,
    DayNotClosed,
    RefundByYourself,
    RefundDecided,
    SettlementNotSigned,
    SettlementPaid,
    SettlementSigned,
    SettlementSignedByYourself,
)
from app.rewards.guards import forward_only

WAITING, APPROVED, REFUSED = "waiting", "approved", "refused"
REFUND_STATES = (WAITING, APPROVED, REFUSED)

MADE, SIGNED, PAID = "made", "signed", "paid"

_NOT_REFUSED, _IN_FORCE, _LIVE = text("state <> 'refused'"), text("reopened_at IS NULL"), text("live")


class Refund(IdMixin, Base):
    """A hand-over to be taken back after its quarter of an hour: asked for by one person, decided by another."""

    __tablename__ = "refunds"
    __table_args__ = (
        CheckConstraint(f"state IN {REFUND_STATES}", name="state"),
        CheckConstraint("(state = 'waiting') = (decided_by IS NULL)", name="decided"),
        CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name="decided_at"),
        CheckConstraint("decided_by <> asked_by", name="second_person"),
        # Two that ask at the same moment: one refund.
        Index(
            "uq_refunds_voucher_id",
            "voucher_id",
            unique=True,
            postgresql_where=_NOT_REFUSED,
            sqlite_where=_NOT_REFUSED,
        ),
        Index("ix_refunds_state_asked_at", "state", "asked_at"),
    )

    voucher_id: Mapped[UUID] = mapped_column(ForeignKey("vouchers.id"), index=True)
    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id"), index=True)
    reason: Mapped[str] = mapped_column(String(200))
    came_back: Mapped[bool]  # whether the thing lies on the shelf again
    state: Mapped[str] = mapped_column(String(10), default=WAITING)
    asked_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def must_be_waiting(self) -> None:
        """Raises RefundDecided."""
        if self.state != WAITING:
            raise RefundDecided(decided_at=self.decided_at)

    def must_be_decided_by_another_than(self, person_id: UUID) -> None:
        """Raises RefundByYourself if this person asked for it."""
        if person_id == self.asked_by:
            raise RefundByYourself


class DayClose(IdMixin, Base):
    """A station's day, counted and signed. Reopened by somebody else it stays as it was, and a new one follows."""

    __tablename__ = "day_closes"
    __table_args__ = (
        UniqueConstraint("station_id", "day", "number", name="number"),
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("(reopened_by IS NULL) = (reopened_at IS NULL)", name="reopened"),
        CheckConstraint("(reopen_reason IS NULL) = (reopened_at IS NULL)", name="reopen_reason"),
        CheckConstraint("reopened_by <> closed_by", name="second_person"),
        # Two that close the same day at the same moment: one close.
        Index(
            "uq_day_closes_in_force",
            "station_id",
            "day",
            unique=True,
            postgresql_where=_IN_FORCE,
            sqlite_where=_IN_FORCE,
        ),
    )

    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id"))
    day: Mapped[date]
    number: Mapped[int]
    handed_over: Mapped[int]
    undone: Mapped[int]
    refunded: Mapped[int]
    points: Mapped[int] = mapped_column(BigInteger)
    closed_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    closed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reopened_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    reopened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reopen_reason: Mapped[str | None] = mapped_column(String(200))

    def must_be_reopened_by_another_than(self, person_id: UUID) -> None:
        """Raises DayNotClosed if it is open already, ClosedByYourself if this person closed it."""
        if self.reopened_at is not None:
            raise DayNotClosed(day=self.day)
        if person_id == self.closed_by:
            raise ClosedByYourself


class DayCount(Base):
    """What the system said and what somebody counted when a day was closed. A difference has its reason."""

    __tablename__ = "day_counts"
    __table_args__ = (
        CheckConstraint("system >= 0 AND counted >= 0", name="not_negative"),
        CheckConstraint("counted = system OR reason IS NOT NULL", name="difference_reason"),
    )

    close_id: Mapped[UUID] = mapped_column(ForeignKey("day_closes.id"), primary_key=True)
    stock_id: Mapped[UUID] = mapped_column(ForeignKey("stock.id"), primary_key=True, index=True)
    system: Mapped[int]
    counted: Mapped[int]
    reason: Mapped[str | None] = mapped_column(String(200))

    @property
    def difference(self) -> int:
        return self.counted - self.system


class DayLine(Base):
    """A movement over the counter on the list of the day that took it up. `live` ends when that day is reopened."""

    __tablename__ = "day_lines"
    __table_args__ = (
        # A movement stands on one day's list in force: whatever a closing missed falls on the next.
        Index(
            "uq_day_lines_movement_id",
            "movement_id",
            unique=True,
            postgresql_where=_LIVE,
            sqlite_where=_LIVE,
        ),
    )

    close_id: Mapped[UUID] = mapped_column(ForeignKey("day_closes.id"), primary_key=True)
    movement_id: Mapped[UUID] = mapped_column(ForeignKey("stock_movements.id"), primary_key=True, index=True)
    live: Mapped[bool] = mapped_column(default=True)


class MonthFigures:
    """What a statement of a month says, in points, and its seal: a station's, or a merchant's over all of theirs."""

    number: Mapped[str] = mapped_column(String(40))
    month: Mapped[date]
    opening: Mapped[int] = mapped_column(BigInteger)
    captured: Mapped[int] = mapped_column(BigInteger)
    undone: Mapped[int] = mapped_column(BigInteger)
    refunded: Mapped[int] = mapped_column(BigInteger)
    paid: Mapped[int] = mapped_column(BigInteger)
    other: Mapped[int] = mapped_column(BigInteger)
    closing: Mapped[int] = mapped_column(BigInteger)
    facts: Mapped[dict[str, Any]] = mapped_column(Json)
    sha256: Mapped[str] = mapped_column(String(64))
    made_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Settlement(MonthFigures, IdMixin, Base):
    """What a station is owed for a month, to the point. `facts` is the whole statement, sealed by its `sha256`.

    Papers are drawn from `facts` alone, so a statement looks the same for ever; that it was signed and paid stands
    beside it, never in it.
    """

    __tablename__ = "settlements"
    __table_args__ = (
        UniqueConstraint("number", name="number"),
        UniqueConstraint("station_id", "month", name="station_month"),
        CheckConstraint("closing = opening + captured - undone - refunded - paid + other", name="adds_up"),
        CheckConstraint("(signed_by IS NULL) = (signed_at IS NULL)", name="signed"),
        CheckConstraint("(paid_by IS NULL) = (paid_at IS NULL)", name="paid"),
        CheckConstraint("paid_by IS NULL OR signed_by IS NOT NULL", name="signed_before_paid"),
        CheckConstraint("paid_by <> signed_by", name="second_person"),
    )

    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id"))
    signed_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    paid_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    paid_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def state(self) -> str:
        return PAID if self.paid_at else SIGNED if self.signed_at else MADE

    def must_be_unsigned(self) -> None:
        """Raises SettlementSigned."""
        if self.signed_at is not None:
            raise SettlementSigned(signed_at=self.signed_at)

    def must_be_payable_by(self, person_id: UUID) -> None:
        """Raises SettlementNotSigned, SettlementPaid, SettlementSignedByYourself."""
        if self.signed_at is None:
            raise SettlementNotSigned
        if self.paid_at is not None:
            raise SettlementPaid(paid_at=self.paid_at)
        if person_id == self.signed_by:
            raise SettlementSignedByYourself


class SettlementLine(Base):
    """An entry of the station's account on the statement that took it up."""

    __tablename__ = "settlement_lines"
    # An entry stands on one statement, ever: what came in too late for one falls on the next.
    __table_args__ = (UniqueConstraint("entry_id", name="entry"),)

    settlement_id: Mapped[UUID] = mapped_column(ForeignKey("settlements.id"), primary_key=True)
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("entries.id"), primary_key=True)


# --- guards that live in the database ------------------------------------------------------------------------------

forward_only(
    Refund.__table__,  # type: ignore[arg-type]
    steps="OLD.state = 'waiting' AND NEW.state IN ('approved', 'refused')",
    keeps=("id", "voucher_id", "station_id", "reason", "came_back", "asked_by", "asked_at"),
)
forward_only(
    DayClose.__table__,  # type: ignore[arg-type]
    steps="OLD.reopened_at IS NULL AND NEW.reopened_at IS NOT NULL",
    keeps=(
        "id",
        "station_id",
        "day",
        "number",
        "handed_over",
        "undone",
        "refunded",
        "points",
        "closed_by",
        "closed_at",
    ),
)
append_only(DayCount.__table__)  # type: ignore[arg-type]
forward_only(DayLine.__table__, steps="OLD.live AND NOT NEW.live", keeps=("close_id", "movement_id"))  # type: ignore[arg-type]
forward_only(
    Settlement.__table__,  # type: ignore[arg-type]
    steps=(
        "(OLD.signed_at IS NULL AND NEW.signed_at IS NOT NULL AND NEW.paid_at IS NULL)"
        " OR (OLD.signed_at IS NOT NULL AND OLD.paid_at IS NULL AND NEW.paid_at IS NOT NULL"
        " AND NEW.signed_by = OLD.signed_by AND NEW.signed_at = OLD.signed_at)"
    ),
    keeps=(
        "id",
        "number",
        "station_id",
        "month",
        "opening",
        "captured",
        "undone",
        "refunded",
        "paid",
        "other",
        "closing",
        "facts",
        "sha256",
        "made_at",
    ),
)
append_only(SettlementLine.__table__)  # type: ignore[arg-type]
