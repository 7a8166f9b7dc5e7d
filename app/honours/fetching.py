"""Long exports: a job makes the file part by part, it lies in private storage for a day, and is fetched from there.

The job reads each part in a unit of work of its own, so that nobody waits for it, not even on SQLite, and the page sees
how far it is. A file that names people is handed out only while everybody on it is named as he agrees to now;
otherwise it is thrown away and made again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Select, String, select, update
from sqlalchemy.orm import Mapped, mapped_column

from app.honours import making, queries
from app.honours.errors import ExportFailed, ExportNotReady
from app.honours.making import KINDS, Making
from app.honours.models import Export, Selection
from app.kernel import jobs, settings
from app.kernel.db import Base, UtcDateTime, in_transaction, session
from app.kernel.errors import Problem
from app.kernel.ids import new_id

T = TypeVar("T")

MAKE = "make-export"
KEPT_FOR = timedelta(hours=24)
WAITING, READY, FAILED, GONE = "waiting", "ready", "failed", "gone"
FILE_STATES = (WAITING, READY, FAILED, GONE)
PIECE = 64 * 1024


class ExportFile(Base):
    """The file of a long export: how far it is, where it ended, until when it lies there."""

    __tablename__ = "export_files"
    __table_args__ = (
        CheckConstraint(f"state IN {FILE_STATES}", name="state"),
        CheckConstraint("done >= 0 AND rows >= 0", name="counted"),
        CheckConstraint("state <> 'ready' OR (sha256 IS NOT NULL AND size IS NOT NULL)", name="ready_file"),
        CheckConstraint("state <> 'ready' OR expires_at IS NOT NULL", name="ready_expires"),
        CheckConstraint("(state = 'failed') = (why IS NOT NULL)", name="failed_why"),
    )

    export_id: Mapped[UUID] = mapped_column(ForeignKey("honour_exports.id"), primary_key=True)
    state: Mapped[str] = mapped_column(String(8))
    rows: Mapped[int]
    done: Mapped[int] = mapped_column(default=0)
    size: Mapped[int | None]
    sha256: Mapped[str | None] = mapped_column(String(64))
    named_sha256: Mapped[str | None] = mapped_column(String(64))
    why: Mapped[str | None] = mapped_column(String(40))
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)


@dataclass(frozen=True, slots=True)
class ExportProgress:
    """How far an export is, until when its file lies here, or why there is none."""

    export_id: UUID
    state: str
    done: int
    rows: int
    expires_at: datetime | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that is ready."""

    path: Path
    size: int
    sha256: str

    def pieces(self) -> Iterator[bytes]:
        """Its bytes, a little at a time; opened now, so that it may be forgotten meanwhile."""
        return _read(self.path.open("rb"))


def _read(file: Any) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece


def order(export_id: UUID, *, rows: int, at: datetime) -> None:
    """Have a job make an export."""
    session.add(ExportFile(export_id=export_id, state=WAITING, rows=rows, done=0))
    session.flush()
    jobs.add(MAKE, payload={"export_id": str(export_id)}, at=at)


def is_ordered(export_id: UUID) -> bool:
    """Whether an export is one of those that jobs make."""
    return session.get(ExportFile, export_id) is not None


def progress_of(asked: Export) -> ExportProgress:
    """How far an export is."""
    kept = session.get(ExportFile, asked.id)
    if kept is None:
        return ExportProgress(asked.id, READY, 0, 0)
    return ExportProgress(
        asked.id, kept.state, min(kept.done, kept.rows), kept.rows, kept.expires_at, kept.why
    )


def fetch(asked: Export, selection: Selection, *, at: datetime) -> Fetched:
    """The file. Raises ExportNotReady while a job is at it, ExportFailed if it cannot be made."""
    kept = session.get_one(ExportFile, asked.id)
    if kept.state == READY and _path_of(kept).exists() and _is_right(kept, asked, selection):
        return Fetched(_path_of(kept), kept.size or 0, kept.sha256 or "")
    if kept.state == FAILED:
        raise ExportFailed(why=kept.why)
    if kept.state != WAITING:
        kept.state, kept.done, kept.named_sha256, kept.expires_at = WAITING, 0, None, None
        session.flush()
        jobs.add(MAKE, payload={"export_id": str(asked.id)}, at=at)
    raise ExportNotReady(done=min(kept.done, kept.rows), rows=kept.rows)


