"""What became of a voucher."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class VoucherEvent(Event):
    """Whose voucher, for what, where, and how many points."""

    voucher_id: UUID
    person_id: UUID
    station_id: UUID
    reward_id: UUID
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardReserved(VoucherEvent):
    """Points and stock were put aside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardHandedOver(VoucherEvent):
    """The rider has it; its points are owed to the station."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardCancelled(VoucherEvent):
    """The rider gave it up; points and stock went back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardExpired(VoucherEvent):
    """It was not picked up in time; points and stock went back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionUndone(VoucherEvent):
    """The station took it back within a quarter of an hour; points and stock went back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservedOnBehalf(VoucherEvent):
    """Staff reserved it for a rider who had no phone at hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardRefunded(VoucherEvent):
    """The department took a hand-over back; the points went back to the rider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundDeclined(VoucherEvent):
    """The department did not agree to a refund; the hand-over stands."""
