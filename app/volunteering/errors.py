"""What can go wrong with shifts, attendance and hours."""

from __future__ import annotations

from app.kernel.errors import Conflict, Forbidden, Invalid, NotFound


class ActivityNotFound(NotFound):
    """There is no such activity, or it is not published."""

    slug = "activity-not-found"


class ShiftNotFound(NotFound):
    """There is no such shift."""

    slug = "shift-not-found"


class AttendanceNotFound(NotFound):
    """There is no such attendance."""

    slug = "attendance-not-found"


class HoursNotFound(NotFound):
    """There is no such record of hours."""

    slug = "hours-not-found"


class ActivityFixed(Conflict):
    """The activity is cancelled or over and cannot change any more."""

    slug = "activity-fixed"


class ActivityClosed(Conflict):
    """The activity does not take anybody: not published, cancelled or over."""

    slug = "activity-closed"


class ActivityFoundVoid(Conflict):
    """The activity was found made up by two persons: nothing of it counts, whatever comes later."""

    slug = "activity-found-void"


class HoursFoundVoid(Conflict):
    """These hours counted and were found void by two persons: one person's word does not bring them back."""

    slug = "hours-found-void"


class StationElsewhere(Invalid):
    """The station of an activity lies outside its region."""

    slug = "activity-station-elsewhere"


class PublishedTooLate(Conflict):
    """A shift of it has begun before anybody could see it."""

    slug = "activity-published-too-late"


class ShiftTimesWrong(Invalid):
    """A shift must end after it starts, last at most a day's service and lie ahead."""

    slug = "shift-times-wrong"


class RidersOnly(Forbidden):
    """Only enrolled riders sign up."""

    slug = "shift-riders-only"


class ShiftFull(Conflict):
    """All places are taken."""

    slug = "shift-full"


class ShiftOverlap(Conflict):
    """The rider has signed up for another shift at that time."""

    slug = "shift-overlap"


class ShiftStarted(Conflict):
    """It has begun: nobody signs up or steps back any more."""

    slug = "shift-started"


class ShiftTooEarly(Conflict):
    """Signing in opens half an hour before the start."""

    slug = "shift-too-early"


class ShiftOver(Conflict):
    """The shift is over."""

    slug = "shift-over"


class ShiftNotOver(Conflict):
    """Presence is attested once the shift is over."""

    slug = "shift-not-over"


class SignedInAlready(Conflict):
    """A second scan right after the first is a slip, not a sign-out."""

    slug = "signed-in-already"


class SignedOutAlready(Conflict):
    """The rider has signed in and out of this shift."""

    slug = "signed-out-already"


class SignedInElsewhere(Conflict):
    """The rider is still signed in at another shift."""

    slug = "signed-in-elsewhere"


class AttendanceOpen(Conflict):
    """The rider has not signed out yet."""

    slug = "attendance-open"


class NothingToWitness(Conflict):
    """The activity was never published, or called off: nobody attests presence there alone."""

    slug = "nothing-to-witness"


class AttendanceKnown(Conflict):
    """There are scans of this rider on this shift: confirm those."""

    slug = "attendance-known"


class HoursOverlap(Conflict):
    """The rider has other hours in that time; nobody serves twice at once."""

    slug = "hours-overlap"


class HoursTooShort(Conflict):
    """Less than a minute of the shift was attended."""

    slug = "hours-too-short"


class HoursDecided(Conflict):
    """Somebody has confirmed or rejected these hours already."""

    slug = "hours-decided"


class OwnHours(Forbidden):
    """Nobody confirms or enters his own hours."""

    slug = "own-hours"


class SecondPersonNeeded(Forbidden):
    """Whoever entered the hours cannot approve them."""

    slug = "hours-second-person"


class NeedsApproval(Conflict):
    """Hours entered later are approved, not confirmed."""

    slug = "hours-need-approval"


class BackfillTimesWrong(Invalid):
    """Hours entered later lie in the past, within the last weeks, and are of one day's service."""

    slug = "backfill-times-wrong"


class BackfillQuotaUsed(Conflict):
    """This organiser has entered as many hours as a month allows."""

    slug = "backfill-quota-used"


class SignOutTimeWrong(Invalid):
    """The corrected time lies outside the attendance, or none was forgotten."""

    slug = "sign-out-time-wrong"


class TrainingTimeWrong(Invalid):
    """A training lies in the past, and not too long ago."""

    slug = "training-time-wrong"


class ShiftNotRunning(Conflict):
    """Heads are counted while the shift runs: before and after, nobody need be there."""

    slug = "shift-not-running"


class HeadsDiffer(Invalid):
    """The number that was counted is not the number of names that are ticked."""

    slug = "heads-differ"
