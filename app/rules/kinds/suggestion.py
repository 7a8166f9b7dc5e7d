"""A suggestion that was adopted: its case was resolved, so somebody says what came of it."""

from __future__ import annotations

from uuid import UUID

from app.cases.events import CaseEvent
from app.cases.kinds.suggestion import KIND as SUGGESTION
from app.rules.kinds.shape import WITNESSED, Fact, FactKind, Field, where_and_when

KIND = FactKind(
    name="suggestion",
    own_fields=(Field(name="category", type="choice", choices=tuple(SUGGESTION.categories)),),
    usual_basis=WITNESSED,
)


def fact_of(event: CaseEvent, *, reporter_id: UUID, region_path: str) -> Fact:
    """The fact behind an adopted suggestion."""
    return Fact(
        kind=KIND.name,
        id=event.case_id,
        person_id=reporter_id,
        region_code=event.region_code,
        happened_at=event.at,
        fields=where_and_when(region_path, event.at) | {"category": str(event.category)},
    )
