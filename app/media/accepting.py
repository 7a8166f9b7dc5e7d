"""Taking a photo in."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select

from app.identity.actors import Actor
from app.identity.consent import agree_by_using
from app.identity.errors import PhotoWithheld
from app.identity.queries import self_to_change
from app.kernel.db import session
from app.kernel.errors import RateLimited
from app.media.cleaning import CleanPhoto, clean_apart
from app.media.models import Media
from app.media.storing import storage

MAX_AN_HOUR = 60
HOUR = timedelta(hours=1)


def accept_photo(*, data: bytes | CleanPhoto | None, purpose: str, by: Actor, at: datetime) -> Media:
    """Clean a photo (if the edge has not), store it safely, and only then write its row: a row never points at nothing.

    The same photo sent again by the same person, not attached to anything yet, is the same photo (a lost answer, a
    retry). A file whose row is rolled back stays behind unnamed; it harms nobody and is reused if sent again.
    """
    _must_be_welcome(by, by.agrees_to_photo, at)
    photo = data if isinstance(data, CleanPhoto) else clean_apart(data)
    # Held when the slow part is over, and judged again: a no at this moment is heard, and two at once are counted.
    _must_be_welcome(by, self_to_change(by).agrees_to_photo, at)
    before = session.scalar(
        select(Media)
        .where(Media.owner_id == by.id, Media.digest == photo.digest)
        .where(Media.attached_at.is_(None), Media.gone_at.is_(None))
        .where(Media.purpose == purpose)
        .order_by(Media.id)
        .limit(1)
    )
    if before is not None:
        return before
    _hold_alike(photo.digest)
    agree_by_using("photo", [by], at)
    storage().keep(photo.digest, photo.jpeg)
    storage().keep(f"{photo.digest}-thumb", photo.thumb)
    media = Media(
        owner_id=by.id,
        purpose=purpose,
        digest=photo.digest,
        likeness=photo.likeness,
        width=photo.width,
        height=photo.height,
        size_bytes=len(photo.jpeg),
        created_at=at,
        seen_with=[],
    )
    session.add(media)
    session.flush()
    return media


def _hold_alike(digest: str) -> None:
    """The same bytes may be about to be thrown away for somebody else, or be forgotten and thrown away before this is
    committed: see forgetting.
    """
    alike = select(Media.id).where(Media.digest == digest).order_by(Media.id)
    session.execute(alike.with_for_update(key_share=True)).all()


def _must_be_welcome(by: Actor, agrees: bool | None, at: datetime) -> None:
    """Neither withheld nor too many."""
    if by.is_rider and agrees is False:
        raise PhotoWithheld
    lately = (
        select(func.count()).select_from(Media).where(Media.owner_id == by.id, Media.created_at > at - HOUR)
    )
    if (session.scalar(lately) or 0) >= MAX_AN_HOUR:
        raise RateLimited(retry_after_s=int(HOUR.total_seconds()))
