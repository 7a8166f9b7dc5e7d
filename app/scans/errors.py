"""What can go wrong with a scan beyond the code itself."""

from __future__ import annotations

from app.kernel.errors import Conflict, Invalid


class StationNeeded(Invalid):
    """This code is scanned at a station; say at which."""

    slug = "station-needed"


class CodeNotForScanning(Conflict):
    """A genuine code, but opened in another way."""

    slug = "code-not-for-scanning"


class PosterElsewhere(Conflict):
    """The poster of another station hangs here."""

    slug = "poster-elsewhere"
    keep = True


class ForCounter(Conflict):
    """A personal code or a voucher is read by the station, not by a rider."""

    slug = "code-for-counter"
