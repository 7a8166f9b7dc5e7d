"""Sheets: workbooks and CSV tables that open right everywhere, hold no formula, and are the same bytes each time.

Texts stay texts (no formulas, no links, a phone number keeps its zero), days are real dates, the first row stays in
sight and filters. A second kind of sheet says in two columns what the list is and where it comes from. Rows are written
as they come and forgotten, so a hundred thousand take no more memory than ten.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import IO, Any

from defusedcsv import csv

from app.kernel.clock import city_time
from app.kernel.i18n import format_table_instant

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"

Cell = str | int | date | datetime | None

CSV_ROWS_AT_ONCE = 500
WIDE = ("＝", "＋", "－", "＠")  # where people write with these, Excel reads them as =, +, - and @
_AS_WRITTEN = {
    "constant_memory": True,  # each row goes to a temporary file as soon as the next one begins
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
    rows: Iterable[Sequence[Cell]]

    @property
    def headers(self) -> list[str]:
        """The first row."""
        return [column.header for column in self.columns]


@dataclass(frozen=True, slots=True)
class About:
    """A sheet of labels and what they stand for."""

    name: str
    pairs: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Written:
    """How many rows a list has, and the digest of its CSV form."""

    rows: int
    sha256: str


def workbook(*, title: str, made_at: datetime, sheets: Sequence[Listing | About]) -> bytes:
    """An XLSX file. The same arguments give the same bytes: `made_at` is the only time in it."""
    buffer = io.BytesIO()
    with _Book(buffer, title, made_at) as book:
        for sheet in sheets:
            if isinstance(sheet, About):
                _write_about(book.sheet(sheet.name), sheet, book.formats)
            else:
                _write_listing(book.sheet(sheet.name), sheet, book.formats)
    return buffer.getvalue()


def write_workbook(
    file: IO[bytes],
    *,
    title: str,
    made_at: datetime,
    listing: Listing,
    about: Callable[[Written], About],
) -> None:
    """The same with one list, row by row into a file; `about` is asked once all rows are written."""
    digest, count = hashlib.sha256(csv_head(listing.headers)), 0

    def counted() -> Iterator[Sequence[Cell]]:
        nonlocal count
        for some in _some(listing.rows):
            digest.update(csv_rows(some))
            count += len(some)
            yield from some

    with _Book(file, title, made_at) as book:
        _write_listing(
            book.sheet(listing.name), Listing(listing.name, listing.columns, counted()), book.formats
        )
        said = about(Written(count, digest.hexdigest()))
        _write_about(book.sheet(said.name), said, book.formats)


def write_csv(file: IO[bytes], listing: Listing) -> None:
    """A CSV file that Excel opens as UTF-8 and in which nothing is a formula, row by row."""
    file.write(csv_head(listing.headers))
    for some in _some(listing.rows):
        file.write(csv_rows(some))


def csv_table(headers: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """The same for a short list."""
    return csv_head(headers) + csv_rows(rows)


def csv_head(headers: Sequence[str]) -> bytes:
    """The mark of UTF-8, by which Excel knows it, and the first row."""
    return b"\xef\xbb\xbf" + csv_rows([headers])


def csv_rows(rows: Iterable[Sequence[Cell]]) -> bytes:
    """Some rows of a CSV file."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    for row in rows:
        writer.writerow([_plain(cell) for cell in row])
    return buffer.getvalue().encode()


def _some(rows: Iterable[Sequence[Cell]]) -> Iterator[list[Sequence[Cell]]]:
    rows = iter(rows)
    while some := list(islice(rows, CSV_ROWS_AT_ONCE)):
        yield some


class _Book:
    """An open workbook; closing it writes the file, also over an error, so that no temporary file is left."""

    def __init__(self, file: IO[bytes], title: str, made_at: datetime) -> None:
        import xlsxwriter  # only where one is made: it takes long to read in

        self._book = xlsxwriter.Workbook(file, _AS_WRITTEN)
        self._book.set_properties({"title": title, "created": city_time(made_at).replace(tzinfo=None)})
        self.formats = _formats(self._book)

    def sheet(self, name: str) -> Any:
        """One more sheet."""
        return self._book.add_worksheet(name)

    def __enter__(self) -> _Book:
        return self

    def __exit__(self, *_: object) -> None:
        self._book.close()


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
    line = 0
    for line, row in enumerate(listing.rows, start=1):
        for number, cell in enumerate(row):
            _write(sheet, line, number, cell, formats)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(line, 1), len(listing.columns) - 1)


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
    """Leading space of any sort would hide a formula from the guard, so it goes first."""
    if cell is None:
        return ""
    if isinstance(cell, int):
        return cell
    if isinstance(cell, datetime):
        return format_table_instant(cell)
    if isinstance(cell, date):
        return cell.isoformat()
    text = cell.lstrip()
    return f"'{text}" if text.startswith(WIDE) else text
