"""Doubts about facts, and the points set aside for them. A doubt is about a fact, never about a person."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, IdMixin, Json, UtcDateTime

# open → cleared (in order), asked (it does not hold, says one person) or lapsed (nobody looked in time);
# asked → void (a second person agrees), cleared (that person does not) or lapsed.
OPEN, ASKED, CLEARED, VOID, LAPSED = "open", "asked", "cleared", "void", "lapsed"
STATES = (OPEN, ASKED, CLEARED, VOID, LAPSED)
UNDECIDED = (OPEN, ASKED)

GROUNDS = ("two-places", "away-from-shift", "one-matter", "one-photo", "not-seen")
KINDS = ("checkin", "hours", "report")

LOOK_WITHIN = timedelta(hours=48)  # for the first person, and again for the second


class Doubt(IdMixin, Base):
    """A fact that contradicts another one: what against what, and what came of it."""

    __tablename__ = "doubts"
    __table_args__ = (
        # two rounds that look at the same fact at once: one doubt
        UniqueConstraint("fact_kind", "fact_id", name="once_per_fact"),
        CheckConstraint(f"ground IN {GROUNDS}", name="ground"),
        CheckConstraint(f"fact_kind IN {KINDS}", name="fact_kind"),
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint(f"(state IN {UNDECIDED}) = (settled_at IS NULL)", name="settled"),
        CheckConstraint("(said_by IS NULL) = (said_at IS NULL)", name="said"),
        CheckConstraint("state NOT IN ('asked', 'cleared') OR said_by IS NOT NULL", name="said_by_somebody"),
        CheckConstraint("state <> 'open' OR said_by IS NULL", name="open_is_unsaid"),
        CheckConstraint("said_by <> person_id", name="not_by_himself"),
        CheckConstraint("due_at > found_at", name="due"),
        Index("ix_doubts_state_due", "state", "due_at"),
    )

    ground: Mapped[str] = mapped_column(String(20))
    fact_kind: Mapped[str] = mapped_column(String(20))
    fact_id: Mapped[UUID]
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    region_code: Mapped[str] = mapped_column(ForeignKey("regions.code"), index=True)
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    against: Mapped[dict[str, Any]] = mapped_column(Json)  # what it contradicts, as ids, instants and numbers
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(10), default=OPEN)
    said_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    said_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    words: Mapped[str | None] = mapped_column(String(300))
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SetAside(Base):
    """Points of one award that wait for a second look; none where they were spent before anybody doubted."""

    __tablename__ = "doubt_holds"
    __table_args__ = (CheckConstraint("(hold_id IS NULL) = (points = 0)", name="hold"),)

    doubt_id: Mapped[UUID] = mapped_column(ForeignKey("doubts.id"), primary_key=True)
    award_id: Mapped[UUID] = mapped_column(ForeignKey("awards.id"), primary_key=True, index=True)
    hold_id: Mapped[UUID | None] = mapped_column(ForeignKey("holds.id"), index=True)
    points: Mapped[int]


class LookedUntil(Base):
    """How far each sort of row has been looked at: everything with a smaller id."""

    __tablename__ = "doubt_marks"

    what: Mapped[str] = mapped_column(String(20), primary_key=True)
    until_id: Mapped[UUID]
