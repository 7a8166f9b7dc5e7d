"""What a station does with its shelf and at its counter."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app.identity.actors import Actor
from app.rewards import redemption, stocking
from simulator.product.answers import Facts, of_voucher


def deliver(*, by: Actor, at: datetime, reward_id: str, station_id: str, quantity: int) -> Facts:
    """A delivery on the shelf."""
    stock = stocking.deliver(
        reward_id=UUID(reward_id), station_id=UUID(station_id), quantity=quantity, by=by, at=at
    )
    return {"on_hand": stock.on_hand}


def count_stock(
    *, by: Actor, at: datetime, reward_id: str, station_id: str, counted: int, reason: str | None
) -> Facts:
    """The shelf counted."""
    stock = stocking.count(
        reward_id=UUID(reward_id), station_id=UUID(station_id), counted=counted, reason=reason, by=by, at=at
    )
    return {"on_hand": stock.on_hand}


def write_off(*, by: Actor, at: datetime, reward_id: str, station_id: str, reason: str) -> Facts:
    """One broken item."""
    stock = stocking.write_off(
        reward_id=UUID(reward_id), station_id=UUID(station_id), quantity=1, reason=reason, by=by, at=at
    )
    return {"on_hand": stock.on_hand}


def hand_over(*, by: Actor, at: datetime, voucher_id: str, station_id: str) -> Facts:
    """A voucher turned into what it promises."""
    return of_voucher(
        redemption.hand_over(voucher_id=UUID(voucher_id), station_id=UUID(station_id), by=by, at=at)
    )


def sell(*, by: Actor, at: datetime, person_id: str, reward_id: str, station_id: str) -> Facts:
    """Reserved and handed over in one go, for a rider whose code was just read."""
    return of_voucher(
        redemption.hand_over_at_counter(
            person_id=UUID(person_id), reward_id=UUID(reward_id), station_id=UUID(station_id), by=by, at=at
        )
    )


def undo(*, by: Actor, at: datetime, voucher_id: str) -> Facts:
    """A hand-over taken back."""
    return of_voucher(redemption.undo(voucher_id=UUID(voucher_id), by=by, at=at))
