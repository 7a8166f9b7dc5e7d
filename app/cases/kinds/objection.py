"""异议: somebody disagrees with a public notice of an honour roll. Handled by those who review the selection."""

from __future__ import annotations

from app.cases.grades import NORMAL
from app.cases.kinds.shape import ORDINARY, Kind

KIND = Kind(
    name="objection",
    categories={"notice": NORMAL},
    moves=ORDINARY,
    triage="selection.review",
    work="selection.review",
    private=True,
    screened=False,
)
