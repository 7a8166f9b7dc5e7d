"""随手报: a hazard or fault in a public place. About places and things; there is no category for reporting a person."""

from __future__ import annotations

from app.cases import states as s
from app.cases.grades import MINOR, NORMAL, URGENT
from app.cases.kinds.shape import ORDINARY, Kind, Move

KIND = Kind(
    name="report",
    categories={
        "pothole": NORMAL,
        "manhole": URGENT,
        "street-light": NORMAL,
        "fire-lane": URGENT,
        "flooding": URGENT,
        "rubbish": MINOR,
        "falling-risk": URGENT,
        "road-sign": NORMAL,
        "other": NORMAL,
    },
    moves={**ORDINARY, s.MERGE: Move((s.SUBMITTED,), s.MERGED, (s.TRIAGE,))},
    triage="case.triage",
    work="case.work",
    followed=True,
)
