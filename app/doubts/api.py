"""Second looks: a rider's own doubts, those to be decided, and what is said of them."""

from __future__ import annotations

from uuid import UUID

from app.doubts import deciding, queries
from app.doubts.queries import Seen
from app.doubts.schemas import DoubtRead, InOrder, Wanting
from app.identity.actors import Actor
from app.kernel import clock
from app.kernel.http import Api, gives, gives_page, requires, takes
from app.kernel.paging import Page

api = Api("doubts", "/doubts", "Second looks at facts that contradict each other")


@api.get("")
@requires(deciding.PERMISSION)
@gives_page(DoubtRead)
def list_doubts(by: Actor, cursor: str | None, limit: int) -> Page[Seen]:
    """What waits for a second look where the caller may decide; nobody's name"""
    return queries.to_look_at(by, cursor, limit)


@api.get("/mine")
@requires("self")
@gives_page(DoubtRead)
def my_doubts(by: Actor, cursor: str | None, limit: int) -> Page[Seen]:
    """The caller's own: what waits, why, until when, and what came of it"""
    return queries.mine(by.id, cursor, limit)


@api.post("/<uuid:doubt_id>/in-order")
@requires(deciding.PERMISSION)
@takes(InOrder)
@gives(DoubtRead)
def find_in_order(doubt_id: UUID, words: str | None, by: Actor) -> Seen:
    """Say that the fact holds; what was set aside is usable at once"""
    return queries.seen([deciding.find_in_order(doubt_id=doubt_id, words=words, by=by, at=clock.now())])[0]


@api.post("/<uuid:doubt_id>/wanting")
@requires(deciding.PERMISSION)
@takes(Wanting)
@gives(DoubtRead)
def find_wanting(doubt_id: UUID, words: str, by: Actor) -> Seen:
    """Say that the fact does not hold, and why; a second person decides on the unwinding"""
    return queries.seen([deciding.find_wanting(doubt_id=doubt_id, words=words, by=by, at=clock.now())])[0]
