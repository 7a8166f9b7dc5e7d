"""A rider's limits: how many vouchers may be open, how many of a reward there are to have in a period."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select

from app.kernel.db import session
from app.kernel.i18n import say
from app.places.models import Region, Station
from app.rewards import queries
from app.rewards.errors import RewardLimitReached, RewardUnknown, VoucherLimitReached
from app.rewards.limits import MONTH, period_begin, periods_begun
from app.rewards.models import MAX_OPEN_VOUCHERS, Reward, Voucher

_COUNTED = (Voucher.open_slot, Voucher.reward_id, Voucher.period_on, Voucher.share_no)


@dataclass(frozen=True, slots=True)
class Used:
    """What of a rider's limits is used up: open slots, and shares as (reward, period's begin, number)."""

    slots: frozenset[int]
    shares: frozenset[tuple[UUID, date, int]]

    def free_slot(self) -> int:
        """The lowest open slot. Raises VoucherLimitReached."""
        left = set(range(1, MAX_OPEN_VOUCHERS + 1)) - self.slots
        if not left:
            raise VoucherLimitReached(limit=MAX_OPEN_VOUCHERS)
        return min(left)

    def free_share(self, reward: Reward, at: datetime) -> tuple[date, int | None]:
        """(begin of the period, lowest share left in it), no share where no limit is. Raises RewardLimitReached."""
        if reward.limit_count is None or reward.limit_period is None:
            return period_begin(MONTH, at), None
        begin = period_begin(reward.limit_period, at)
        left = set(range(1, reward.limit_count + 1)) - self._shares_of(reward, begin)
        if not left:
            period = say(f"rewards.period-{reward.limit_period}")
            raise RewardLimitReached(limit=reward.limit_count, period=period, reward=reward.name)
        return begin, min(left)

    def left_of(self, reward: Reward, at: datetime) -> int | None:
        """How many more the rider may have in the running period; None without a limit."""
        if reward.limit_count is None or reward.limit_period is None:
            return None
        begin = period_begin(reward.limit_period, at)
        return max(0, reward.limit_count - len(self._shares_of(reward, begin)))

    def _shares_of(self, reward: Reward, begin: date) -> set[int]:
        return {number for reward_id, day, number in self.shares if (reward_id, day) == (reward.id, begin)}


def used_by(person_id: UUID, at: datetime) -> Used:
    """What of a rider's limits is used up now."""
    return _used(session.execute(select(*_COUNTED).where(_counts_against(person_id, at))))


def on_offer_to(
    person_id: UUID, *, reward_id: UUID, station_id: UUID, at: datetime
) -> tuple[Reward, Station, Used]:
    """A reward offered now, an active station inside its region, and the rider's limits, in one statement.

    Raises RewardUnknown, RewardWithdrawn, RewardNotOfferedHere.
    """
    chosen: Select[*tuple[Any, ...]] = select(Reward, Station, Region.path, *_COUNTED)
    rows: Any = session.execute(
        queries.offered_at(chosen, reward_id, station_id).outerjoin(Voucher, _counts_against(person_id, at))
    ).all()
    if not rows:
        raise RewardUnknown
    reward, station, path = rows[0][:3]
    queries.must_be_offered(reward, station, path)
    return reward, station, _used(row[3:] for row in rows)


def _counts_against(person_id: UUID, at: datetime) -> ColumnElement[bool]:
    running = and_(Voucher.period_on.in_(periods_begun(at)), Voucher.share_no.is_not(None))
    return and_(Voucher.person_id == person_id, or_(Voucher.open_slot.is_not(None), running))


def _used(rows: Iterable[Any]) -> Used:
    slots, shares = set(), set()
    for slot, reward_id, period_on, share_no in rows:
        slots.add(slot)
        if share_no is not None:
            shares.add((reward_id, period_on, share_no))
    return Used(frozenset(slots - {None}), frozenset(shares))
