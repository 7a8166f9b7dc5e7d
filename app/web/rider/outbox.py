"""What was done without a signal: what is still on the phone, what became of the rest, and how a dark start looks."""

from __future__ import annotations

from flask import Response

from app.identity.actors import Actor
from app.identity.queries import person
from app.kernel.http import public, requires, takes_query
from app.sync import queries
from app.web.edge import Pages, kept_offline, page
from app.web.forms import Continue

pages = Pages("outbox")


@pages.get("/outbox")
@requires("self")
@takes_query(Continue)
def outbox(by: Actor, cursor: str | None = None) -> Response:
    """What waits on this phone, and what became of what was sent later"""
    found = queries.my_items(by.id, cursor)
    return kept_offline(page("rider/outbox.html", items=found.items, next_cursor=found.next_cursor))


@pages.get("/offline")
@public
def no_signal(by: Actor) -> Response:
    """Shown for any page that cannot be fetched: what works without a signal"""
    at_a_desk = by.person_id is not None and not person(by.person_id).is_rider
    return kept_offline(page("rider/offline.html", at_a_desk=at_a_desk))


@pages.get("/offline/check-in")
@requires("self")
def check_in_offline() -> Response:
    """The page behind any poster while there is no signal; the script reads the poster from the address"""
    return kept_offline(page("rider/check_in_offline.html"))
