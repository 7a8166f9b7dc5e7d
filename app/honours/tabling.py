"""The roll as a table: CSV and a workbook with the sheet that says what it is and where it comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import IO

from app.honours.models import Export, Selection
from app.honours.queries import OnRoll, Order
from app.identity.queries import display_name, masked_phone, person
from app.kernel import i18n, sheets
from app.kernel.i18n import format_table_instant
from app.kernel.sheets import Written
from app.places.queries import full_name

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
class Table:
    """A roll to be written for somebody: its people as they come, and what is said about it."""

    selection: Selection
    asked: Export
    people: Iterable[OnRoll]
    about: Callable[[Written], sheets.About]


def write_roll_csv(file: IO[bytes], table: Table) -> None:
    """The roll as CSV."""
    sheets.write_csv(file, _listing(table))


def write_roll_xlsx(file: IO[bytes], table: Table) -> None:
    """The roll as a workbook."""
    sheets.write_workbook(
        file,
        title=table.selection.title_zh,
        # A fixed time: the same snapshot gives the same bytes.
        made_at=table.selection.frozen_at or table.selection.created_at,
        listing=_listing(table),
        about=table.about,
    )


def _listing(table: Table) -> sheets.Listing:
    chosen = (*COLUMNS, PHONE) if table.asked.personal else COLUMNS
    columns = [
        sheets.Column(i18n.say(f"honours.column.{name}", locale="zh"), width) for name, width in chosen
    ]
    naming = {
        True: i18n.say("honours.naming.full", locale="zh"),
        False: i18n.say("honours.naming.masked", locale="zh"),
    }
    rows = (_row(each, naming[each.in_full], table) for each in table.people)
    return sheets.Listing(i18n.say("honours.sheet.roll", locale="zh"), columns, rows)


def _row(each: OnRoll, naming: str, table: Table) -> list[sheets.Cell]:
    figures, candidate = each.candidate.figures, each.candidate
    counted = [figures["values"].get(f"hours.{basis}", 0) for basis in ("proven", "witnessed", "backfilled")]
    phone = each.person.phone if each.in_full else masked_phone(each.person.phone)
    return [
        candidate.pseudonym,
        each.name,
        naming,
        *counted,
        figures["values"].get("reports.resolved", 0),
        date.fromisoformat(figures["enrolled_on"]),
        table.selection.period_start_on,
        table.selection.period_end_on,
        *([phone or ""] if table.asked.personal else []),
    ]


def about(selection: Selection, order: Order, asked: Export) -> Callable[[Written], sheets.About]:
    """What the second sheet says, read now; how many rows there were and their checksum are known in the end."""
    values = {
        "title": selection.title_zh,
        "region": full_name(selection.region_code),
        "period": f"{selection.period_start_on} — {selection.period_end_on}",
        "state": i18n.say(f"honours.state.{selection.state}", locale="zh"),
        "frozen_at": format_table_instant(selection.frozen_at) if selection.frozen_at else "",
        "snapshot": selection.snapshot_sha256 or "",
        "criteria": f"{selection.criteria_version.number} · {selection.criteria_sha256}",
        "filters": i18n.say("honours.filters", locale="zh"),
    }
    asking = about_export(asked)

    def say(written: Written) -> sheets.About:
        rows = i18n.say("honours.rows", locale="zh", listed=written.rows, unlisted=order.unlisted)
        told = values | {"rows": rows, "checksum": written.sha256}
        pairs = [(i18n.say(f"honours.about.{name}", locale="zh"), value) for name, value in told.items()]
        return sheets.About(i18n.say("honours.sheet.about", locale="zh"), [*pairs, *asking])

    return say


def about_export(asked: Export) -> Sequence[tuple[str, str]]:
    """Who wanted an export, when and why, and the id by which it is made again."""
    values = {
        "exporter": display_name(person(asked.by_id)),
        "reason": asked.reason,
        "asked_at": format_table_instant(asked.at),
        "export": str(asked.id),
    }
    return [(i18n.say(f"honours.about.{name}", locale="zh"), value) for name, value in values.items()]
