"""The audit log: append-only, ids and facts, never contents."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, IdMixin, Json, UtcDateTime, append_only


class AuditRecord(IdMixin, Base):
    """One look or one act of a member of staff."""

    __tablename__ = "audit_records"

    action: Mapped[str] = mapped_column(String(60), index=True)
    subject: Mapped[str] = mapped_column(String(100), index=True)
    facts: Mapped[dict[str, Any]] = mapped_column(Json)
    actor_id: Mapped[UUID | None] = mapped_column(index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


append_only(AuditRecord.__table__)  # type: ignore[arg-type]
