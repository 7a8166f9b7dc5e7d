"""What can go wrong with places."""

from __future__ import annotations

from app.kernel.errors import Invalid, NotFound


class RegionNotFound(NotFound):
    """No region has this code."""

    slug = "region-not-found"


class StationNotFound(NotFound):
    """No station has this id or code, or it has closed for good."""

    slug = "station-not-found"


class BadRow(Invalid):
    """A row of a file cannot be taken; nothing of the file was."""

    slug = "bad-row"
