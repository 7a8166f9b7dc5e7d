"""One's own inbox."""

from __future__ import annotations

from uuid import UUID

from app.identity.actors import Actor
from app.kernel import clock
from app.kernel.http import Api, gives, gives_page, requires
from app.kernel.paging import Page
from app.notices import queries, reading
from app.notices.models import Notice
from app.notices.schemas import NoticeRead, UnreadRead

api = Api("notices", "/notices", "The inbox")


@api.get("")
@requires("self")
@gives_page(NoticeRead)
def list_notices(by: Actor, cursor: str | None, limit: int) -> Page[Notice]:
    """One's own notices, newest first"""
    return queries.inbox(by.id, cursor, limit)


@api.get("/unread")
@requires("self")
@gives(UnreadRead)
def count_unread(by: Actor) -> dict[str, int]:
    """How many notices wait to be read"""
    return {"unread": queries.unread_count(by.id)}


@api.post("/<uuid:notice_id>/read")
@requires("self")
@gives(NoticeRead)
def mark_read(notice_id: UUID, by: Actor) -> Notice:
    """One notice was read"""
    return reading.mark_read(notice_id=notice_id, by=by, at=clock.now())


@api.post("/read")
@requires("self")
@gives(UnreadRead)
def mark_all_read(by: Actor) -> dict[str, int]:
    """All notices were read"""
    reading.mark_all_read(by=by, at=clock.now())
    return {"unread": 0}
