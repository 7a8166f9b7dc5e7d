"""Check-ins and refused scans. No coordinates are kept, only how far away the phone was, in steps."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.clock import city_day, city_midnight, city_time
from app.kernel.db import Base, IdMixin, UtcDateTime, append_only

POSTER, SCANNED = "poster", "scanned"
HOW = (POSTER, SCANNED)
WINDOW_HOURS = 4
BUCKETS_M = (25, 50, 100, 150, 300, 1_000, 5_000)


class Checkin(IdMixin, Base):
    """A rider was at a station. One that counts per rider, station and window of four hours.

    `turn` is how many of the same window were taken back before it: who was scanned by mistake may still come.
    """

    __tablename__ = "checkins"
    __table_args__ = (
        UniqueConstraint("person_id", "station_id", "window_starts_at", "turn", name="window"),
        CheckConstraint(f"how IN {HOW}", name="how"),
        CheckConstraint("turn >= 0", name="turn"),
        Index("ix_checkins_station_day", "station_id", "happened_at"),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))  # indexed by the window constraint
    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id"))
    region_code: Mapped[str] = mapped_column(ForeignKey("regions.code"), index=True)
    window_starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    turn: Mapped[int] = mapped_column(default=0, server_default="0")
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    arrived_at: Mapped[datetime] = mapped_column(UtcDateTime)
    how: Mapped[str] = mapped_column(String(8))
    within_m: Mapped[int | None]
    recorded_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)

    @property
    def at(self) -> datetime:
        return self.happened_at


class RefusedScan(IdMixin, Base):
    """A scan that was turned away, where, and why: so that the rider and the manager can see it later."""

    __tablename__ = "refused_scans"

    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    station_id: Mapped[UUID | None] = mapped_column(ForeignKey("stations.id"), index=True)
    slug: Mapped[str] = mapped_column(String(40))
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    device: Mapped[str | None] = mapped_column(String(80))  # that scanned
    happened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # None: when it arrived
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class AnnulledCheckin(IdMixin, Base):
    """A check-in that the station took back at once, because it had scanned the wrong person. Both rows stay."""

    __tablename__ = "annulled_checkins"
    __table_args__ = (UniqueConstraint("checkin_id", name="once"),)

    checkin_id: Mapped[UUID] = mapped_column(ForeignKey("checkins.id"))
    reason: Mapped[str] = mapped_column(String(200))
    by_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


append_only(AnnulledCheckin.__table__)  # type: ignore[arg-type]
append_only(Checkin.__table__)  # type: ignore[arg-type]
append_only(RefusedScan.__table__)  # type: ignore[arg-type]


def window_of(at: datetime) -> datetime:
    """The instant at which the four-hour window of the city day began."""
    hours = city_time(at).hour // WINDOW_HOURS * WINDOW_HOURS
    return city_midnight(city_day(at)) + timedelta(hours=hours)


def bucket_of(distance_m: float) -> int:
    """The distance in steps: the smallest step that holds it, the largest for anything beyond."""
    return next((step for step in BUCKETS_M if distance_m <= step), BUCKETS_M[-1])
