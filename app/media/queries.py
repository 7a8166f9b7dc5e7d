"""Looking at photos."""

from __future__ import annotations

from uuid import UUID

from app.identity.actors import Actor
from app.kernel.db import session
from app.media.errors import PhotoNotFound
from app.media.models import Media
from app.media.seeing import may_see
from app.media.storing import storage


def photo(media_id: UUID) -> Media:
    """The photo with this id. Raises PhotoNotFound."""
    found = session.get(Media, media_id)
    if found is None or found.gone_at is not None:
        raise PhotoNotFound
    return found


def photo_for(by: Actor, media_id: UUID) -> Media:
    """The same, for somebody who may see it; for others it does not exist."""
    found = photo(media_id)
    if not may_see(found, by):
        raise PhotoNotFound
    return found


def bytes_of(media: Media, *, thumb: bool = False) -> bytes:
    """The JPEG itself. Raises PhotoNotFound if the storage lost it."""
    data = storage().read(f"{media.digest}-thumb" if thumb else media.digest)
    if data is None:
        raise PhotoNotFound
    return data
