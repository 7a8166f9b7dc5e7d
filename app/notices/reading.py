"""Marking notices as read."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, update

from app.identity.actors import Actor
from app.kernel.db import session
from app.notices import queries
from app.notices.models import Notice


def mark_read(*, notice_id: UUID, by: Actor, at: datetime) -> Notice:
    """One's own notice was read; the first time counts."""
    notice = queries.notice_of(notice_id, by.id)
    notice.read_at = notice.read_at or at
    session.flush()
    return notice


def mark_all_read(*, by: Actor, at: datetime) -> int:
    """All of one's own notices were read. Returns how many were not before."""
    unread = update(Notice).where(Notice.person_id == by.id, Notice.read_at.is_(None)).values(read_at=at)
    return cast(CursorResult[Any], session.execute(unread)).rowcount
