"""What can stand in the way of a reward, named by the state that does."""

from __future__ import annotations

from app.kernel.errors import Conflict, Invalid, NotFound


class RewardUnknown(NotFound):
    """No reward has this id."""

    slug = "reward-unknown"


class RewardWithdrawn(Conflict):
    """The reward is no longer offered."""

    slug = "reward-withdrawn"


class RewardNotOfferedHere(Conflict):
    """The reward belongs to a region this station does not lie in, or the station has closed."""

    slug = "reward-not-offered-here"


class RiderUnknown(Invalid):
    """No rider is enrolled with this number."""

    slug = "rider-unknown"


class RewardKindUnknown(Invalid):
    """There is no such kind of reward."""

    slug = "reward-kind-unknown"


class PickUpClosed(Conflict):
    """It is given out at other hours; `opens_at` says when next."""

    slug = "pick-up-closed"


class RewardLimitReached(Conflict):
    """The rider has had the share of this reward for this day, week, month or year."""

    slug = "reward-limit-reached"


class OutOfStock(Conflict):
    """None is free at this station; `nearby` says in words where there is one, `distance_m` how far."""

    slug = "out-of-stock"


class VoucherLimitReached(Conflict):
    """The rider holds as many open vouchers as anybody may."""

    slug = "voucher-limit-reached"


class VoucherUnknown(NotFound):
    """No voucher has this id or serial, or it is not the caller's to see."""

    slug = "voucher-unknown"


class VoucherHandedOver(Conflict):
    """It was handed over before; `handed_over_at` says when."""

    slug = "voucher-handed-over"


class VoucherOtherStation(Conflict):
    """It is good at another station; `station` says which."""

    slug = "voucher-other-station"


class VoucherExpired(Conflict):
    """The pick-up days are over; points and stock go back."""

    slug = "voucher-expired"


class VoucherCancelled(Conflict):
    """The rider has cancelled it."""

    slug = "voucher-cancelled"


class VoucherUndone(Conflict):
    """The hand-over was undone and the points went back."""

    slug = "voucher-undone"


class VoucherRefunded(Conflict):
    """It was refunded: the points went back."""

    slug = "voucher-refunded"


class VoucherNotHandedOver(Conflict):
    """There is no hand-over to undo."""

    slug = "voucher-not-handed-over"


class UndoTooLate(Conflict):
    """More than a quarter of an hour has passed since the hand-over."""

    slug = "undo-too-late"


class VoucherCodeUnreadable(Invalid):
    """What was scanned or typed is no voucher."""

    slug = "voucher-code-unreadable"


class StockUnknown(NotFound):
    """This station has never had this reward."""

    slug = "stock-unknown"


class StockPromised(Conflict):
    """Fewer would remain than vouchers are waiting for."""

    slug = "stock-promised"


class ReasonNeeded(Invalid):
    """A difference or a write-off says why."""

    slug = "stock-reason-needed"


class StockUncounted(Invalid):
    """A day is closed only when everything on the shelf was counted; `rewards` says what is missing."""

    slug = "stock-uncounted"


class DayClosed(Conflict):
    """The day was closed before, or a later one was."""

    slug = "day-closed"


class DayNotOver(Conflict):
    """The day has not begun yet."""

    slug = "day-not-over"


class DayNotClosed(Conflict):
    """It is open: there is nothing to reopen."""

    slug = "day-not-closed"


class DayCloseUnknown(NotFound):
    """No day was closed under this id, or it is not the caller's to see."""

    slug = "day-close-unknown"


class LaterDayClosed(Conflict):
    """Only the last closed day can be opened again."""

    slug = "later-day-closed"


class ClosedByYourself(Conflict):
    """Whoever closed a day cannot open it again; somebody else must agree."""

    slug = "closed-by-yourself"


class RefundUnknown(NotFound):
    """No refund has this id, or it is not the caller's to see."""

    slug = "refund-unknown"


class RefundAsked(Conflict):
    """A refund of this voucher is waiting already."""

    slug = "refund-asked"


class RefundTooEarly(Conflict):
    """Within the quarter of an hour the station simply undoes the hand-over."""

    slug = "refund-too-early"


class RefundDecided(Conflict):
    """It was decided before."""

    slug = "refund-decided"


class RefundByYourself(Conflict):
    """Whoever asks for a refund does not decide it."""

    slug = "refund-by-yourself"


class MonthNotOver(Conflict):
    """A month is settled when it is over."""

    slug = "month-not-over"


class MonthSettled(Conflict):
    """This month, or a later one, is settled already."""

    slug = "month-settled"


class SettlementUnknown(NotFound):
    """No statement has this id, or it is not the caller's to see."""

    slug = "settlement-unknown"


class SettlementSigned(Conflict):
    """It is signed already."""

    slug = "settlement-signed"


class SettlementNotSigned(Conflict):
    """The department signs before anybody pays."""

    slug = "settlement-not-signed"


class SettlementPaid(Conflict):
    """It is paid already."""

    slug = "settlement-paid"


class SettlementSignedByYourself(Conflict):
    """Whoever signed a statement does not pay it."""

    slug = "settlement-signed-by-yourself"


class NothingOwed(Conflict):
    """The statement closes at nothing, or in the programme's favour: it is carried forward."""

    slug = "nothing-owed"


class SettlementCarriedOver(Conflict):
    """A later statement opens with what this one closes with: that one is paid."""

    slug = "settlement-carried-over"


class MoreThanOwed(Conflict):
    """Less is owed by now than the statement closes with: the next one says how much."""

    slug = "settlement-more-than-owed"


class MerchantUnknown(NotFound):
    """No merchant has this id, or it is not the caller's to see."""

    slug = "merchant-unknown"


class MerchantNamed(Conflict):
    """The region has a merchant of this name."""

    slug = "merchant-named"


class StationNotTheirs(Conflict):
    """The station is not settled with this merchant in that month."""

    slug = "station-not-theirs"


class NoStations(Conflict):
    """No station was settled with this merchant in that month: there is nothing to put on a statement."""

    slug = "merchant-without-stations"
