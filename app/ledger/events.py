"""What happened to points, for those above."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.identity.actors import Actor
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
class CorrectionEvent(Event):
    """A step in giving a rider points, or taking some, with a reason."""

    correction_id: UUID
    person_id: UUID
    region_path: str
    points: int
    reason: str
    by: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionAsked(CorrectionEvent):
    """A correction above the limit waits for a second person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionRefused(CorrectionEvent):
    """The second person did not agree, or whoever asked withdrew it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsCorrected(CorrectionEvent):
    """A rider's points were corrected: the rider is told how many and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsExpiring(Event):
    """Points run out in `days` days: the first of them on `first_on`, the last within the week after."""

    person_id: UUID
    points: int
    first_on: date
    last_on: date
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsExpired(Event):
    """Points that nobody used to the end of `due_on` have run out."""

    person_id: UUID
    points: int
    due_on: date
    transaction_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtWrittenOff(Event):
    """Points that had to be taken back were spent already: the programme bears them."""

    person_id: UUID
    points: int
    transaction_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtPaid(Event):
    """A part of an award paid off what its rider owed."""

    person_id: UUID
    points: int
    transaction_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetRanLow(Event):
    """A budget has spent 80 or 95 percent, or everything: awards that draw on it wait in a queue."""

    warning_id: UUID
    region_code: str
    period: str
    percent: int
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BookExported(Event):
    """Somebody took a part of the book away as a file."""

    what: str
    filename: str
    rows: int
    by: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversalEvent(Event):
    """About taking one entry back: `kind` and `source` are what it was booked for, `person_id` whose it is."""

    reversal_id: UUID
    person_id: UUID | None
    region_path: str
    entry_id: UUID
    kind: str
    source: str
    points: int
    reason: str
    by: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversalAsked(ReversalEvent):
    """An entry is to be taken back, at once or when a second person agrees. Whoever knows why not, refuses now."""

    needs_second: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversalAgreed(ReversalEvent):
    """A second person agrees, and it is about to be taken back. Whoever holds what it came from does so now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversalRefused(ReversalEvent):
    """It will not be taken back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryReversed(ReversalEvent):
    """It was taken back: `line_id` says so in the rider's statement, where `for_rider` points came (+) or left (-)."""

    line_id: UUID | None
    for_rider: int
    owed: int
    written_off: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyEvent(Event):
    """What becomes of debts in a region was proposed (`waiting`), agreed to or refused."""

    proposal_id: UUID
    region_code: str
    share_percent: int
    reason: str
    state: str
    by: Actor
