"""Exports of a selection: made for a person and a reason, written down, and made again by their id.

The list of the snapshot has no names and is the same bytes for good (`listing`). Everything that names people is made
from the roll under the consents in force then, so an old export made again respects what was taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from app.audit.recording import record
from app.honours import listing, papers, queries, sealing
from app.honours.errors import ExportNotFound
from app.honours.models import FINAL, FROZEN, NOTICE, REVIEWED, Export, Selection
from app.honours.queries import OnRoll, Roll
from app.identity.actors import Actor
from app.identity.queries import display_name, masked_phone, person
from app.kernel import i18n, sheets
from app.kernel.db import session
from app.kernel.i18n import format_table_instant
from app.kernel.sheets import CSV, XLSX
from app.places.queries import full_name, region_path

PDF, JSON, ZIP = "application/pdf", "application/json", "application/zip"
COLUMNS = (
    ("pseudonym", 18),
    ("name", 14),
    ("naming", 14),
    ("proven", 16),
    ("witnessed", 16),
    ("backfilled", 16),
    ("reports", 16),
    ("enrolled_on", 14),
    ("period_start_on", 14),
    ("period_end_on", 14),
)
PHONE = ("phone", 16)


@dataclass(frozen=True, slots=True)
class File:
    """A finished file."""

    data: bytes
    media_type: str
    filename: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of export: its media type, from which steps on it may be made, and how."""

    media_type: str
    states: tuple[str, ...]
    make: Callable[[Selection, Export], bytes]


def make_export(
    *, selection_id: UUID, kind: str, reason: str, personal: bool = False, by: Actor, at: datetime
) -> tuple[Export, File]:
    """Make an export and write down who wanted what and why. `personal` adds a column of telephone numbers."""
    selection = queries.selection(selection_id)
    by.must("honours.export", region_path=region_path(selection.region_code))
    asked = Export(selection_id=selection_id, kind=kind, personal=personal, reason=reason, by_id=by.id, at=at)
    selection.must_be(*KINDS[kind].states)
    session.add(asked)
    session.flush()
    file = _made(asked, selection)
    _trace("roll.exported", asked, file, by, at)
    return asked, file


def export_again(*, export_id: UUID, by: Actor, at: datetime) -> File:
    """The same export, under the consents in force now."""
    asked = session.get(Export, export_id)
    if asked is None:
        raise ExportNotFound
    selection = queries.selection(asked.selection_id)
    by.must("honours.export", region_path=region_path(selection.region_code))
    file = _made(asked, selection)
    _trace("roll.exported-again", asked, file, by, at)
    return file


def _made(asked: Export, selection: Selection) -> File:
    kind = KINDS[asked.kind]
    title = "".join(char for char in selection.title_zh if char.isalnum() or char in "-_") or "roll"
    return File(kind.make(selection, asked), kind.media_type, f"{title}-{asked.kind}")


def _trace(action: str, asked: Export, file: File, by: Actor, at: datetime) -> None:
    facts = {
        "export": str(asked.id),
        "kind": asked.kind,
        "media_type": file.media_type,
        "personal": asked.personal,
        "reason": asked.reason,
        "bytes": len(file.data),
    }
    record(action=action, subject=f"selection:{asked.selection_id}", facts=facts, by=by, at=at)


# --- the roll as a table ---------------------------------------------------------------------------------------------


def _columns(asked: Export) -> list[sheets.Column]:
    chosen = (*COLUMNS, PHONE) if asked.personal else COLUMNS
    return [sheets.Column(i18n.say(f"honours.column.{name}", locale="zh"), width) for name, width in chosen]


def _rows(roll: Roll, asked: Export) -> list[list[sheets.Cell]]:
    return [_row(each, roll.selection, asked) for each in roll.listed]


