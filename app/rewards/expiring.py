"""Vouchers nobody picked up: points and stock go back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, false

from app.identity.actors import SYSTEM
from app.kernel.events import publish
from app.ledger import holds
from app.rewards import queries, shelf, turning
from app.rewards.events import RewardExpired

BATCH = 200


def expire_due(*, at: datetime, limit: int = BATCH, unless: ColumnElement[bool] | None = None) -> int:
    """Give points and stock of overdue vouchers back, each exactly once; returns how many. Call again while it is full.

    `unless` is what holds for vouchers that must wait: they may have been handed over where nobody could tell us yet.
    All voucher rows are locked first, then stock, then accounts, like everywhere else in this package.
    """
    expired = turning.expire_due(at, limit, false() if unless is None else unless)
    shelf.give_back(expired)
    for voucher in sorted(expired, key=lambda each: each.person_id):
        holds.release(voucher.hold_id, source=f"voucher:{voucher.id}:expired", by=SYSTEM, at=at)
    for voucher in expired:
        publish(RewardExpired(**queries.facts_of(voucher), at=at))
    return len(expired)
