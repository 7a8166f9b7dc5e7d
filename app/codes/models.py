"""Handles of personal codes, and the steps that have been used."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.codes.errors import HandleExpired, HandleRevoked, about
from app.identity.models import Person
from app.kernel.db import Base, IdMixin, UtcDateTime

PHONE, SERVER = "phone", "server"
MAKERS = (PHONE, SERVER)

# After a week the phone fetches another handle, so that no station can build a lasting profile of a rider.
LIVES = timedelta(days=7)
GRACE = timedelta(days=14)  # how much longer a phone without a connection may use the old one
SESSION_LIVES = timedelta(seconds=120)


class PersonalHandle(IdMixin, Base):
    """A random number that stands for a rider on one device for a week. Its key is derived, never stored."""

    __tablename__ = "personal_handles"
    __table_args__ = (
        UniqueConstraint("handle", name="handle"),
        CheckConstraint(f"maker IN {MAKERS}", name="maker"),
        CheckConstraint("length(handle) = 10", name="handle_length"),
        # One phone at a time: signing in elsewhere ends the lost phone's codes.
        Index(
            "uq_personal_handles_one_in_use",
            "person_id",
            "maker",
            unique=True,
            sqlite_where=text("revoked_at IS NULL"),
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    maker: Mapped[str] = mapped_column(String(6))
    device_name: Mapped[str] = mapped_column(String(80))
    handle: Mapped[str] = mapped_column(String(10))
    claim: Mapped[str | None] = mapped_column(String(64))  # SHA-256 of what the phone asked for it with
    alg: Mapped[str] = mapped_column(String(1))
    epoch: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    person: Mapped[Person] = relationship(lazy="raise", viewonly=True)

    def is_fresh(self, at: datetime) -> bool:
        """Whether it need not be replaced yet."""
        return self.revoked_at is None and at < self.expires_at

    def must_be_in_use(self, at: datetime) -> None:
        """Refuse a handle that was taken back or has outlived its grace."""
        if self.revoked_at is not None:
            raise about(HandleRevoked(), self.person_id)
        if at >= self.expires_at + GRACE:
            raise about(HandleExpired(), self.person_id)


class Poster(IdMixin, Base):
    """A version of a station's poster. `ends_at`: from then on it is worth nothing."""

    __tablename__ = "posters"
    __table_args__ = (
        UniqueConstraint("station_id", "version", name="version"),
        CheckConstraint("version >= 1", name="version_counts"),
    )

    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id"))  # indexed by the version constraint
    version: Mapped[int]
    made_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def has_ended(self, at: datetime) -> bool:
        """Whether it is worth nothing any more."""
        return self.ends_at is not None and at >= self.ends_at


class ScanSession(IdMixin, Base):
    """One use of one step of a handle, at one station. For two minutes it stands for the rider's presence there.

    The unique constraint is what makes a code good once: of any number of presentations, at any number of stations and
    at the same moment, one row can be written.
    """

    __tablename__ = "scan_sessions"
    __table_args__ = (UniqueConstraint("handle_id", "step", name="step_used_once"),)

    handle_id: Mapped[UUID] = mapped_column(ForeignKey("personal_handles.id"))  # indexed by step_used_once
    step: Mapped[int] = mapped_column(BigInteger)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id"), index=True)
    opened_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @property
    def expires_at(self) -> datetime:
        return self.opened_at + SESSION_LIVES
