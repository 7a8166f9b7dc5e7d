"""Writing down who did what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.audit.models import AuditRecord
from app.identity.actors import Actor
from app.kernel.db import session


def record(*, action: str, subject: str, facts: dict[str, Any], by: Actor, at: datetime) -> AuditRecord:
    """Keep a trace of an act or a look: `action` like `roll.exported`, `subject` like `selection:<id>`."""
    entry = AuditRecord(action=action, subject=subject, facts=facts, actor_id=by.person_id, at=at)
    session.add(entry)
    session.flush()
    return entry
