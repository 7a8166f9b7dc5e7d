"""Bringing a sealed snapshot in as a file: checked, computed again, then kept under its digest."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from app.audit.recording import record
from app.honours import sealing
from app.honours.errors import SelectionNotFound
from app.honours.models import ImportedSnapshot
from app.identity.actors import Actor
from app.kernel.db import insert_if_absent, session
from app.kernel.ids import new_id


def import_snapshot(*, content: str, by: Actor, at: datetime) -> str:
    """Keep a snapshot and say its digest. Raises SnapshotBroken if it does not agree with itself. Twice is once."""
    sealing.opened(content)
    digest = sealing.sha256(content)
    values = {"id": new_id(), "sha256": digest, "content": content, "imported_at": at}
    if insert_if_absent(ImportedSnapshot, values):
        record(
            action="snapshot.imported",
            subject=f"snapshot:{digest[:40]}",
            facts={"sha256": digest},
            by=by,
            at=at,
        )
    return digest


def imported(digest: str) -> str:
    """The content of an imported snapshot. Raises SelectionNotFound."""
    found = session.scalar(select(ImportedSnapshot.content).where(ImportedSnapshot.sha256 == digest))
    if found is None:
        raise SelectionNotFound
    return found
