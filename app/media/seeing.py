"""Who may see a photo."""

from __future__ import annotations

from app.identity.actors import Actor
from app.media.models import Media
from app.places import queries as places


def may_see(media: Media, by: Actor) -> bool:
    """Its owner, the person it answers, or staff holding one of its permissions over its region. Nobody else.

    A private kind of case attaches its photos with its handlers' permission only, so nobody else of the staff passes.
    """
    if by.person_id is not None and by.person_id in (media.owner_id, media.shown_to_id):
        return True
    if media.region_code is None:
        return False
    path = places.region_path(media.region_code)
    return any(by.can(permission, region_path=path) for permission in media.seen_with)
