"""What second looks tell the others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtEvent(Event):
    """A doubt about a fact of this rider."""

    doubt_id: UUID
    person_id: UUID
    fact_kind: str
    ground: str
    happened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FactDoubted(DoubtEvent):
    """Two facts contradict each other; a person will have looked by `due_at`, or the doubt is gone."""

    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtUpheld(DoubtEvent):
    """One person says that it does not hold; a second one will have looked by `due_at`, or the doubt is gone."""

    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtGone(DoubtEvent):
    """It is in order: somebody looked and said so, or nobody did in time. What was set aside is usable again."""
