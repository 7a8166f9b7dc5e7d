"""Regions by official code, and stations with their position, hours and facilities."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.kernel import geo
from app.kernel.clock import city_time
from app.kernel.db import Base, IdMixin, Json, UtcDateTime
from app.places import hours as wall
from app.places.hours import END_OF_DAY, Hours
from app.places.hours import every_day as every_day  # noqa: PLC0414 -- where builders of stations look for it

LEVELS = ("city", "district", "subdistrict", "community", "grid")
FACILITIES = ("water", "microwave", "charging", "toilet", "aircon", "first-aid", "rest", "wifi")


class Region(Base):
    """A node of city > district > subdistrict > community > grid. `path`: all codes from the top, each closed by /."""

    __tablename__ = "regions"
    __table_args__ = (
        CheckConstraint(f"level IN {LEVELS}", name="level"),
        UniqueConstraint("path", name="path"),
    )

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    level: Mapped[str] = mapped_column(String(12), index=True)
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("regions.code"), index=True)
    path: Mapped[str] = mapped_column(String(120))

    def holds(self, other_path: str) -> bool:
        """Whether the region with that path is this one or lies inside it."""
        return other_path.startswith(self.path)


class Station(IdMixin, Base):
    """A place that serves riders. Its position is WGS-84; its hours are city wall-clock spans per weekday."""

    __tablename__ = "stations"
    __table_args__ = (
        UniqueConstraint("short_code", name="short_code"),
        CheckConstraint("lat BETWEEN -90 AND 90 AND lng BETWEEN -180 AND 180", name="position"),
        Index("ix_stations_box", "lat", "lng"),
    )

    name: Mapped[str] = mapped_column(String(100))
    short_code: Mapped[str] = mapped_column(String(6))
    region_code: Mapped[str] = mapped_column(ForeignKey("regions.code"), index=True)
    address: Mapped[str] = mapped_column(String(200))
    phone: Mapped[str | None] = mapped_column(String(20))
    lat: Mapped[float]
    lng: Mapped[float]
    hours: Mapped[Hours] = mapped_column(Json)  # seven days from Monday, each a list of [open, close]
    facilities: Mapped[list[str]] = mapped_column(Json)
    active: Mapped[bool] = mapped_column(default=True)
    is_demo: Mapped[bool] = mapped_column(default=False)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)

    # Comes along where `queries` says so; whoever keeps the station then finds its region in the session.
    region: Mapped[Region] = relationship(lazy="raise", viewonly=True)

    @property
    def position(self) -> geo.Position:
        return geo.Position(self.lat, self.lng)

    def spans_on(self, at: datetime) -> list[list[str]]:
        """Today's [open, close] spans."""
        return self.hours[city_time(at).weekday()]

    def is_open(self, at: datetime) -> bool:
        """Whether the doors are open at this instant."""
        return self.active and wall.is_open(self.hours, at)

    def next_opening(self, at: datetime) -> datetime | None:
        """The next instant within a week at which the doors open, None if never."""
        return wall.next_opening(self.hours, at)

    @property
    def always_open(self) -> bool:
        return all(day == [["00:00", END_OF_DAY]] for day in self.hours)
