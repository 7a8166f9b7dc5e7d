"""What can go wrong between criteria and roll."""

from __future__ import annotations

from app.kernel.errors import Conflict, Forbidden, Gone, Invalid, NotFound


class SelectionNotFound(NotFound):
    """There is no such selection, or the caller may not know of it yet."""

    slug = "selection-not-found"


class CandidateNotFound(NotFound):
    """There is no such candidate in this selection."""

    slug = "candidate-not-found"


class SelectionMovedOn(Conflict):
    """The selection is at another step; steps are not taken twice or backwards."""

    slug = "selection-moved-on"


class PeriodWrong(Invalid):
    """A period starts before it ends and lasts at most a year."""

    slug = "selection-period-wrong"


class PeriodNotOver(Conflict):
    """Facts are frozen once the period is over."""

    slug = "selection-period-not-over"


class CriteriaWrong(Invalid):
    """A source stands twice, or the order of ties names one that is not scored."""

    slug = "criteria-wrong"


class ApprovalNumberNeeded(Invalid):
    """A commendation needs the number of its approval."""

    slug = "approval-number-needed"


class SecondReviewerNeeded(Forbidden):
    """Whoever set the selection up does not decide on it."""

    slug = "second-reviewer-needed"


class OwnCandidacy(Forbidden):
    """Nobody decides where he is a candidate himself."""

    slug = "own-candidacy"


class TooManyChosen(Conflict):
    """More candidates are in than there are seats."""

    slug = "too-many-chosen"


class NobodyChosen(Conflict):
    """Nobody is in."""

    slug = "nobody-chosen"


class NoticeRunning(Conflict):
    """The public notice has not run its working days yet."""

    slug = "notice-running"


class HonourNotFound(NotFound):
    """There is no such honour."""

    slug = "honour-not-found"


class CriteriaNotApproved(Conflict):
    """A second person has not approved the criteria yet."""

    slug = "criteria-not-approved"


class RegionOutside(Invalid):
    """A region of a selection lies outside the one that is responsible for it."""

    slug = "selection-region-outside"


class SnapshotBroken(Invalid):
    """A snapshot file does not agree with itself."""

    slug = "snapshot-broken"


class HoldNotFound(NotFound):
    """There is no such open hold."""

    slug = "integrity-hold-not-found"


class HoldOpen(Conflict):
    """A hold about this rider is open already."""

    slug = "integrity-hold-open"


class NomineeUnfit(Conflict):
    """Nobody nominates himself, nor after the facts are sealed."""

    slug = "nominee-unfit"


class LinkUnsafe(Invalid):
    """A link is not a plain https address of a public site."""

    slug = "link-unsafe"


class PhotoShowsNeeded(Invalid):
    """A photo with a nomination says who is on it."""

    slug = "photo-shows-needed"


class NominationPhotoNotFound(NotFound):
    """There is no such photo, or the caller may not know of it."""

    slug = "nomination-photo-not-found"


class Recused(Forbidden):
    """A reviewer who recused himself decides nothing about that candidate."""

    slug = "recused"


class BlindRoundOpen(Conflict):
    """Names are shown once every reviewer present has marked without them."""

    slug = "blind-round-open"


class BlindRoundRunning(Conflict):
    """Nobody signs before the blind round is closed."""

    slug = "blind-round-running"


class ReviewerNotFound(NotFound):
    """Nobody of this id reviews there."""

    slug = "reviewer-not-found"


class MeetingWrong(Invalid):
    """A meeting lies between the sealing and today, and nobody votes who was not there."""

    slug = "meeting-wrong"


class MeetingMissing(Conflict):
    """No public notice without the record of a meeting."""

    slug = "meeting-missing"


class MeetingNotCarried(Conflict):
    """The last meeting did not agree to the list."""

    slug = "meeting-not-carried"


class MeetingStale(Conflict):
    """Somebody was taken in or out after the last meeting; it has to agree to the list as it is now."""

    slug = "meeting-stale"


class ContactNeeded(Invalid):
    """A public notice says where to object."""

    slug = "contact-needed"


class MarkTooLow(Conflict):
    """Somebody is in by the criteria alone although the reviewers' mark is below what they ask for."""

    slug = "mark-too-low"


class BlindRoundOver(Conflict):
    """Marks are given before names are seen."""

    slug = "blind-round-over"


class ObjectionsOpen(Conflict):
    """An objection to the whole list has not been answered."""

    slug = "objections-open"


class CandidateHeld(Conflict):
    """An objection about this candidate has not been answered, or his records are being looked into."""

    slug = "candidate-held"


class NoticeNotEnded(Conflict):
    """The end of the notice has not been recorded."""

    slug = "notice-not-ended"


class HonourRevokedAlready(Gone):
    """The honour was taken back."""

    slug = "honour-revoked"


class ExportNotFound(NotFound):
    """There is no such export."""

    slug = "export-not-found"


class ExportNotReady(Conflict):
    """A long export is still being made."""

    slug = "export-not-ready"
    keep = True  # it may have been ordered again just now


class ExportFailed(Conflict):
    """A long export could not be made."""

    slug = "export-failed"
