"""Goods given on trust: taken from the lease, paid by a wallet, or kept as a loss until a person decides."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import update

from app.codes import reading
from app.codes.errors import CodeFormat
from app.codes.kinds.voucher import VoucherCode
from app.identity.actors import Actor
from app.kernel.db import session
from app.ledger import accounts, posting
from app.ledger.posting import Leg
from app.rewards import queries as rewards
from app.rewards import redemption
from app.rewards.models import Voucher
from app.sync import bounding, queries
from app.sync.errors import LeaseExceeded, LeaseRiderLimit
from app.sync.models import LEASE_POINTS, PER_RIDER_A_DAY, Lease, SyncItem


def hand_over_reward(item: SyncItem, reward_id: UUID, person_id: UUID, lease: Lease, *, by: Actor) -> Voucher:
    """A reward given for a rider's code alone, within the lease: reserved and handed over as of when it happened."""
    if queries.redeemed_on(person_id, item.happened_at) >= PER_RIDER_A_DAY:
        raise LeaseRiderLimit
    use_lease(lease, rewards.reward(reward_id).points, at=item.happened_at)
    return redemption.hand_over_at_counter(
        person_id=person_id, reward_id=reward_id, station_id=lease.station_id, by=by, at=item.happened_at
    )


def hand_over_voucher(item: SyncItem, code: str, lease: Lease, *, by: Actor) -> Voucher:
    """A voucher that was put aside with a signal for exactly this station."""
    found = voucher_in(code, item.happened_at)
    return redemption.hand_over(voucher_id=found.id, station_id=lease.station_id, by=by, at=item.happened_at)


def voucher_in(code: str, happened_at: datetime) -> Voucher:
    """The voucher a code names. Raises CodeForged, VoucherUnknown and their like."""
    read = reading.read(code, at=happened_at)
    if not isinstance(read, VoucherCode):
        raise CodeFormat
    return rewards.voucher_by_serial(read.serial)


def use_lease(lease: Lease, points: int, *, at: datetime) -> None:
    """Take points from the lease, and from the station's day. Raises LeaseExceeded where either has none left.

    The condition is judged on the locked row: no two items take the same points. One settlement runs at a time.
    """
    if bounding.given_on(lease.station_id, at) + points > LEASE_POINTS:
        raise LeaseExceeded(limit=LEASE_POINTS)
    left = session.scalar(
        update(Lease)
        .where(Lease.id == lease.id, Lease.points_used + points <= Lease.points_limit)
        .values(points_used=Lease.points_used + points)
        .returning(Lease.points_limit - Lease.points_used),
        execution_options={"synchronize_session": False},
    )
    session.refresh(lease)
    if left is None:
        raise LeaseExceeded(limit=lease.points_limit)


def bear_loss(item: SyncItem, points: int, lease: Lease, *, by: Actor) -> int:
    """The goods are gone and nobody has paid: owe the station, on the account for unmatched hand-overs.

    Never more than the lease: what lies beyond it is the station's. Returns the loss that was booked.
    """
    try:
        use_lease(lease, points, at=item.happened_at)
    except LeaseExceeded:
        return 0
    session.execute(
        update(Lease)
        .where(Lease.id == lease.id)
        .values(points_lost=Lease.points_lost + points)
        .execution_options(synchronize_session=False)
    )
    session.refresh(lease)
    posting.post(
        kind="offline-loss",
        source=f"sync:{item.id}:loss",
        legs=[
            Leg(accounts.unmatched_account().id, -points),
            Leg(accounts.settlement_of(lease.station_id).id, points),
        ],
        words={"slug": "sync.entry-loss"},
        by=by,
        at=item.happened_at,
    )
    return points
