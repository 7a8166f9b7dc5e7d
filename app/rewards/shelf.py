"""The statements that change a stock row. Each is conditional or counted, so that no two hands take the same item.

Whoever changes more than one kind of row locks vouchers first, then stock, then accounts; within a kind, in id order.
That order is why two of these at the same moment wait for each other and never deadlock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, update

from app.identity.actors import Actor
from app.kernel.db import insert_all_if_absent, insert_if_absent, session
from app.kernel.ids import new_id
from app.kernel.unanswered import put
from app.rewards.models import HAND_OVER, REFUND, UNDO, Stock, StockMovement, Voucher

_MOVED = insert(StockMovement.__table__)  # type: ignore[arg-type]


def keep_one(*, reward_id: UUID, station_id: UUID) -> UUID | None:
    """Promise one item to somebody; the stock's id, or None when no item is free.

    Many riders and the last item: the condition is judged on the locked row, so one of them finds it free.
    """
    return session.scalar(
        update(Stock)
        .where(Stock.reward_id == reward_id, Stock.station_id == station_id, Stock.on_hand - Stock.held >= 1)
        .values(held=Stock.held + 1)
        .returning(Stock.id)
    )


def give_back(vouchers: Iterable[Voucher]) -> None:
    """What was promised to these vouchers is free again."""
    counts = Counter(voucher.stock_id for voucher in vouchers)
    for stock_id in sorted(counts):
        session.execute(update(Stock).where(Stock.id == stock_id).values(held=Stock.held - counts[stock_id]))


def hand_out(voucher: Voucher, *, by: Actor, at: datetime) -> None:
    """The promised item leaves the station; the movement's trigger takes it and its promise off the shelf in one go."""
    move(voucher.stock_id, HAND_OVER, -1, voucher_id=voucher.id, by=by, at=at)


def hand_out_all(vouchers: Sequence[tuple[Voucher, Actor]], *, at: datetime) -> bool:
    """The same of many, shelf by shelf in one order. False: one of them was handed out before."""
    rows = [
        {
            "id": new_id(),
            "stock_id": voucher.stock_id,
            "kind": HAND_OVER,
            "quantity": -1,
            "reason": None,
            "voucher_id": voucher.id,
            "by_id": by.person_id,
            "at": at,
        }
        for voucher, by in sorted(vouchers, key=lambda each: (each[0].stock_id, each[0].id))
    ]
    return len(insert_all_if_absent(StockMovement, rows)) == len(rows)


def take_back(voucher: Voucher, *, by: Actor, at: datetime) -> None:
    """An item that was handed over lies on the shelf again."""
    move(voucher.stock_id, UNDO, 1, voucher_id=voucher.id, by=by, at=at)


def refunded(voucher: Voucher, *, came_back: bool, by: Actor, at: datetime) -> None:
    """A refund stands on the day list, whether or not the thing came back with it."""
    move(voucher.stock_id, REFUND, int(came_back), voucher_id=voucher.id, by=by, at=at)


def move(
    stock_id: UUID,
    kind: str,
    quantity: int,
    *,
    by: Actor,
    at: datetime,
    reason: str | None = None,
    voucher_id: UUID | None = None,
) -> None:
    """Write down a change of what is on hand. The database's trigger makes the change itself.

    A hand-over or its undo is unique per voucher, whatever state the voucher's row claims.
    """
    row = {"id": new_id(), "stock_id": stock_id, "kind": kind, "quantity": quantity, "reason": reason}
    put(_MOVED, {**row, "voucher_id": voucher_id, "by_id": by.person_id, "at": at})


def make_room(*, reward_id: UUID, station_id: UUID) -> None:
    """See to it that the station has a stock row for the reward; two first deliveries share one."""
    insert_if_absent(
        Stock, {"id": new_id(), "reward_id": reward_id, "station_id": station_id, "on_hand": 0, "held": 0}
    )
