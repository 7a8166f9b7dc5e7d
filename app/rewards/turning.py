"""The statements that turn a voucher from one state into the next.

Each is one conditional UPDATE: of a hand-over, a cancellation and an expiry at the same moment, or of the same one
sent twice, the first locks the row and the others find it turned. Whoever finds it turned is told why.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, bindparam, not_, select, update
from sqlalchemy.orm.attributes import set_committed_value

from app.identity.actors import Actor
from app.kernel.bulk import update_all
from app.kernel.db import UtcDateTime, session
from app.kernel.errors import Conflict
from app.kernel.unanswered import is_unanswered, put
from app.rewards import queries
from app.rewards.errors import VoucherUnknown
from app.rewards.models import (
    CANCELLED,
    EXPIRED,
    HANDED_OVER,
    REFUNDED,
    RESERVED,
    UNDO_WITHIN,
    UNDONE,
    Voucher,
)

_FREE = {"open_slot": None, "share_no": None}  # an ended voucher no longer counts against the rider's limits


# Reserved → handed over, at its own station and in time.
_HAND_OVER = (
    update(Voucher.__table__)  # type: ignore[arg-type]
    .where(
        Voucher.id == bindparam("voucher_id", type_=Uuid()),
        Voucher.state == RESERVED,
        Voucher.station_id == bindparam("at_station", type_=Uuid()),
        Voucher.expires_at > bindparam("now", type_=UtcDateTime()),
    )
    .values(
        state=HANDED_OVER,
        open_slot=None,
        handed_over_at=bindparam("now", type_=UtcDateTime()),
        handed_over_by=bindparam("staff", type_=Uuid()),
    )
)
_HAND_OVER_AND_READ = (
    select(Voucher)
    .from_statement(_HAND_OVER.returning(*Voucher.__table__.c))
    .execution_options(populate_existing=True)
)


def hand_over(voucher: Voucher, *, by: Actor, at: datetime) -> Voucher:
    """Reserved → handed over, at its own station and in time. Otherwise refuses with the reason."""
    values = {"voucher_id": voucher.id, "at_station": voucher.station_id, "now": at, "staff": by.person_id}
    if is_unanswered():
        voucher.must_be_waiting(at)
        put(_HAND_OVER, values, one=True)
        _learn(voucher, _handed_over(by, at))
        return voucher
    found: Voucher | None = session.scalars(_HAND_OVER_AND_READ, values).first()
    if found is not None:
        return found
    queries.voucher_at(voucher.station_id, voucher_id=voucher.id).must_be_waiting(at)
    raise Conflict


def hand_over_all(vouchers: Sequence[tuple[Voucher, Actor]], *, at: datetime) -> bool:
    """The same of many vouchers that wait at their stations. False: one of them was turned meanwhile.

    Then nothing of the unit of work may stay.
    """
    turned = [{"id": voucher.id, **_handed_over(by, at)} for voucher, by in vouchers]
    if update_all(Voucher, turned, only="vouchers.state = 'reserved'") < len(turned):
        return False
    for voucher, by in vouchers:
        _learn(voucher, _handed_over(by, at))
    return True


def _handed_over(by: Actor, at: datetime) -> dict[str, Any]:
    return {"state": HANDED_OVER, "open_slot": None, "handed_over_at": at, "handed_over_by": by.person_id}


def _learn(voucher: Voucher, values: dict[str, Any]) -> None:
    """The row is written already, or will be with the COMMIT; the session only learns of it."""
    for name, value in values.items():
        set_committed_value(voucher, name, value)


def cancel(voucher_id: UUID, *, person_id: UUID, by: Actor, at: datetime) -> Voucher:
    """Reserved → cancelled, by its own rider. An overdue one may still be cancelled: the rider gets the same back."""
    turned = _turn(
        Voucher.id == voucher_id,
        Voucher.state == RESERVED,
        Voucher.person_id == person_id,
        values={"state": CANCELLED, "ended_at": at, "ended_by": by.person_id, **_FREE},
    )
    if turned:
        return turned[0]
    voucher = queries.voucher(voucher_id)
    if voucher.person_id != person_id:
        raise VoucherUnknown
    voucher.must_be_waiting(at)
    raise Conflict


def undo(voucher_id: UUID, *, by: Actor, at: datetime) -> Voucher:
    """Handed over → undone, within a quarter of an hour."""
    turned = _turn(
        Voucher.id == voucher_id,
        Voucher.state == HANDED_OVER,
        Voucher.handed_over_at >= at - UNDO_WITHIN,
        values={"state": UNDONE, "ended_at": at, "ended_by": by.person_id, **_FREE},
    )
    if turned:
        return turned[0]
    queries.voucher(voucher_id).must_be_undoable(at)
    raise Conflict


def refund(voucher_id: UUID, *, by: Actor, at: datetime) -> Voucher:
    """Handed over → refunded, however long ago."""
    turned = _turn(
        Voucher.id == voucher_id,
        Voucher.state == HANDED_OVER,
        values={"state": REFUNDED, "ended_at": at, "ended_by": by.person_id, **_FREE},
    )
    if turned:
        return turned[0]
    queries.voucher(voucher_id).must_be_refundable()
    raise Conflict


def expire_due(at: datetime, limit: int, unless: ColumnElement[bool]) -> Sequence[Voucher]:
    """Reserved → expired for up to `limit` overdue vouchers; those being handled right now wait for next time."""
    due = session.scalars(
        select(Voucher.id)
        .where(Voucher.state == RESERVED, Voucher.expires_at <= at, not_(unless))
        .order_by(Voucher.expires_at, Voucher.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    if not due:
        return []
    return _turn(
        Voucher.id.in_(due), Voucher.state == RESERVED, values={"state": EXPIRED, "ended_at": at, **_FREE}
    )


def _turn(*conditions: ColumnElement[bool], values: dict[str, Any]) -> Sequence[Voucher]:
    return session.scalars(
        update(Voucher).where(*conditions).values(**values).returning(Voucher),
        execution_options={"populate_existing": True, "synchronize_session": False},
    ).all()
