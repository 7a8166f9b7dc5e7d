"""The inbox: what the programme has to tell a person."""

from __future__ import annotations

from flask import Response

from app.identity.actors import Actor
from app.kernel import clock
from app.kernel.http import requires, takes_form, takes_query
from app.notices import queries
from app.notices.reading import mark_all_read
from app.notices.telling import text_of
from app.web.edge import Pages, go, page
from app.web.forms import Continue, Nothing
from app.web.rider.leading import page_of

pages = Pages("inbox")


@pages.get("/inbox")
@requires("self")
@takes_query(Continue)
def inbox(by: Actor, cursor: str | None = None) -> str:
    """Messages, newest first"""
    found = queries.inbox(by.id, cursor)
    rows = [(each, text_of(each), page_of(each)) for each in found.items]
    return page("rider/inbox.html", rows=rows, next_cursor=found.next_cursor)


@pages.post("/inbox/read")
@requires("self")
@takes_form(Nothing)
def read_all(by: Actor) -> Response:
    """Mark all as read"""
    mark_all_read(by=by, at=clock.now())
    return go("/inbox")
