"""The roll as files: XLSX and CSV, the same for the same snapshot and consents. Every export leaves a trace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from app.audit.recording import record
from app.honours import queries, sealing
from app.honours.models import FINAL, NOTICE, REVIEWED, Selection
from app.honours.queries import OnRoll, Roll
from app.identity.actors import Actor
from app.identity.queries import display_name, person
from app.kernel import i18n, sheets
from app.kernel.i18n import format_table_instant
from app.kernel.sheets import CSV, XLSX
from app.places.queries import full_name, region_path

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


@dataclass(frozen=True, slots=True)
class Export:
    """A finished file."""

    data: bytes
    media_type: str
    filename: str


def roll_xlsx(*, selection_id: UUID, by: Actor, at: datetime) -> Export:
    """The roll as a workbook: the list, and a sheet that says where it comes from. Recorded in the audit log."""
    roll = _roll_to_export(selection_id, by)
    rows = _rows(roll)
    data = _workbook(roll, rows, display_name(person(by.id)))
    return _recorded(Export(data, XLSX, f"{_safe(roll.selection.title_zh)}.xlsx"), roll, by, at)


def roll_csv(*, selection_id: UUID, by: Actor, at: datetime) -> Export:
    """The roll as CSV that Excel opens right and in which nothing is a formula. Recorded in the audit log."""
    roll = _roll_to_export(selection_id, by)
    return _recorded(Export(_table(_rows(roll)), CSV, f"{_safe(roll.selection.title_zh)}.csv"), roll, by, at)


def snapshot_json(*, selection_id: UUID, by: Actor, at: datetime) -> Export:
    """The sealed facts, criteria and list by pseudonym, byte for byte, for whoever wants to compute it again."""
    selection = queries.selection(selection_id)
    by.must("honours.export", region_path=region_path(selection.region_code))
    export = Export(queries.snapshot_of(selection_id).encode(), "application/json", f"{selection_id}.json")
    _trace(export, selection, by, at)
    return export


def _roll_to_export(selection_id: UUID, by: Actor) -> Roll:
    selection = queries.selection(selection_id)
    by.must("honours.export", region_path=region_path(selection.region_code))
    selection.must_be(REVIEWED, NOTICE, FINAL)
    return queries.roll(selection)


def _rows(roll: Roll) -> list[list[sheets.Cell]]:
    return [_row(each, roll.selection) for each in roll.listed]


def _row(each: OnRoll, selection: Selection) -> list[sheets.Cell]:
    figures, candidate = each.candidate.figures, each.candidate
    counted = [figures["values"].get(f"hours.{basis}", 0) for basis in ("proven", "witnessed", "backfilled")]
    return [
        candidate.pseudonym,
        each.name,
        i18n.say("honours.naming.full" if each.in_full else "honours.naming.masked", locale="zh"),
        *counted,
        figures["values"].get("reports.resolved", 0),
        date.fromisoformat(figures["enrolled_on"]),
        selection.period_start_on,
        selection.period_end_on,
    ]


def _headers() -> list[str]:
    return [i18n.say(f"honours.column.{name}", locale="zh") for name, _ in COLUMNS]


def _workbook(roll: Roll, rows: Sequence[Sequence[sheets.Cell]], exporter: str) -> bytes:
    selection = roll.selection
    columns = [sheets.Column(header, width) for header, (_, width) in zip(_headers(), COLUMNS, strict=True)]
    return sheets.workbook(
        title=selection.title_zh,
        # A fixed time: the same snapshot gives the same bytes.
        made_at=selection.frozen_at or selection.created_at,
        sheets=[
            sheets.Listing(i18n.say("honours.sheet.roll", locale="zh"), columns, rows),
            sheets.About(i18n.say("honours.sheet.about", locale="zh"), _about(roll, rows, exporter)),
        ],
    )


def _about(roll: Roll, rows: Sequence[Sequence[sheets.Cell]], exporter: str) -> list[tuple[str, str]]:
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
        "checksum": sealing.sha256(_table(rows).decode()),
        "exporter": exporter,
    }
    return [(i18n.say(f"honours.about.{name}", locale="zh"), value) for name, value in values.items()]


def _table(rows: Sequence[Sequence[sheets.Cell]]) -> bytes:
    return sheets.csv_table(_headers(), rows)


def _safe(title: str) -> str:
    return "".join(char for char in title if char.isalnum() or char in "-_") or "roll"


# --- traces ----------------------------------------------------------------------------------------------------------


def _recorded(export: Export, roll: Roll, by: Actor, at: datetime) -> Export:
    _trace(export, roll.selection, by, at)
    return export


def _trace(export: Export, selection: Selection, by: Actor, at: datetime) -> None:
    facts = {
        "media_type": export.media_type,
        "bytes": len(export.data),
        "snapshot_sha256": selection.snapshot_sha256,
    }
    record(action="roll.exported", subject=f"selection:{selection.id}", facts=facts, by=by, at=at)
