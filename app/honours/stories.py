"""The stories and photos of the honoured: shown only while the person agrees to full name, story and photo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from app.honours.errors import HonourNotFound
from app.honours.models import Nomination, Selection, Voice
from app.honours.picturing import agreed_in
from app.honours.queries import OnRoll, public_one, selection
from app.kernel.db import session
from app.media.models import Media
from app.media.queries import photo


@dataclass(frozen=True, slots=True)
class Page:
    """What the wall shows of one person."""

    listed: OnRoll
    selection: Selection
    stories: Sequence[str]
    photo_ids: Sequence[UUID]


def page_of(selection_id: UUID, pseudonym: str) -> Page:
    """The page of one of the honoured. Raises HonourNotFound for everybody who is not on a final roll."""
    listed = public_one(selection_id, pseudonym)
    if listed is None or listed.honour is None:
        raise HonourNotFound
    candidate = listed.candidate
    voices = _voices(selection_id, candidate.person_id) if listed.in_full else []
    return Page(
        listed,
        selection(selection_id),
        [each.story for each in voices] if candidate.shows_story else [],
        _photos(selection_id, voices) if candidate.shows_photo else [],
    )


def _photos(selection_id: UUID, voices: Sequence[Voice]) -> list[UUID]:
    agreed = agreed_in(selection_id)
    return [photo.media_id for voice in voices for photo in agreed.get(voice.id, ())]


def public_photo(selection_id: UUID, pseudonym: str, media_id: UUID) -> Media:
    """A photo of the wall, under the consent in force now. Raises HonourNotFound."""
    if media_id not in page_of(selection_id, pseudonym).photo_ids:
        raise HonourNotFound
    return photo(media_id)


def _voices(selection_id: UUID, person_id: UUID) -> Sequence[Voice]:
    said = (
        select(Voice)
        .join(Nomination, Nomination.id == Voice.nomination_id)
        .where(Nomination.selection_id == selection_id, Nomination.person_id == person_id)
        .order_by(Voice.id)
    )
    return session.scalars(said).all()
