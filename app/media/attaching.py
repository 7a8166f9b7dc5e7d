"""Giving a photo to something (a case) and, with it, an audience."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import true, update

from app.identity.actors import Actor
from app.kernel.db import session
from app.media.errors import PhotoNotFree
from app.media.models import Media


def attach_photos(
    *,
    photo_ids: Collection[UUID],
    region_code: str,
    seen_with: Sequence[str],
    shown_to_id: UUID | None,
    purpose: str | None = None,
    by: Actor,
    at: datetime,
) -> None:
    """Attach the caller's own free photos: staff with one of `seen_with` over the region may see them from now on.

    `purpose`: only photos that were taken in for it.

    The conditional update settles the race of one photo being put on two cases at once: the second finds it taken.
    """
    wanted = set(photo_ids)
    if not wanted:
        return
    taken = session.execute(
        update(Media)
        .where(Media.id.in_(wanted), Media.owner_id == by.id)
        .where(Media.attached_at.is_(None), Media.gone_at.is_(None))
        .where(true() if purpose is None else Media.purpose == purpose)
        .values(attached_at=at, region_code=region_code, seen_with=list(seen_with), shown_to_id=shown_to_id)
    )
    if taken.rowcount != len(wanted):  # type: ignore[attr-defined]
        raise PhotoNotFree


def move_photos(*, photo_ids: Collection[UUID], region_code: str) -> None:
    """Attached photos follow their case to another region: the audience there sees them, the former one no more."""
    if photo_ids:
        session.execute(
            update(Media)
            .where(Media.id.in_(photo_ids), Media.attached_at.is_not(None))
            .values(region_code=region_code)
        )
