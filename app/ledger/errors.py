"""What can go wrong with points."""

from __future__ import annotations

from app.kernel.errors import Conflict, Invalid, NotFound


class PointsShort(Conflict):
    """A wallet has fewer usable points than are needed."""

    slug = "points-short"


class BudgetExhausted(Conflict):
    """The budget of a region and period cannot fund this any more."""

    slug = "budget-exhausted"


class AccountShort(Conflict):
    """An account of the programme that may not be overdrawn has too little."""

    slug = "account-short"


class SourceUsedDifferently(Conflict):
    """The cause was already booked, with other amounts or accounts."""

    slug = "source-used-differently"


class AlreadyReversed(Conflict):
    """The transaction was already taken back."""

    slug = "already-reversed"


class NotReversible(Conflict):
    """A reversal is not itself reversed; a new transaction says what is meant."""

    slug = "not-reversible"


class HoldEnded(Conflict):
    """The hold was already captured, released or has expired."""

    slug = "hold-ended"


class TransactionNotFound(NotFound):
    """No such transaction."""

    slug = "transaction-not-found"


class AccountNotFound(NotFound):
    """No such account, or not in the caller's region."""

    slug = "account-not-found"


class EntryNotFound(NotFound):
    """No such entry, or it is somebody else's."""

    slug = "entry-not-found"


class HoldNotFound(NotFound):
    """No such hold."""

    slug = "hold-not-found"


class CorrectionNotFound(NotFound):
    """No such correction, or not in the caller's region."""

    slug = "correction-not-found"


class CorrectionDecided(Conflict):
    """Somebody has already decided on this correction."""

    slug = "correction-decided"


class ApproverIsAsker(Conflict):
    """Above the limit a second person must agree."""

    slug = "needs-second-approver"


class PeriodUnreadable(Invalid):
    """A budget period is a year and a quarter, such as 2026Q4."""

    slug = "period-unreadable"


class NotSealedYet(Conflict):
    """The row is too new: the next seal will cover it within a minute."""

    slug = "not-sealed-yet"
    retryable = True


class SealNotFound(NotFound):
    """No seal of this number."""

    slug = "seal-not-found"


class EntryNotReversible(Conflict):
    """More than points hangs on this entry: a voucher, a void fact. Those have ways of their own."""

    slug = "entry-not-reversible"


class ReversalOpen(Conflict):
    """Somebody asked to take this entry back already."""

    slug = "reversal-open"


class ReversalNotFound(NotFound):
    """Nobody asked for that, or not in the caller's region."""

    slug = "reversal-not-found"


class OwnPoints(Conflict):
    """Nobody decides on points of their own."""

    slug = "own-points"


class PolicyProposed(Conflict):
    """A policy for this region waits for its second person already."""

    slug = "policy-proposed"


class PolicyDecided(Conflict):
    """Somebody has already decided on this policy."""

    slug = "policy-decided"


class PolicyNeedsAnother(Conflict):
    """Who proposes a policy does not put it in force."""

    slug = "policy-needs-another"


class ProposalUnknown(NotFound):
    """Nobody proposed that policy."""

    slug = "policy-proposal-not-found"
