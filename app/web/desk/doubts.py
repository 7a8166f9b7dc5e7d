"""Second looks on the desk: what does not go together, whose it is not said, and two ways to answer."""

from __future__ import annotations

from uuid import UUID

from flask import Response

from app.doubts import deciding, queries
from app.identity.actors import Actor
from app.kernel import clock
from app.kernel.http import requires, takes_form, takes_query
from app.kernel.schemas import Schema, Text
from app.web.edge import Pages, go, page
from app.web.forms import Continue
from app.web.menus import menu_of

pages = Pages("doubts")


class InOrderForm(Schema):
    """A word about what was seen."""

    words = Text(300, load_default=None)


class WantingForm(Schema):
    """Why it does not hold; the rider reads it."""

    words = Text(300, required=True)


@pages.get("/desk/doubts")
@requires(deciding.PERMISSION)
@takes_query(Continue)
def listed(by: Actor, cursor: str | None = None) -> str:
    """What waits for a second look"""
    found = queries.to_look_at(by, cursor)
    return page("desk/doubts.html", rows=found.items, next_cursor=found.next_cursor, menu=menu_of(by))


@pages.post("/desk/doubts/<uuid:doubt_id>/in-order", again=listed)
@requires(deciding.PERMISSION)
@takes_form(InOrderForm)
def find_in_order(doubt_id: UUID, words: str | None, by: Actor) -> Response:
    """It holds"""
    deciding.find_in_order(doubt_id=doubt_id, words=words, by=by, at=clock.now())
    return go("/desk/doubts", said="web.said.doubt-cleared")


@pages.post("/desk/doubts/<uuid:doubt_id>/wanting", again=listed)
@requires(deciding.PERMISSION)
@takes_form(WantingForm)
def find_wanting(doubt_id: UUID, words: str, by: Actor) -> Response:
    """It does not hold; a second person decides"""
    deciding.find_wanting(doubt_id=doubt_id, words=words, by=by, at=clock.now())
    return go("/desk/doubts", said="web.said.doubt-upheld")
