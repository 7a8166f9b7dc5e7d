"""What happened to a case: ids and facts for the floors above."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEvent(Event):
    """What every event of a case says."""

    case_id: UUID
    kind: str
    category: str
    grade: str
    reporter_id: UUID | None
    region_code: str


class CaseReported(CaseEvent):
    """Somebody opened a case."""

    __slots__ = ()


class CaseAccepted(CaseEvent):
    """A dispatcher took it on."""

    __slots__ = ()


class CaseRejected(CaseEvent):
    """It was not adopted; the words say why."""

    __slots__ = ()


class CaseReturned(CaseEvent):
    """Whoever had it handed it back for dispatching."""

    __slots__ = ()


class CaseResolved(CaseEvent):
    """It is done, says whoever handled it."""

    __slots__ = ()


class CaseReopened(CaseEvent):
    """It is not done, says the reporter."""

    __slots__ = ()


class CaseWithdrawn(CaseEvent):
    """The reporter took it back."""

    __slots__ = ()


class CaseClosed(CaseEvent):
    """It ended: the reporter agreed, or did not answer in time."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseMerged(CaseEvent):
    """It tells of the same thing as another case and goes on there."""

    into_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRated(CaseEvent):
    """The reporter answered whether it is fixed."""

    answer: str
    stars: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOverdue(CaseEvent):
    """A deadline passed."""

    unit_region_code: str
    handler_id: UUID | None
    due_at: datetime
