"""A report about a public place: judged when it is accepted, resolved and verified, or merged into another.

Duplicate reports share credit as a rule says: the stage `merged` is for whoever reported the same thing later.
`verified` is when the case closes: the reporter found it fixed, or did not object in time.
"""

from __future__ import annotations

from uuid import UUID

from app.cases.events import CaseEvent
from app.cases.grades import GRADES
from app.cases.kinds.report import KIND as REPORT
from app.rules.kinds.shape import WITNESSED, Fact, FactKind, Field, where_and_when

ACCEPTED, RESOLVED, VERIFIED, MERGED = "accepted", "resolved", "verified", "merged"

KIND = FactKind(
    name="report",
    own_fields=(
        Field(name="stage", type="choice", choices=(ACCEPTED, RESOLVED, VERIFIED, MERGED)),
        Field(name="category", type="choice", choices=tuple(REPORT.categories)),
        Field(name="grade", type="choice", choices=GRADES),
    ),
    usual_basis=WITNESSED,
    has_outcome=True,
    step="stage",
)


def fact_of(event: CaseEvent, *, reporter_id: UUID, stage: str, region_path: str) -> Fact:
    """The fact behind a step of a report."""
    own = {"stage": stage, "category": str(event.category), "grade": str(event.grade)}
    return Fact(
        kind=KIND.name,
        id=event.case_id,
        person_id=reporter_id,
        region_code=event.region_code,
        happened_at=event.at,
        fields=where_and_when(region_path, event.at) | own,
    )
