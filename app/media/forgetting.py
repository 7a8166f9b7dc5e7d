"""Forgetting photos: nobody sees them from the moment somebody says so, and a job throws their bytes away."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import exists, select, update
from sqlalchemy.orm import aliased

from app.kernel.db import session
from app.media.models import Media
from app.media.storing import storage

UNUSED_FOR = timedelta(days=1)  # a report that is being written; what is sent again after that comes in anew


def forget_photos(*, photo_ids: Collection[UUID], at: datetime) -> None:
    """From now on these photos are there for nobody. It cannot be taken back."""
    if photo_ids:
        session.execute(
            update(Media).where(Media.id.in_(photo_ids), Media.gone_at.is_(None)).values(gone_at=at)
        )


def forget_unused(*, at: datetime) -> int:
    """Forget what was sent in more than a day ago and belongs to nothing. Returns how many."""
    unused = update(Media).where(
        Media.attached_at.is_(None), Media.gone_at.is_(None), Media.created_at <= at - UNUSED_FOR
    )
    done = session.execute(unused.values(gone_at=at).execution_options(synchronize_session=False))
    return done.rowcount  # type: ignore[attr-defined, no-any-return]


def erase_gone(*, at: datetime) -> int:
    """Throw away the bytes of forgotten photos, unless the same picture is kept for somebody else too, and what they
    looked like.

    The rows are locked first, and whoever sends that picture in again locks them as well: what he keeps is not lost.
    """
    gone = select(Media).where(Media.gone_at.is_not(None), Media.erased_at.is_(None))
    found = session.scalars(gone.order_by(Media.id).with_for_update()).all()
    for media in found:
        if not _is_kept_for_another(media):
            storage().drop(media.digest)
            storage().drop(f"{media.digest}-thumb")
        media.likeness, media.erased_at = None, at
    session.flush()
    return len(found)


def _is_kept_for_another(media: Media) -> bool:
    other = aliased(Media)
    kept = exists().where(other.digest == media.digest, other.gone_at.is_(None))
    return bool(session.scalar(select(kept)))
