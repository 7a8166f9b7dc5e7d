"""What can be wrong with a device, a lease, a log, or one item of it."""

from __future__ import annotations

from app.kernel import errors
from app.kernel.errors import Forbidden, Gone, Invalid, NotFound


class DeviceUnknown(NotFound):
    """No device of this station has this id."""

    slug = "device-unknown"


class DeviceRevoked(Gone):
    """The device was taken out of use."""

    slug = "device-revoked"


class EnrolmentCodeWrong(NotFound):
    """Not a code of this station, used before, or older than a quarter of an hour."""

    slug = "enrolment-code-wrong"


class KeyUnreadable(Invalid):
    """What the device sent is no public key."""

    slug = "device-key-unreadable"


class LeaseTaken(errors.Conflict):
    """Another device of the station holds the lease; `device` says which, `ends_at` until when."""

    slug = "lease-taken"


class LogIncomplete(errors.Conflict):
    """The device still has entries that have not arrived; they come first."""

    slug = "log-incomplete"


class LogSignature(Forbidden):
    """The batch is not signed by the device it names."""

    slug = "log-signature"


class ConflictUnknown(NotFound):
    """There is no such conflict, or it lies elsewhere."""

    slug = "conflict-unknown"


class ConflictDecided(errors.Conflict):
    """Somebody decided it before."""

    slug = "conflict-decided"


class DecisionUnfit(Invalid):
    """This conflict cannot be decided like that."""

    slug = "decision-unfit"


# --- about one item: raised while it is settled, never answered as an HTTP error ----------------------------


class ItemUnreadable(Invalid):
    """The item is not of any shape we know."""

    slug = "item-unreadable"


class ItemChanged(errors.Conflict):
    """The same id came before with another content."""

    slug = "item-changed"


class LogBroken(Forbidden):
    """The entry does not fit the chain of the log, or is not signed by its device."""

    slug = "log-broken"


class LogForked(errors.Conflict):
    """Two different entries claim the same place in the log."""

    slug = "log-forked"


class ClockOff(errors.Conflict):
    """The device's clock was wrong by more than two minutes."""

    slug = "clock-off"


class ArrivedTooLate(errors.Conflict):
    """It came back more than 72 hours after it happened."""

    slug = "arrived-too-late"


class OutsideLease(errors.Conflict):
    """It happened before the lease began or after it ended."""

    slug = "outside-lease"


class LeaseExceeded(errors.Conflict):
    """More was handed over than the lease allows."""

    slug = "lease-exceeded"


class LeaseRiderLimit(errors.Conflict):
    """The rider had the one reward of that day that is given without a voucher and without a signal."""

    slug = "lease-rider-limit"


class CodeUsedTwice(errors.Conflict):
    """The same code was taken at another station at the same time."""

    slug = "code-used-twice"
