"""What happened in honours, for the floors above."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionFrozen(Event):
    """The facts of a selection are sealed and its candidates are known."""

    selection_id: UUID
    snapshot_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidatesChosen(Event):
    """A second person signed the choice; these people are asked how they want to be named."""

    selection_id: UUID
    person_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewerSetAside(Event):
    """Whoever runs a selection keeps a reviewer from somebody; whether that is a candidate is not said."""

    selection_id: UUID
    title_zh: str
    title_en: str | None
    reviewer_id: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NominationPhotoSent(Event):
    """Somebody was put forward with photos; he is asked about them before anybody sees them."""

    selection_id: UUID
    title_zh: str
    title_en: str | None
    voice_id: UUID
    person_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeOpened(Event):
    """The masked list is public until the end of this day."""

    selection_id: UUID
    ends_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class HonoursGranted(Event):
    """Honours were granted: by the final roll, or later to somebody who had been held. `honours`: honour to person."""

    selection_id: UUID
    region_code: str
    purpose: str
    person_ids: tuple[UUID, ...]
    honours: Mapping[UUID, UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class HonourRevoked(Event):
    """An honour was taken back, with a reason."""

    honour_id: UUID
    person_id: UUID
    title_zh: str
    title_en: str | None
    reason: str
