"""Merchants, the stations that are settled with them, and their statements."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, IdMixin, UtcDateTime, append_only
from app.rewards.books.models import MonthFigures


class Merchant(IdMixin, Base):
    """Somebody who is settled with for several stations: a chain, a shop with more than one counter."""

    __tablename__ = "merchants"
    __table_args__ = (
        UniqueConstraint("short_code", name="short_code"),
        # Two that name the same one at the same moment: one merchant.
        UniqueConstraint("region_code", "name", name="name"),
    )

    name: Mapped[str] = mapped_column(String(100))
    short_code: Mapped[str] = mapped_column(String(6))
    region_code: Mapped[str] = mapped_column(ForeignKey("regions.code"))
    named_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    named_at: Mapped[datetime] = mapped_column(UtcDateTime)


class MerchantStation(Base):
    """With whom a station is settled from a month on, until its next row; without a merchant: with itself.

    One row per station and month, so that a station can never belong to two at once.
    """

    __tablename__ = "merchant_stations"

    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id"), primary_key=True)
    from_month: Mapped[date] = mapped_column(primary_key=True)  # its first day
    merchant_id: Mapped[UUID | None] = mapped_column(ForeignKey("merchants.id"), index=True)
    set_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)


class MerchantStatement(MonthFigures, IdMixin, Base):
    """What a merchant is owed for a month, over all its stations. Sealed like theirs; signing and paying is theirs."""

    __tablename__ = "merchant_statements"
    __table_args__ = (
        UniqueConstraint("number", name="number"),
        UniqueConstraint("merchant_id", "month", name="merchant_month"),
        CheckConstraint("closing = opening + captured - undone - refunded - paid + other", name="adds_up"),
    )

    merchant_id: Mapped[UUID] = mapped_column(ForeignKey("merchants.id"))


class MerchantLine(Base):
    """A station's statement on that of the merchant."""

    __tablename__ = "merchant_lines"
    __table_args__ = (UniqueConstraint("settlement_id", name="settlement"),)  # on one, ever

    statement_id: Mapped[UUID] = mapped_column(ForeignKey("merchant_statements.id"), primary_key=True)
    settlement_id: Mapped[UUID] = mapped_column(ForeignKey("settlements.id"), primary_key=True)


# --- guards that live in the database ------------------------------------------------------------------------------

append_only(MerchantStatement.__table__)  # type: ignore[arg-type]
append_only(MerchantLine.__table__)  # type: ignore[arg-type]
