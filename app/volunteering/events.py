"""What happened in volunteering, for the floors above."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityPublished(Event):
    """Riders can see an activity."""

    activity_id: UUID
    region_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityCancelled(Event):
    """An activity will not take place; these riders had signed up."""

    activity_id: UUID
    person_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityVoided(Event):
    """An activity was found made up; these riders had a place, or were there just then. The reason is for them."""

    activity_id: UUID
    person_ids: tuple[UUID, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedUp(Event):
    """A rider took a place."""

    shift_id: UUID
    person_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUpCancelled(Event):
    """A rider gave the place back."""

    shift_id: UUID
    person_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn(Event):
    """A rider is there."""

    attendance_id: UUID
    shift_id: UUID
    person_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOut(Event):
    """A rider left, or the shift's end closed a forgotten sign-out."""

    attendance_id: UUID
    shift_id: UUID
    person_id: UUID
    auto_closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursBackfilled(Event):
    """Hours were entered later and wait for a second person."""

    hours_id: UUID
    person_id: UUID
    activity_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursConfirmed(Event):
    """Hours count. `basis` says how they are known: proven, witnessed or backfilled."""

    hours_id: UUID
    person_id: UUID
    activity_id: UUID
    category: str
    region_code: str
    minutes: int
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursRejected(Event):
    """Hours do not count; the reason is for the rider."""

    hours_id: UUID
    person_id: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursVoided(Event):
    """Hours that counted were found void: they no longer do. The reason is for the rider."""

    hours_id: UUID
    person_id: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingFinished(Event):
    """A rider finished a training. `basis` says how that is known; `at` is when it was written down."""

    training_id: UUID
    person_id: UUID
    course: str
    region_code: str
    minutes: int
    basis: str
    finished_at: datetime
