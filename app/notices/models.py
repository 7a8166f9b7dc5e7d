"""The inbox."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, IdMixin, Json, UtcDateTime


class Notice(IdMixin, Base):
    """One message to one person: a slug and facts, put into words in the reader's language when it is read.

    `source` names what it tells of, so that the same thing is told once however often its event arrives.
    """

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("person_id", "source", name="told_once"),
        Index("ix_notices_person_id_id", "person_id", "id"),
        Index(
            "ix_notices_unread",
            "person_id",
            postgresql_where=text("read_at IS NULL"),
            sqlite_where=text("read_at IS NULL"),
        ),
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    slug: Mapped[str] = mapped_column(String(40))
    source: Mapped[str] = mapped_column(String(100))
    facts: Mapped[dict[str, Any]] = mapped_column(Json)
    about_kind: Mapped[str] = mapped_column(
        String(20)
    )  # what to open: award, points, case, followed, hours, activity, voucher, correction, honour
    about_id: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
