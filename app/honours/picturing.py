"""Photos that come with nominations: the nominee's to say yes or no to, one by one, before anybody else sees them.

Until he agrees a photo is there for him alone. Reviewers see it afterwards, once they know names; everybody sees it
only while he also agrees to full name and photo on that roll. A no at any time is for good: the photo is gone from
every page with it, and its bytes soon after (`media.forgetting`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select

from app.honours import queries
from app.honours.errors import NominationPhotoNotFound, PhotoShowsNeeded
from app.honours.events import NominationPhotoSent
from app.honours.models import (
    AGREED,
    REFUSED,
    SHOWN,
    Candidate,
    Nomination,
    NominationPhoto,
    Selection,
    Voice,
)
from app.identity.actors import Actor
from app.identity.models import Person
from app.kernel import events
from app.kernel.db import session
from app.media import queries as media
from app.media.attaching import attach_photos
from app.media.forgetting import forget_photos
from app.media.models import NOMINATION, Media
from app.places.queries import region_path


@dataclass(frozen=True, slots=True)
class Given:
    """A photo as its sender gives it: which one, and who is on it."""

    id: UUID
    shows: str


@dataclass(frozen=True, slots=True)
class Mine:
    """A photo of a nomination before its nominee."""

    photo: NominationPhoto
    selection: Selection


def take(
    photos: Collection[Given], *, region_code: str, nominee: Person | None, by: Actor, at: datetime
) -> None:
    """Take photos from their sender: they are the nominee's from here on, whether or not there is one."""
    if any(each.shows not in SHOWN for each in photos):
        raise PhotoShowsNeeded(fields={"shows": ["photo-shows-needed"]})
    shown_to_id = nominee.id if nominee else None
    attach_photos(
        photo_ids=[each.id for each in photos], region_code=region_code, seen_with=(), shown_to_id=shown_to_id,
        purpose=NOMINATION, by=by, at=at,
    )  # fmt: skip


def give(photos: Collection[Given], voice: Mapping[str, Any], selection: Selection, nominee_id: UUID) -> None:
    """Put photos to a voice, and ask the nominee."""
    session.add_all(
        NominationPhoto(voice_id=voice["id"], media_id=each.id, shows=each.shows) for each in photos
    )
    session.flush()
    if photos:
        events.publish(
            NominationPhotoSent(
                selection_id=selection.id, title_zh=selection.title_zh, title_en=selection.title_en,
                voice_id=voice["id"], person_id=nominee_id, at=voice["at"],
            )
        )  # fmt: skip


def drop(photos: Collection[Given], at: datetime) -> None:
    """What nobody can be asked about is thrown away."""
    forget_photos(photo_ids=[each.id for each in photos], at=at)


def mine(person_id: UUID) -> Sequence[Mine]:
    """The photos of oneself that came with nominations, the refused ones left out."""
    rows = session.execute(
        _about(person_id).where(NominationPhoto.answer != REFUSED).order_by(NominationPhoto.id)
    )
    return [Mine(photo, selection) for photo, selection in rows]


def answer(*, photo_id: UUID, agreed: bool, by: Actor, at: datetime) -> NominationPhoto:
    """Say yes or no to one photo of oneself. A no is for good, also after a yes; the same answer twice is one."""
    photos = _to_change(by.id, NominationPhoto.id == photo_id)
    if not photos:
        raise NominationPhotoNotFound
    _settle(photos, AGREED if agreed else REFUSED, at)
    return photos[0]


def my_picture(photo_id: UUID, by: Actor) -> Media:
    """The photo itself, for its nominee. Raises NominationPhotoNotFound."""
    found = next((each.photo for each in mine(by.id) if each.photo.id == photo_id), None)
    if found is None:
        raise NominationPhotoNotFound
    return media.photo(found.media_id)


def agreed_in(selection_id: UUID) -> dict[UUID, list[NominationPhoto]]:
    """{voice: the photos its nominee agreed to}, of nominees whose accounts are open."""
    chosen = (
        select(NominationPhoto)
        .join(Voice, Voice.id == NominationPhoto.voice_id)
        .join(Nomination, Nomination.id == Voice.nomination_id)
        .join(Person, Person.id == Nomination.person_id)
        .where(
            Nomination.selection_id == selection_id,
            NominationPhoto.answer == AGREED,
            Person.closed_at.is_(None),
        )
        .order_by(NominationPhoto.id)
    )
    found: dict[UUID, list[NominationPhoto]] = defaultdict(list)
    for photo in session.scalars(chosen):
        found[photo.voice_id].append(photo)
    return found


def reviewed_picture(selection_id: UUID, photo_id: UUID, by: Actor) -> Media:
    """An agreed photo for a reviewer who knows names and is not too close. Raises NominationPhotoNotFound."""
    selection = queries.selection(selection_id)
    by.must("selection.review", region_path=region_path(selection.region_code))
    photo = session.get(NominationPhoto, photo_id)
    if (
        selection.named_at is None
        or photo is None
        or photo not in agreed_in(selection.id).get(photo.voice_id, ())
    ):
        raise NominationPhotoNotFound
    about = (
        select(Candidate.id)
        .join(Nomination, Nomination.person_id == Candidate.person_id)
        .join(Voice, Voice.nomination_id == Nomination.id)
        .where(Candidate.selection_id == selection.id, Voice.id == photo.voice_id, *queries.seen_by(by))
    )
    if session.scalar(about) is None:
        raise NominationPhotoNotFound
    return media.photo(photo.media_id)


class Closed(Protocol):
    """What is needed of the event."""

    @property
    def person_id(self) -> UUID: ...
    @property
    def at(self) -> datetime: ...


def on_account_closed(event: Closed) -> None:
    """Whoever leaves takes the photos of himself along."""
    _settle(_to_change(event.person_id), REFUSED, event.at)


def _settle(photos: Sequence[NominationPhoto], said: str, at: datetime) -> None:
    for photo in photos:
        photo.answer, photo.answered_at = said, at
    session.flush()
    if said == REFUSED:
        forget_photos(photo_ids=[photo.media_id for photo in photos], at=at)


def _to_change(person_id: UUID, *which: ColumnElement[bool]) -> list[NominationPhoto]:
    """Photos of somebody that were not refused, locked."""
    chosen = _about(person_id).where(NominationPhoto.answer != REFUSED, *which).order_by(NominationPhoto.id)
    held = chosen.with_for_update(of=NominationPhoto).execution_options(populate_existing=True)
    return [photo for photo, _ in session.execute(held)]


def _about(person_id: UUID) -> Select[NominationPhoto, Selection]:
    return (
        select(NominationPhoto, Selection)
        .join(Voice, Voice.id == NominationPhoto.voice_id)
        .join(Nomination, Nomination.id == Voice.nomination_id)
        .join(Selection, Selection.id == Nomination.selection_id)
        .where(Nomination.person_id == person_id)
    )
