"""What one person asks for and a second one decides: the answer, and what waits beside what was decided."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.identity.actors import Actor
from app.kernel.paging import Page
from app.kernel.schemas import Schema
from app.web.forms import Choice, Continue

WAITING, DECIDED = "waiting", "decided"


class Which(Continue):
    """What waits for the second person, or what was decided; and where the list continues."""

    show = Choice((WAITING, DECIDED), load_default=WAITING)


class DecideForm(Schema):
    """Agreed or not."""

    decision = Choice(("agree", "refuse"), required=True)


def waiting_and_decided(
    among: Callable[..., Page[Any]], show: str, cursor: str | None, by: Actor
) -> tuple[Page[Any], Page[Any]]:
    """The newest of both; with a cursor one of them, further back."""
    none: Page[Any] = Page([], None)
    waiting = among(by=by, state=WAITING, cursor=cursor) if show == WAITING else none
    decided = among(by=by, decided=True, cursor=cursor) if show == DECIDED or cursor is None else none
    return waiting, decided
