"""What happened to points, for those above."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldExpired(Event):
    """A hold ran out by time and its points are usable again."""

    hold_id: UUID
    person_id: UUID
    source: str
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetFunded(Event):
    """A region's budget for a period got points."""

    transaction_id: UUID
    region_code: str
    period: str
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionAsked(Event):
    """A correction above the limit waits for a second person."""

    correction_id: UUID
    person_id: UUID
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsCorrected(Event):
    """A rider's points were corrected: the rider is told how many and why."""

    correction_id: UUID
    person_id: UUID
    points: int
    reason: str
