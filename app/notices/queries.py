"""Reading the inbox."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import bindparam, func, select

from app.kernel.asking import Question, ask
from app.kernel.db import session
from app.kernel.paging import DEFAULT_LIMIT, Page, page
from app.notices.errors import NoticeNotFound
from app.notices.models import Notice


def inbox(person_id: UUID, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> Page[Notice]:
    """A person's notices, newest first."""
    return page(select(Notice).where(Notice.person_id == person_id), Notice.id, cursor, limit)


UNREAD = Question(
    select(func.count())
    .select_from(Notice)
    .where(Notice.person_id == bindparam("person_id"), Notice.read_at.is_(None)),
    lambda person_id: {"person_id": person_id},
    lambda found: int(found[0]) if found else 0,
)


def unread_count(person_id: UUID) -> int:
    """How many notices a person has not read."""
    return ask(UNREAD, person_id)


def notice_of(notice_id: UUID, person_id: UUID) -> Notice:
    """One of a person's own notices. Raises NoticeNotFound, also for somebody else's."""
    found = session.scalar(select(Notice).where(Notice.id == notice_id, Notice.person_id == person_id))
    if found is None:
        raise NoticeNotFound
    return found
