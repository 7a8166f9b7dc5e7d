"""Why something cannot be done with a case."""

from __future__ import annotations

from app.kernel.errors import Conflict, Forbidden, Invalid, NotFound


class CaseNotFound(NotFound):
    """No case has this id, or the caller may not know that it exists."""

    slug = "case-not-found"


class CaseMovedOn(Conflict):
    """The case is in a state in which its kind does not allow this, or somebody was quicker."""

    slug = "case-moved-on"


class OwnCase(Forbidden):
    """Nobody handles, merges or seconds their own report."""

    slug = "own-case"


class NeedsAnother(Forbidden):
    """The case was reopened; whoever resolved it before does not handle it again."""

    slug = "case-needs-another"


class ReopenTooLate(Conflict):
    """The days for reopening are over."""

    slug = "reopen-too-late"


class NotDisputed(Forbidden):
    """Staff reopen a case only after its reporter said that it is not solved."""

    slug = "case-not-disputed"


class GradeFixed(Conflict):
    """The grade was set and its deadline runs; handing back does not start the clock again."""

    slug = "grade-fixed"


class CannotMerge(Conflict):
    """The other case is not an open one of the same kind."""

    slug = "cannot-merge"


class OthersWait(Conflict):
    """Reports of others were merged into this one, and this one will answer them."""

    slug = "others-wait"


class HandlerUnfit(Invalid):
    """The person named does not hold the permission to work on this case there."""

    slug = "handler-unfit"

    def __init__(self) -> None:
        super().__init__(fields={"handler_id": ["handler-unfit"]})


class PersonalNumbers(Invalid):
    """A telephone or identity number stands in a text about a place."""

    slug = "personal-numbers"

    def __init__(self, field: str) -> None:
        super().__init__(fields={field: ["personal-numbers"]})


class PlaceMissing(Invalid):
    """Neither a position nor words say where it is."""

    slug = "place-missing"

    def __init__(self) -> None:
        super().__init__(fields={"place_words": ["place-missing"]})


class PlaceFarAway(Invalid):
    """The position is nowhere near the city."""

    slug = "place-far-away"

    def __init__(self) -> None:
        super().__init__(fields={"position": ["place-far-away"]})


class UnlikelyTime(Invalid):
    """It is said to have been seen in the future or long ago."""

    slug = "unlikely-time"

    def __init__(self) -> None:
        super().__init__(fields={"happened_at": ["unlikely-time"]})


class UnknownCategory(Invalid):
    """The kind has no such category."""

    slug = "unknown-category"

    def __init__(self) -> None:
        super().__init__(fields={"category": ["unknown-category"]})
