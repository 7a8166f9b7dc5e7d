"""A photograph that was taken in: who sent it, what it is for, who may see it. The bytes lie in the storage."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, IdMixin, Json, UtcDateTime

REWARD, NOMINATION = "reward", "nomination"
PURPOSES = ("report", "work", "appeal", REWARD, NOMINATION)


class Media(IdMixin, Base):
    """A cleaned JPEG and its thumbnail. Until it is attached to something, only its owner sees it.

    `seen_with` names the permissions of which one, held over `region_code`, lets a member of staff see it.
    """

    __tablename__ = "media"
    __table_args__ = (
        CheckConstraint(f"purpose IN {PURPOSES}", name="purpose"),
        CheckConstraint("width BETWEEN 1 AND 1600 AND height BETWEEN 1 AND 1600", name="small"),
        CheckConstraint("size_bytes > 0", name="not_empty"),
        CheckConstraint("(attached_at IS NULL) = (region_code IS NULL)", name="attached_somewhere"),
        CheckConstraint("erased_at IS NULL OR gone_at IS NOT NULL", name="gone_before_erased"),
        Index("ix_media_owner_id_created_at", "owner_id", "created_at"),
    )

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    purpose: Mapped[str] = mapped_column(String(20))
    # SHA-256 of the cleaned JPEG: its name in the storage
    digest: Mapped[str] = mapped_column(String(64), index=True)
    likeness: Mapped[str | None] = mapped_column(String(32))  # what it looks like: see likeness.py
    width: Mapped[int]
    height: Mapped[int]
    size_bytes: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attached_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    region_code: Mapped[str | None] = mapped_column(ForeignKey("regions.code"), index=True)
    seen_with: Mapped[list[str]] = mapped_column(Json, default=list)
    shown_to_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), index=True)
    gone_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)  # nobody sees it from then on
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # and its bytes are thrown away
