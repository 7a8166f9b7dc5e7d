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


class RewardLimitReached(Conflict):
    """The rider has had this month's share of this reward."""

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