def _is_right(kept: ExportFile, asked: Export, selection: Selection) -> bool:
    """Whether everybody is named as he agrees to now."""
    return not KINDS[asked.kind].names or making.names_of(selection) == kept.named_sha256


def folder() -> Path:
    """Where the files lie, readable by nobody else on the machine."""
    return settings.current().data_dir / "exports"


def _path_of(kept: ExportFile) -> Path:
    # The digest is part of the name: two workers that make one export at once never mix up their files.
    return folder() / f"{kept.export_id}-{kept.sha256}"


def make_file(*, export_id: str, at: datetime, beat: Callable[[], None]) -> str | None:
    """The job: write the file, then say that it is ready. Nothing is open between two parts; `beat` keeps the lease."""
    found = in_transaction(lambda: _apart(lambda: _ordered(UUID(export_id))), write=False)
    if found is None:
        return None
    asked, selection = found
    done = 0

    def read(call: Callable[[], T], rows: int = 0) -> T:
        nonlocal done
        result = in_transaction(lambda: _apart(call), write=False)
        done = min(done + rows, 2**31 - 1)
        in_transaction(lambda: _tell(asked.id, done))
        beat()
        return result

    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = folder() / f"{asked.id}-{new_id()}.part"
    try:
        with open(draft, "wb", opener=_private) as file:
            made = Making(selection, asked, file, read)
            KINDS[asked.kind].write(made)
            size = file.tell()
        digest = _digest(draft)
        draft.replace(folder() / f"{asked.id}-{digest}")
    except Problem as problem:
        why = problem.slug[:40]
        in_transaction(lambda: _settle(asked.id, state=FAILED, why=why))
        return why
    finally:
        draft.unlink(missing_ok=True)
    named = made.names.hexdigest() if KINDS[asked.kind].names else None
    ready = {"size": size, "sha256": digest, "named_sha256": named, "expires_at": at + KEPT_FOR}
    in_transaction(lambda: _settle(asked.id, state=READY, why=None, **ready))
    return None


def _apart(call: Callable[[], T]) -> T:
    """What was read stays readable when the unit of work has ended."""
    result = call()
    session.expunge_all()
    return result


def _ordered(export_id: UUID) -> tuple[Export, Selection] | None:
    kept = session.get(ExportFile, export_id)
    if kept is None or kept.state != WAITING:
        return None  # done by a worker that was slower than its lease
    asked = session.get_one(Export, export_id)
    return asked, queries.selection(asked.selection_id)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _tell(export_id: UUID, done: int) -> None:
    far = update(ExportFile).where(ExportFile.export_id == export_id, ExportFile.state == WAITING)
    session.execute(far.values(done=done))


def _settle(export_id: UUID, **values: Any) -> None:
    session.execute(update(ExportFile).where(ExportFile.export_id == export_id).values(values))


def forget_expired(*, at: datetime) -> int:
    """Throw away the files whose day is over; their exports can be made again."""
    over = select(ExportFile).where(ExportFile.state == READY, ExportFile.expires_at <= at)
    found = session.scalars(over).all()
    for kept in found:
        kept.state = GONE
    session.flush()
    _sweep()
    return len(found)


def _sweep() -> None:
    """Throw away what belongs to no file that is ready or being made: also what a killed worker left."""
    waiting = {str(each) for each in session.scalars(_with(WAITING))}
    ready = {
        _path_of(kept).name for kept in session.scalars(select(ExportFile).where(ExportFile.state == READY))
    }
    for path in folder().iterdir() if folder().is_dir() else ():
        if path.name not in ready and path.name[:36] not in waiting:
            with contextlib.suppress(OSError):
                path.unlink()


def _with(state: str) -> Select[UUID]:
    return select(ExportFile.export_id).where(ExportFile.state == state)
