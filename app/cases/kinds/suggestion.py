"""建议: how the programme, a station or a place could be better."""

from __future__ import annotations

from app.cases.grades import MINOR
from app.cases.kinds.shape import ORDINARY, Kind

KIND = Kind(
    name="suggestion",
    categories={"station": MINOR, "programme": MINOR, "city": MINOR, "other": MINOR},
    moves=ORDINARY,
    triage="case.triage",
    work="case.triage",
)
