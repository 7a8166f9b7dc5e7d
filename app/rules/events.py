"""What became of a fact: points, or the reason for none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AwardEvent(Event):
    """Whose award and how many points."""

    award_id: UUID
    person_id: UUID
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsAwarded(AwardEvent):
    """The points lie in the wallet: usable, or pending until the outcome. What for, and when they were promised."""

    usable: bool
    fact_kind: str
    awarded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AwardQueued(AwardEvent):
    """The points are promised and recorded, but the budget must be filled before they can be paid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwardSettled(AwardEvent):
    """Pending points became usable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwardGivenBack(AwardEvent):
    """Pending points went back to the budget, because the fact did not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsNotAwarded(Event):
    """The fact counts, but gave no points; `why` is the slug of the reason."""

    fact_kind: str
    fact_id: UUID
    person_id: UUID
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnwindingAgreed(Event):
    """Facts of these moments are about to be unwound. What must be held for it is held now, before any points are."""

    happened_at: tuple[datetime, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FactFoundVoid(Event):
    """A fact is void, and what it gave is about to be taken back."""

    fact_kind: str
    fact_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class UnwindingRefused(Event):
    """The second person found the fact in order: nothing is taken back."""

    fact_kind: str
    fact_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class FactUnwound(Event):
    """A fact was found void: its points (and hours) are taken back; `written_off` of them had been spent."""

    unwinding_id: UUID
    fact_kind: str
    fact_id: UUID
    person_id: UUID
    happened_at: datetime
    reason: str
    points: int
    written_off: int
    owed: int
    decided_by: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesPublished(Event):
    """A version will be in force from `starts_at`."""

    version_id: UUID
    rule_set_id: UUID
    region_code: str
    starts_at: datetime
