"""Exports of a selection: made for a person and a reason, written down, and made again by their id.

The list of the snapshot has no names and is the same bytes for good (`listing`). Everything that names people is made
from the roll under the consents in force then, so an old export made again respects what was taken back. Short ones are
made at once; long ones are made by a job and fetched when they are ready (`fetching`).
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import IO, TypeVar
from uuid import UUID

from app.audit.recording import record
from app.honours import fetching, queries
from app.honours.errors import ExportNotFound
from app.honours.listing import at_once
from app.honours.making import KINDS, Making
from app.honours.models import Export, Selection
from app.identity.actors import Actor
from app.kernel.db import session
from app.places.queries import region_path

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class File:
    """A finished file."""

    data: bytes | Iterable[bytes]
    size: int
    sha256: str
    media_type: str
    filename: str


def make_export(
    *, selection_id: UUID, kind: str, reason: str, personal: bool = False, by: Actor, at: datetime
) -> tuple[Export, File | None]:
    """Make an export and write down who wanted what and why. `personal` adds a column of telephone numbers.

    A long one is left to a job, and there is no file yet.
    """
    selection = queries.selection(selection_id)
    by.must("honours.export", region_path=region_path(selection.region_code))
    asked = Export(selection_id=selection_id, kind=kind, personal=personal, reason=reason, by_id=by.id, at=at)
    selection.must_be(*KINDS[kind].states)
    session.add(asked)
    session.flush()
    rows = KINDS[kind].rows(selection)
    if rows > KINDS[kind].at_once:
        fetching.order(asked.id, rows=rows, at=at)
        _trace("roll.export-ordered", asked, {"rows": rows}, by, at)
        return asked, None
    file = _made(asked, selection)
    _trace("roll.exported", asked, _facts(file), by, at)
    return asked, file


def export_again(*, export_id: UUID, by: Actor, at: datetime) -> File:
    """The same export, under the consents in force now. Raises ExportNotReady while a job is at a long one."""
    asked, selection = export_for(export_id, by)
    if fetching.is_ordered(asked.id):
        found = fetching.fetch(asked, selection, at=at)
        file = File(found.pieces(), found.size, found.sha256, *_called(asked, selection))
    else:
        file = _made(asked, selection)
    _trace("roll.exported-again", asked, _facts(file), by, at)
    return file


def write_export(
    file: IO[bytes],
    *,
    selection_id: UUID,
    kind: str,
    reason: str,
    personal: bool,
    progress: Callable[[int, int], None],
    by: Actor,
    at: datetime,
) -> Export:
    """Make an export of any length straight into a file, as the command line does; `progress` hears (rows done, of)."""
    selection = queries.selection(selection_id)
    by.must("honours.export", region_path=region_path(selection.region_code))
    selection.must_be(*KINDS[kind].states)
    asked = Export(selection_id=selection_id, kind=kind, personal=personal, reason=reason, by_id=by.id, at=at)
    session.add(asked)
    session.flush()
    done, of = 0, KINDS[kind].rows(selection)

    def read(call: Callable[[], T], rows: int = 0) -> T:
        nonlocal done
        done = min(done + rows, of)
        progress(done, of)
        return call()

    KINDS[kind].write(Making(selection, asked, file, read))
    _trace("roll.exported", asked, {"media_type": KINDS[kind].media_type, "bytes": file.tell()}, by, at)
    return asked


def export_for(export_id: UUID, by: Actor) -> tuple[Export, Selection]:
    """An export and its selection, for somebody who may export there. Raises ExportNotFound."""
    asked = session.get(Export, export_id)
    if asked is None:
        raise ExportNotFound
    selection = queries.selection(asked.selection_id)
    by.must("honours.export", region_path=region_path(selection.region_code))
    return asked, selection


def _made(asked: Export, selection: Selection) -> File:
    buffer = io.BytesIO()
    KINDS[asked.kind].write(Making(selection, asked, buffer, at_once))
    data = buffer.getvalue()
    return File(data, len(data), hashlib.sha256(data).hexdigest(), *_called(asked, selection))


def _called(asked: Export, selection: Selection) -> tuple[str, str]:
    title = "".join(char for char in selection.title_zh if char.isalnum() or char in "-_") or "roll"
    return KINDS[asked.kind].media_type, f"{title}-{asked.kind}"


def _facts(file: File) -> dict[str, object]:
    return {"media_type": file.media_type, "bytes": file.size, "sha256": file.sha256}


def _trace(action: str, asked: Export, more: dict[str, object], by: Actor, at: datetime) -> None:
    facts = {
        "export": str(asked.id),
        "kind": asked.kind,
        "personal": asked.personal,
        "reason": asked.reason,
    }
    record(action=action, subject=f"selection:{asked.selection_id}", facts=facts | more, by=by, at=at)
