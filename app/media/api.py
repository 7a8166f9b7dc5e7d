"""Sending a photo and looking at one."""

from __future__ import annotations

from uuid import UUID

from flask import Response

from app.identity.actors import Actor
from app.kernel import clock, traces
from app.kernel.answering import SIGNED_IN
from app.kernel.http import Api, gives, gives_file, limited, requires, takes_form, takes_query
from app.kernel.limits import Limit
from app.media import queries
from app.media.accepting import accept_photo
from app.media.cleaning import CleanPhoto, clean_apart
from app.media.models import REWARD, Media
from app.media.schemas import THUMB, PhotoQuery, PhotoRead, PhotoUpload

api = Api("media", "/media", "Photographs")

# By address, which many riders may share; each rider has a limit of their own in accepting.py.
UPLOADS = Limit("photo-upload", tries=600, per_s=3600)


@api.post("")
@requires(SIGNED_IN)
@limited(UPLOADS)
@takes_form(PhotoUpload, photo=clean_apart)
@gives(PhotoRead, 201)
def send_photo(photo: CleanPhoto, purpose: str, by: Actor) -> Media:
    """Send a photo (JPEG, PNG or WebP, at most 10 MB and 25 megapixels); position and camera data are removed"""
    return accept_photo(data=photo, purpose=purpose, by=by, at=clock.now())


@api.get("/<uuid:media_id>", write=True)
@requires(SIGNED_IN)
@takes_query(PhotoQuery)
@gives_file("image/jpeg")
def show_photo(media_id: UUID, size: str, by: Actor) -> Response:
    """The picture, for its owner and for the staff who handle what it belongs to"""
    photo = queries.photo_for(by, media_id)
    if photo.purpose != REWARD:  # everybody sees those
        own = (photo.owner_id, photo.shown_to_id)
        traces.leave_unless_own("photo.seen", {"media_id": media_id}, by, whose=own)
    return _picture(queries.bytes_of(photo, thumb=size == THUMB))


def _picture(data: bytes) -> Response:
    """A picture and nothing but that, kept by no browser: the next one at the same desk may not see it."""
    response = Response(data, content_type="image/jpeg")
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Disposition"] = 'inline; filename="photo.jpg"'
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
