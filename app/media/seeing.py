"""Who may see a photo."""

from __future__ import annotations

from app.identity.actors import Actor
from app.media.models import NOMINATION, Media
from app.places import queries as places


def may_see(media: Media, by: Actor) -> bool:
    """Its owner, the person it answers, or staff holding one of its permissions over its region. Nobody else.

    A private kind of case attaches its photos with its handlers' permission only, so nobody else of the staff passes.
    A photo given with a nomination belongs to the nominee: from then on its sender sees it no more than others.
    """
    given = media.purpose == NOMINATION and media.attached_at is not None
    mine = (media.shown_to_id,) if given else (media.owner_id, media.shown_to_id)
    if by.person_id is not None and by.person_id in mine:
        return True
    if media.region_code is None:
        return False
    path = places.region_path(media.region_code)
    return any(by.can(permission, region_path=path) for permission in media.seen_with)