def _row(each: OnRoll, selection: Selection, asked: Export) -> list[sheets.Cell]:
    figures, candidate = each.candidate.figures, each.candidate
    counted = [figures["values"].get(f"hours.{basis}", 0) for basis in ("proven", "witnessed", "backfilled")]
    phone = each.person.phone if each.in_full else masked_phone(each.person.phone)
    return [
        candidate.pseudonym,
        each.name,
        i18n.say("honours.naming.full" if each.in_full else "honours.naming.masked", locale="zh"),
        *counted,
        figures["values"].get("reports.resolved", 0),
        date.fromisoformat(figures["enrolled_on"]),
        selection.period_start_on,
        selection.period_end_on,
        *([phone or ""] if asked.personal else []),
    ]


def _csv(selection: Selection, asked: Export) -> bytes:
    return _table(_rows(queries.roll(selection), asked), asked)


def _table(rows: Sequence[Sequence[sheets.Cell]], asked: Export) -> bytes:
    return sheets.csv_table([each.header for each in _columns(asked)], rows)


def _xlsx(selection: Selection, asked: Export) -> bytes:
    roll = queries.roll(selection)
    rows = _rows(roll, asked)
    return sheets.workbook(
        title=selection.title_zh,
        # A fixed time: the same snapshot gives the same bytes.
        made_at=selection.frozen_at or selection.created_at,
        sheets=[
            sheets.Listing(i18n.say("honours.sheet.roll", locale="zh"), _columns(asked), rows),
            sheets.About(i18n.say("honours.sheet.about", locale="zh"), _about(roll, rows, asked)),
        ],
    )


def _about(roll: Roll, rows: Sequence[Sequence[sheets.Cell]], asked: Export) -> list[tuple[str, str]]:
    selection = roll.selection
    values = {
        "title": selection.title_zh,
        "region": full_name(selection.region_code),
        "period": f"{selection.period_start_on} — {selection.period_end_on}",
        "state": i18n.say(f"honours.state.{selection.state}", locale="zh"),
        "frozen_at": format_table_instant(selection.frozen_at) if selection.frozen_at else "",
        "snapshot": selection.snapshot_sha256 or "",
        "criteria": f"{selection.criteria_version.number} · {selection.criteria_sha256}",
        "filters": i18n.say("honours.filters", locale="zh"),
        "rows": i18n.say("honours.rows", locale="zh", listed=len(rows), unlisted=roll.unlisted),
        "checksum": sealing.sha256(_table(rows, asked).decode()),
        "exporter": display_name(person(asked.by_id)),
        "reason": asked.reason,
    }
    return [(i18n.say(f"honours.about.{name}", locale="zh"), value) for name, value in values.items()]


# --- the kinds -------------------------------------------------------------------------------------------------------


def _paper(draw: Callable[[Roll], bytes]) -> Callable[[Selection, Export], bytes]:
    return lambda selection, _asked: draw(queries.roll(selection))


def _list(form: str) -> Callable[[Selection, Export], bytes]:
    return lambda selection, _asked: listing.listed(queries.snapshot_of(selection.id), form)


SIGNED = (REVIEWED, NOTICE, FINAL)
SEALED = (FROZEN, *SIGNED)
KINDS = {
    "roll.csv": Kind(CSV, SIGNED, _csv),
    "roll.xlsx": Kind(XLSX, SIGNED, _xlsx),
    "notice.pdf": Kind(PDF, (NOTICE, FINAL), _paper(papers.notice)),
    "internal.pdf": Kind(PDF, SIGNED, _paper(papers.internal)),
    "certificates.pdf": Kind(PDF, (FINAL,), _paper(papers.certificates)),
    "certificates.zip": Kind(ZIP, (FINAL,), _paper(papers.certificates_apart)),
    "list.csv": Kind(CSV, SEALED, _list("csv")),
    "list.xlsx": Kind(XLSX, SEALED, _list("xlsx")),
    "list.json": Kind(JSON, SEALED, _list("json")),
    "snapshot.json": Kind(JSON, SEALED, lambda selection, _asked: queries.snapshot_of(selection.id).encode()),
}
