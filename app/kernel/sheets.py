"""Sheets: workbooks and CSV tables that open right everywhere, hold no formula, and are the same bytes each time.

Texts stay texts (no formulas, no links, a phone number keeps its zero), days are real dates, the first row stays in
sight and filters. A second kind of sheet says in two columns what the list is and where it comes from.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import xlsxwriter
from defusedcsv import csv

from app.kernel.clock import city_time
from app.kernel.i18n import format_table_instant

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"

Cell = str | int | date | datetime | None

_AS_WRITTEN = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column's header and how wide it is, in characters."""

    header: str
    width: int = 16


@dataclass(frozen=True, slots=True)
class Listing:
    """A sheet with a row for each thing."""

    name: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class About:
    """A sheet of labels and what they stand for."""

    name: str
    pairs: Sequence[tuple[str, str]]


def workbook(*, title: str, made_at: datetime, sheets: Sequence[Listing | About]) -> bytes:
    """An XLSX file. The same arguments give the same bytes: `made_at` is the only time in it."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, _AS_WRITTEN)
    book.set_properties({"title": title, "created": city_time(made_at).replace(tzinfo=None)})
    formats = _formats(book)
    for sheet in sheets:
        if isinstance(sheet, About):
            _write_about(book.add_worksheet(sheet.name), sheet, formats)
        else:
            _write_listing(book.add_worksheet(sheet.name), sheet, formats)
    book.close()
    return buffer.getvalue()


def csv_table(headers: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """A CSV file that Excel opens as UTF-8 and in which nothing is a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(headers)
    for row in rows:
        writer.writerow([_plain(cell) for cell in row])
    return buffer.getvalue().encode("utf-8-sig")


def _formats(book: Any) -> dict[str, Any]:
    return {
        "head": book.add_format({"bold": True, "bg_color": "#E6EFEC", "num_format": "@"}),
        "text": book.add_format({"num_format": "@"}),
        "day": book.add_format({"num_format": "yyyy-mm-dd"}),
        "instant": book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
    }


def _write_listing(sheet: Any, listing: Listing, formats: dict[str, Any]) -> None:
    for number, column in enumerate(listing.columns):
        sheet.set_column(number, number, column.width)
        sheet.write_string(0, number, column.header, formats["head"])
    for line, row in enumerate(listing.rows, start=1):
        for number, cell in enumerate(row):
            _write(sheet, line, number, cell, formats)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(len(listing.rows), 1), len(listing.columns) - 1)


def _write(sheet: Any, line: int, column: int, cell: Cell, formats: dict[str, Any]) -> None:
    if cell is None:
        return
    if isinstance(cell, datetime):
        sheet.write_datetime(line, column, city_time(cell).replace(tzinfo=None), formats["instant"])
    elif isinstance(cell, date):
        sheet.write_datetime(line, column, cell, formats["day"])
    elif isinstance(cell, int):
        sheet.write_number(line, column, cell)
    else:
        sheet.write_string(line, column, cell, formats["text"])


def _write_about(sheet: Any, about: About, formats: dict[str, Any]) -> None:
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 1, 70)
    for line, (label, value) in enumerate(about.pairs):
        sheet.write_string(line, 0, label, formats["head"])
        sheet.write_string(line, 1, value, formats["text"])


def _plain(cell: Cell) -> str | int:
    """Leading tabs and line ends would hide a formula from the guard, so they go first."""
    if cell is None:
        return ""
    if isinstance(cell, int):
        return cell
    if isinstance(cell, datetime):
        return format_table_instant(cell)
    return cell.isoformat() if isinstance(cell, date) else cell.lstrip("\t\r\n ")
