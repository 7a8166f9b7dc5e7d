"""What is offered for points. A reward is never repriced, but withdrawn and offered anew: old vouchers stay true."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app.audit.recording import record
from app.identity.actors import Actor
from app.kernel.db import session
from app.places import queries as places
from app.rewards import queries
from app.rewards.models import Reward


def offer(
    *,
    name_zh: str,
    name_en: str,
    kind: str,
    points: int,
    region_code: str,
    words_zh: str = "",
    words_en: str = "",
    limit_per_month: int | None = None,
    pick_up_days: int = 7,
    photo_id: UUID | None = None,
    is_demo: bool = False,
    by: Actor,
    at: datetime,
) -> Reward:
    """Offer a reward in a region and everything below it."""
    by.must("rewards.manage", region_path=places.region_path(region_code))
    reward = Reward(
        name_zh=name_zh,
        name_en=name_en,
        words_zh=words_zh,
        words_en=words_en,
        kind=kind,
        points=points,
        region_code=region_code,
        limit_per_month=limit_per_month,
        pick_up_days=pick_up_days,
        photo_id=photo_id,
        is_demo=is_demo,
        offered_at=at,
    )
    session.add(reward)
    session.flush()
    record(action="reward.offered", subject=f"reward:{reward.id}", facts={"points": points}, by=by, at=at)
    return reward


def withdraw(*, reward_id: UUID, by: Actor, at: datetime) -> Reward:
    """Stop offering a reward. Vouchers already given out stay good; a second withdrawal changes nothing."""
    reward = queries.reward_to_change(reward_id)
    by.must("rewards.manage", region_path=places.region_path(reward.region_code))
    if reward.active:
        reward.active, reward.withdrawn_at = False, at
        session.flush()
        record(action="reward.withdrawn", subject=f"reward:{reward.id}", facts={}, by=by, at=at)
    return reward
