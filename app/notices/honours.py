"""Who is told what of selections and honours: a sibling, so only the shape of its events is known here."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from uuid import UUID

from app.notices.telling import About, tell


class AboutCandidates(Protocol):
    """An event of a selection that concerns these people."""

    selection_id: UUID
    person_ids: tuple[UUID, ...]
    at: datetime


def on_candidates_chosen(event: AboutCandidates) -> None:
    """Candidates are asked whether their names may be published."""
    _tell_candidates(event, "honour-consent")


def on_honours_granted(event: AboutCandidates) -> None:
    """The roll is final: thanks to those on it."""
    _tell_candidates(event, "honour-granted")


def _tell_candidates(event: AboutCandidates, slug: str) -> None:
    for person_id in sorted(event.person_ids):
        source = f"selection:{event.selection_id}:{slug}"
        about = About("honour", event.selection_id)
        tell(person_id=person_id, slug=slug, source=source, facts={}, about=about, at=event.at)


class AboutHonour(Protocol):
    """An honour that was taken back."""

    honour_id: UUID
    person_id: UUID
    title_zh: str
    title_en: str | None
    reason: str
    at: datetime


def on_honour_revoked(event: AboutHonour) -> None:
    """Whoever had the honour reads why it was taken back."""
    tell(
        person_id=event.person_id,
        slug="honour-revoked",
        source=f"honour:{event.honour_id}:revoked",
        facts={"title": {"zh": event.title_zh, "en": event.title_en}, "reason": event.reason},
        about=About("honour", event.honour_id),
        at=event.at,
    )


class AboutPhoto(Protocol):
    """A nomination that came with photos."""

    voice_id: UUID
    person_id: UUID
    title_zh: str
    title_en: str | None
    at: datetime


def on_nomination_photo(event: AboutPhoto) -> None:
    """The nominee is asked about photos before anybody else sees them."""
    tell(
        person_id=event.person_id,
        slug="nomination-photo",
        source=f"voice:{event.voice_id}:photos",
        facts={"title": {"zh": event.title_zh, "en": event.title_en}},
        about=About("honour", event.voice_id),
        at=event.at,
    )


class AboutReviewer(Protocol):
    """A reviewer who is kept from somebody."""

    selection_id: UUID
    title_zh: str
    title_en: str | None
    reviewer_id: UUID
    reason: str
    at: datetime


def on_reviewer_set_aside(event: AboutReviewer) -> None:
    """A reviewer reads that the organiser set him aside, and what that means."""
    tell(
        person_id=event.reviewer_id,
        slug="reviewer-set-aside",
        source=f"aside:{event.selection_id}:{event.at.isoformat()}",
        facts={"title": {"zh": event.title_zh, "en": event.title_en}, "reason": event.reason},
        about=About("review", event.selection_id),
        at=event.at,
    )
