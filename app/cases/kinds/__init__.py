"""The kinds of cases: one module of one shape each, and the register that names them all."""

from __future__ import annotations

from app.cases.kinds import appeal, objection, points_query, report, suggestion
from app.cases.kinds.shape import Kind

KINDS: dict[str, Kind] = {
    each.name: each for each in (report.KIND, suggestion.KIND, points_query.KIND, objection.KIND, appeal.KIND)
}
