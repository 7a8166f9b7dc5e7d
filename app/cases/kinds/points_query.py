"""有疑问: a rider asks about a line of their points, or why there is none."""

from __future__ import annotations

from app.cases.grades import NORMAL
from app.cases.kinds.shape import ORDINARY, Kind

KIND = Kind(
    name="points_query",
    categories={"entry": NORMAL, "missing": NORMAL},
    moves=ORDINARY,
    triage="case.triage",
    work="case.triage",
    screened=False,
)
