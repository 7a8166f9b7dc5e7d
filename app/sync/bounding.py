"""How much one station gives on trust in a city day, whichever leases it was given under: never more than LEASE_POINTS.

A lease may reach into the next day, one may follow another on the same day, and what a device told may still wait. So
the day is added up from the items themselves, by when they happened: when a lease is granted, and for each good.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from app.kernel.clock import city_day, day_bounds
from app.kernel.db import session
from app.kernel.errors import Problem
from app.rewards import queries as rewards
from app.sync import resolving
from app.sync.models import COUNTED, LEASE_POINTS, REDEEM, WAITING, Conflict, Lease, SyncItem


def left_on(station_id: UUID, at: datetime) -> int:
    """What may still be given on trust there on that city day: without what was given, or told and not judged yet."""
    return max(0, LEASE_POINTS - given_on(station_id, at) - _waiting_on(station_id, at))


def given_on(station_id: UUID, at: datetime) -> int:
    """Points given on trust there on that city day: a wallet paid them, or they were booked as a loss."""
    there = _there(station_id, at)
    paid = select(-func.coalesce(func.sum(SyncItem.points), 0)).join(Lease, Lease.id == SyncItem.lease_id)
    lost = select(func.coalesce(func.sum(Conflict.loss), 0)).join(SyncItem, SyncItem.id == Conflict.item_id)
    counted = paid.where(*there, SyncItem.kind == REDEEM, SyncItem.state == COUNTED)
    borne = lost.join(Lease, Lease.id == SyncItem.lease_id).where(*there)
    return (session.scalar(counted) or 0) + (session.scalar(borne) or 0)


def _waiting_on(station_id: UUID, at: datetime) -> int:
    chosen = select(SyncItem).join(Lease, Lease.id == SyncItem.lease_id).where(*_there(station_id, at))
    waiting = session.scalars(chosen.where(SyncItem.kind == REDEEM, SyncItem.state == WAITING)).all()
    return sum(_worth(each) for each in waiting)


def _worth(item: SyncItem) -> int:
    try:
        return rewards.reward(resolving.told_by(item)["reward_id"]).points
    except Problem:  # it will be refused
        return 0


def _there(station_id: UUID, at: datetime) -> tuple[ColumnElement[bool], ...]:
    first, last = day_bounds(city_day(at))
    return (
        Lease.station_id == station_id,
        Lease.ends_at >= first,
        SyncItem.happened_at >= first,
        SyncItem.happened_at < last,
    )
