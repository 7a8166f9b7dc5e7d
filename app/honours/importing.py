"""Bringing a sealed snapshot in as a file: checked, computed again, then kept under its digest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.audit.recording import record
from app.honours import sealing, snapshots
from app.honours.models import ImportedSnapshot
from app.identity.actors import Actor
from app.kernel.db import insert_if_absent
from app.kernel.ids import new_id


def import_snapshot(*, lines: Sequence[str], by: Actor, at: datetime) -> str:
    """Keep a snapshot and say its digest. Raises SnapshotBroken, naming the line. Twice is once."""
    sealing.must_agree(lines)
    digest, first = snapshots.keep(lines)
    values = {"id": new_id(), "sha256": digest, "content": first, "imported_at": at}
    if insert_if_absent(ImportedSnapshot, values):
        record(
            action="snapshot.imported",
            subject=f"snapshot:{digest[:40]}",
            facts={"sha256": digest},
            by=by,
            at=at,
        )
    return digest
