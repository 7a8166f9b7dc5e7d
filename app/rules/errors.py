"""What can go wrong with rules and awards."""

from __future__ import annotations

from app.kernel.errors import Conflict, Forbidden, Invalid, NotFound


class RuleSetNotFound(NotFound):
    """There is no such rule set."""

    slug = "rule-set-not-found"


class VersionNotFound(NotFound):
    """There is no such version, or it is a draft that the caller may not see."""

    slug = "rule-version-not-found"


class AwardNotFound(NotFound):
    """There is no such award, or it is somebody else's."""

    slug = "award-not-found"


class FactNotFound(NotFound):
    """No such fact was judged, or it is somebody else's."""

    slug = "fact-not-found"


class RuleSetExists(Conflict):
    """The region has a rule set for that time already; it gets a new version instead."""

    slug = "rule-set-exists"


class VersionNotOpen(Conflict):
    """The version is not in a state in which this can happen; a published one is never edited."""

    slug = "rule-version-not-open"


class NumberTaken(Conflict):
    """Somebody else began a version at the same moment."""

    slug = "rule-version-number-taken"
    retryable = True


class SecondPersonNeeded(Forbidden):
    """Whoever wrote a version does not review it."""

    slug = "rule-second-person-needed"


class AskedByYourself(Forbidden):
    """Whoever asked for something to be taken back does not decide it."""

    slug = "unwinding-second-person"


class StartsInThePast(Invalid):
    """A version starts now or later; no rule reaches back."""

    slug = "rule-starts-in-the-past"


class EndsInThePast(Invalid):
    """A version ends now or later, and not before it starts."""

    slug = "rule-ends-in-the-past"


class DryRunNeeded(Conflict):
    """A wording is tried on the past before somebody reviews it."""

    slug = "rule-dry-run-needed"


class CampaignNotFound(NotFound):
    """There is no such campaign."""

    slug = "campaign-not-found"


class CampaignTimesWrong(Invalid):
    """A campaign starts now or later and ends after it starts."""

    slug = "campaign-times-wrong"


class DryRunNotFound(NotFound):
    """There is no such dry run."""

    slug = "dry-run-not-found"


class DryRunOver(Conflict):
    """It was done, failed or cancelled already: there is nothing to stop."""

    slug = "dry-run-over"


class UnwindingNotFound(NotFound):
    """Nobody asked to unwind that."""

    slug = "unwinding-not-found"


class UnwindingDecided(Conflict):
    """Somebody has decided already."""

    slug = "unwinding-decided"


class NothingToUnwind(NotFound):
    """No such fact was recorded."""

    slug = "nothing-to-unwind"


class AwardGone(Conflict):
    """The points of this award went back already."""

    slug = "award-gone"


class AwardMovedOn(Conflict):
    """The points became usable since: the line that says so is the one to take back."""

    slug = "award-moved-on"
