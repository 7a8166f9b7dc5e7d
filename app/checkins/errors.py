"""Why a check-in is not taken. Each is kept as a refused scan."""

from __future__ import annotations

from app.kernel.errors import Conflict, Forbidden, Invalid, NotFound


class CheckinNotFound(NotFound):
    """No such check-in of this rider."""

    slug = "checkin-not-found"


class CheckedInAlready(Conflict):
    """One check-in per station and four hours; this is the one that counted."""

    slug = "checked-in-already"
    keep = True


class AnnulTooLate(Conflict):
    """A station takes its own scan back within a quarter of an hour, not later, and no poster's."""

    slug = "annul-too-late"


class AnnulledAlready(Conflict):
    """This check-in has been taken back."""

    slug = "annulled-already"


class LocationNeeded(Invalid):
    """A poster proves nothing by itself; the phone has to say where it is."""

    slug = "location-needed"
    keep = True


class LocationVague(Conflict):
    """The phone knows its place only roughly."""

    slug = "location-vague"
    keep = True


class TooFar(Forbidden):
    """The phone is not at the station."""

    slug = "too-far"
    keep = True


class StationClosed(Conflict):
    """The doors are closed; the poster counts only while they are open."""

    slug = "station-closed"
    keep = True


class CheckinTooLate(Conflict):
    """It was saved on the phone for longer than a check-in may wait."""

    slug = "checkin-too-late"
    keep = True


class CheckinAhead(Conflict):
    """The phone's clock runs ahead, so nobody knows when this happened."""

    slug = "checkin-ahead"
    keep = True
