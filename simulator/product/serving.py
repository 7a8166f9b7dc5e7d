"""What a station does with its shelf and at its counter."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from app.identity import moving
from app.identity.actors import Actor
from app.rewards import redemption, stocking
from app.rewards.books import closing
from app.rewards.books.closing import Counted
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


def close_day(*, by: Actor, at: datetime, station_id: str, day: str, counts: list[dict[str, Any]]) -> Facts:
    """The day counted and signed."""
    counted = [Counted(UUID(each["reward_id"]), each["counted"], each["reason"]) for each in counts]
    made = closing.close_day(
        station_id=UUID(station_id), day=date.fromisoformat(day), counts=counted, by=by, at=at
    )
    return {"close": str(made.id), "handed_over": made.handed_over}


def reopen_day(*, by: Actor, at: datetime, close_id: str) -> Facts:
    """A day that was counted wrongly."""
    made = closing.reopen_day(close_id=UUID(close_id), reason="漏点了一箱，重新盘。", by=by, at=at)
    return {"reopened": str(made.id)}


def end_phone(*, by: Actor, at: datetime, phone: str, station_id: str) -> Facts:
    """A rider's phone is lost: whatever it shows from now on is nothing."""
    ended = moving.end_phone(phone=phone, station_id=UUID(station_id), reason="手机丢了。", by=by, at=at)
    return {"person": str(ended.id)}
