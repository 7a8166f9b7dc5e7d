"""What only the pages have to refuse."""

from __future__ import annotations

from app.kernel.errors import Conflict, Invalid


class NothingInPhoto(Invalid):
    """No code was found in a photo."""

    slug = "scan-nothing-found"

    def __init__(self) -> None:
        super().__init__(fields={"photo": ["scan-nothing-found"]})


class CodeForCounter(Conflict):
    """A rider scanned a rider's code: that is what stations do."""

    slug = "scan-for-counter"
