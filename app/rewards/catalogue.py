"""What is offered for points. A reward is never repriced, but withdrawn and offered anew: old vouchers stay true."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from app.audit.recording import record
from app.identity.actors import Actor
from app.kernel.db import session
from app.media.accepting import accept_photo
from app.media.attaching import attach_photos
from app.media.cleaning import CleanPhoto
from app.places import queries as places
from app.places.hours import Hours
from app.rewards import queries
from app.rewards.errors import RewardKindUnknown
from app.rewards.kinds import KINDS
from app.rewards.limits import MONTH
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
    limit_count: int | None = None,
    limit_period: str | None = None,
    pick_up_days: int = 7,
    pick_up_hours: Hours | None = None,
    is_demo: bool = False,
    by: Actor,
    at: datetime,
) -> Reward:
    """Offer a reward in a region and everything below it. A limit without a period is one per month."""
    by.must("rewards.manage", region_path=places.region_path(region_code))
    if kind not in KINDS:
        raise RewardKindUnknown(fields={"kind": ["reward-kind-unknown"]})
    reward = Reward(
        name_zh=name_zh,
        name_en=name_en,
        words_zh=words_zh,
        words_en=words_en,
        kind=kind,
        points=points,
        region_code=region_code,
        limit_count=limit_count,
        limit_period=(limit_period or MONTH) if limit_count else None,
        pick_up_days=pick_up_days,
        pick_up_hours=pick_up_hours,
        is_demo=is_demo,
        offered_at=at,
    )
    session.add(reward)
    session.flush()
    record(action="reward.offered", subject=f"reward:{reward.id}", facts={"points": points}, by=by, at=at)
    return reward


def revise(
    *,
    reward_id: UUID,
    name_zh: str,
    name_en: str,
    words_zh: str,
    words_en: str,
    pick_up_days: int,
    pick_up_hours: Hours | None,
    by: Actor,
    at: datetime,
) -> Reward:
    """Say it better, or give it out at other times. Price, kind and limits stay: they were promised."""
    reward = _to_change(reward_id, by)
    told: dict[str, Any] = {
        "name_zh": name_zh,
        "name_en": name_en,
        "words_zh": words_zh,
        "words_en": words_en,
        "pick_up_days": pick_up_days,
        "pick_up_hours": pick_up_hours,
    }
    changed = [name for name, value in told.items() if getattr(reward, name) != value]
    for name in changed:
        setattr(reward, name, told[name])
    session.flush()
    if changed:
        record(
            action="reward.revised",
            subject=f"reward:{reward.id}",
            facts={"changed": ",".join(changed)},
            by=by,
            at=at,
        )
    return reward


def picture(*, reward_id: UUID, photo: bytes | CleanPhoto | None, by: Actor, at: datetime) -> Reward:
    """Show what it looks like; a new photo takes the place of the old one. Everybody sees it."""
    reward = _to_change(reward_id, by)
    media = accept_photo(data=photo, purpose="reward", by=by, at=at)
    attach_photos(
        photo_ids=[media.id],
        region_code=reward.region_code,
        seen_with=["rewards.manage"],
        shown_to_id=None,
        by=by,
        at=at,
    )
    reward.photo_id = media.id
    session.flush()
    record(action="reward.pictured", subject=f"reward:{reward.id}", facts={}, by=by, at=at)
    return reward


def withdraw(*, reward_id: UUID, by: Actor, at: datetime) -> Reward:
    """Stop offering a reward. Vouchers already given out stay good; a second withdrawal changes nothing."""
    reward = _to_change(reward_id, by)
    if reward.active:
        reward.active, reward.withdrawn_at = False, at
        session.flush()
        record(action="reward.withdrawn", subject=f"reward:{reward.id}", facts={}, by=by, at=at)
    return reward


def _to_change(reward_id: UUID, by: Actor) -> Reward:
    reward = queries.reward_to_change(reward_id)
    by.must("rewards.manage", region_path=places.region_path(reward.region_code))
    return reward
