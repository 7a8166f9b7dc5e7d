"""A fact found void: it is said once, and what it used up of caps and first times is free again.

A dry run over the past leaves void facts out, so the counters of today must forget them too: otherwise whoever was
scanned by mistake in the morning would find the day's cap used up when they really come in the afternoon.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete

from app.cases.moving import hold
from app.kernel.db import insert_if_absent, session
from app.kernel.events import publish
from app.rules import queries, usage
from app.rules.events import FactFoundVoid
from app.rules.kinds import report
from app.rules.models import FirstFact, RecordedFact, VoidFact


def find_void(recorded: RecordedFact, *, unwinding_id: UUID | None = None, at: datetime) -> bool:
    """Write that a fact is void; its caps and its first of the day are free again. False if that was said before."""
    if recorded.kind == report.KIND.name:
        hold(recorded.fact_id)  # else its next step is judged meanwhile and gives points for what is void
    values = {
        "fact_kind": recorded.kind,
        "fact_id": recorded.fact_id,
        "unwinding_id": unwinding_id,
        "person_id": recorded.person_id,
        "at": at,
    }
    if not insert_if_absent(VoidFact, values):  # the primary key settles two that say it at once
        return False
    for award in queries.awards_of_fact(recorded.kind, recorded.fact_id):
        usage.uncount(award)
    session.execute(delete(FirstFact).where(FirstFact.fact_id == recorded.fact_id))
    publish(FactFoundVoid(fact_kind=recorded.kind, fact_id=recorded.fact_id, at=at))
    return True
