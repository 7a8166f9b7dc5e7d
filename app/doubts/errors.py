"""What can go wrong when somebody takes a second look."""

from __future__ import annotations

from app.kernel.errors import Conflict, NotFound


class DoubtNotFound(NotFound):
    """There is no such doubt, or it is not the caller's to see."""

    slug = "doubt-not-found"


class DoubtSettled(Conflict):
    """Somebody has said what it is, or its time is over: the points are free again, or on their way back."""

    slug = "doubt-settled"


class NothingGiven(Conflict):
    """The fact has not been judged yet: there is nothing to take back, and whoever judges it can say no."""

    slug = "doubt-not-judged"
