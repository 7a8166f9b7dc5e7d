"""Overdue vouchers that are not given back yet: their station is silent and may have handed them over in time.

Given back too early, the goods would be gone and their points spent again before the station can tell. The wait ends
when the device tells everything or is put away, and at the latest 72 hours after its lease.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select

from app.kernel.db import session
from app.rewards import expiring
from app.rewards.models import RESERVED, Voucher
from app.sync import queries
from app.sync.models import LATEST, VOUCHER, WAITING, Lease, SyncItem


def expire_due(*, at: datetime, limit: int = expiring.BATCH) -> int:
    """Give overdue vouchers back, but for those that may be gone already; returns how many."""
    return expiring.expire_due(at=at, limit=limit, unless=_may_be_gone(at))


def waits_until(voucher: Voucher, *, at: datetime) -> datetime | None:
    """By when at the latest an overdue voucher is given back, if a station's silence keeps it; else None."""
    if at < voucher.expires_at:
        return None
    kept = select(Voucher.id).where(Voucher.id == voucher.id, Voucher.state == RESERVED, _may_be_gone(at))
    if session.scalar(kept) is None:
        return None
    last: datetime | None = session.scalar(select(func.max(Lease.ends_at)).where(queries.is_out(at)))
    return last + LATEST if last is not None else at


def _may_be_gone(at: datetime) -> ColumnElement[bool]:
    """Taken down by a device that is still out, or in an entry that is here and waits for its turn.

    One condition, judged at one moment: between two statements a batch could arrive and be seen by neither.
    """
    out = select(Lease.id).where(
        Lease.station_id == Voucher.station_id,
        queries.is_out(at),
        Lease.ends_at > Voucher.reserved_at,
        Lease.heard_at < Voucher.expires_at,  # else the device has told of all the time it was good
    )
    arrived = select(SyncItem.id).where(
        SyncItem.station_id == Voucher.station_id,
        SyncItem.person_id == Voucher.person_id,
        SyncItem.kind == VOUCHER,
        SyncItem.state == WAITING,
    )
    return or_(out.correlate(Voucher).exists(), arrived.correlate(Voucher).exists())
