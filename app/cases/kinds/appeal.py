"""诉求: the rider's own grievance. Only mediators see it; it never touches points or honours."""

from __future__ import annotations

from app.cases import states as s
from app.cases.grades import NORMAL, URGENT
from app.cases.kinds.shape import ORDINARY, Kind, Move

KIND = Kind(
    name="appeal",
    categories={
        "pay": NORMAL,
        "penalty": NORMAL,
        "injury": URGENT,
        "insurance": NORMAL,
        "gate": NORMAL,
        "other": NORMAL,
    },
    moves={**ORDINARY, s.WITHDRAW: Move(s.OPEN, s.WITHDRAWN, (s.REPORTER,))},
    triage="case.mediate",
    work="case.mediate",
    private=True,
    screened=False,
)
