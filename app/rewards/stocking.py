"""What a station does with its shelf: deliveries, counts, write-offs. Every change has a person and a time."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app.identity.actors import Actor
from app.kernel.db import session
from app.rewards import queries, shelf
from app.rewards.errors import ReasonNeeded, StockPromised
from app.rewards.models import COUNT, DELIVERY, WRITE_OFF, Stock


def deliver(
    *, reward_id: UUID, station_id: UUID, quantity: int, reason: str | None = None, by: Actor, at: datetime
) -> Stock:
    """Put a delivery on the shelf; the first one of a reward opens its place there."""
    by.must("station.stock", station_id=station_id)
    queries.on_offer_at(reward_id, station_id)
    shelf.make_room(reward_id=reward_id, station_id=station_id)
    stock = queries.stock_to_change(reward_id, station_id)
    return _moved(stock, DELIVERY, quantity, reason, by, at)


def count(
    *, reward_id: UUID, station_id: UUID, counted: int, reason: str | None = None, by: Actor, at: datetime
) -> Stock:
    """Write down what was counted. A difference needs a reason; what riders were promised must be there."""
    by.must("station.stock", station_id=station_id)
    stock = queries.stock_to_change(reward_id, station_id)
    difference = counted - stock.on_hand
    if difference and not reason:
        raise ReasonNeeded(fields={"reason": ["stock-reason-needed"]})
    if counted < stock.held:
        raise StockPromised(held=stock.held)
    return _moved(stock, COUNT, difference, reason, by, at)


def write_off(
    *, reward_id: UUID, station_id: UUID, quantity: int, reason: str, by: Actor, at: datetime
) -> Stock:
    """Take broken, spoiled or lost items off the shelf; never those that riders were promised."""
    by.must("station.stock", station_id=station_id)
    if not reason:
        raise ReasonNeeded(fields={"reason": ["stock-reason-needed"]})
    stock = queries.stock_to_change(reward_id, station_id)
    if quantity > stock.free:
        raise StockPromised(held=stock.held)
    return _moved(stock, WRITE_OFF, -quantity, reason, by, at)


def _moved(stock: Stock, kind: str, quantity: int, reason: str | None, by: Actor, at: datetime) -> Stock:
    shelf.move(stock.id, kind, quantity, reason=reason, by=by, at=at)
    session.refresh(stock)  # the trigger moved it
    return stock
