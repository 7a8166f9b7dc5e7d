"""Statements and the trial balance as files. Every export says what it holds and leaves a trace: BookExported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from app.identity.actors import Actor
from app.kernel import sheets
from app.kernel.events import publish
from app.kernel.i18n import format_table_instant, say
from app.kernel.sheets import CSV, XLSX, About, Cell, Column, Listing
from app.ledger import reporting
from app.ledger.events import BookExported
from app.ledger.reporting import Line
from app.ledger.scoping import must_read_city
from app.ledger.wording import explain

FORMATS = ("csv", "xlsx")

_STATEMENT = (
    ("at", 18),
    ("kind", 16),
    ("why", 44),
    ("amount", 12),
    ("balance", 14),
    ("source", 40),
    ("entry", 38),
)
_TRIAL = (("account-kind", 20), ("accounts", 12), ("balance", 16))


@dataclass(frozen=True, slots=True)
class Export:
    """A finished file."""

    data: bytes
    media_type: str
    filename: str


def statement(*, account_id: UUID, from_on: date, to_on: date, form: str, by: Actor, at: datetime) -> Export:
    """All lines of an account in some days, as CSV or XLSX. Raises AccountNotFound."""
    found = reporting.statement_of(account_id, from_on=from_on, to_on=to_on, limit=None, by=by)
    rows = [_cells(line) for line in found.lines]
    about = [
        (say("ledger.sheet.account"), found.account.key),
        (say("ledger.sheet.days"), f"{from_on} – {to_on}"),
        (say("ledger.sheet.opening"), str(found.opening)),
        (say("ledger.sheet.closing"), str(found.closing)),
    ]
    name = f"statement-{found.account.key.replace(':', '-')}-{from_on}-{to_on}"
    return _recorded(name, found.account.key, _STATEMENT, rows, about, form, by, at)


def _cells(line: Line) -> list[Cell]:
    return [
        format_table_instant(line.at),
        line.kind,
        explain(line.words),
        line.amount,
        line.balance,
        line.source,
        str(line.entry_id),
    ]


def trial_balance(*, day: date, form: str, by: Actor, at: datetime) -> Export:
    """The trial balance at the end of a day, as CSV or XLSX. Raises Forbidden."""
    must_read_city(by)
    rows: list[list[Cell]] = [
        [say(f"ledger.account.{each.kind}"), each.accounts, each.balance]
        for each in reporting.trial_balance(reporting.end_of(day))
    ]
    about = [(say("ledger.sheet.days"), str(day))]
    return _recorded(f"trial-balance-{day}", "trial-balance", _TRIAL, rows, about, form, by, at)


def _recorded(
    name: str,
    what: str,
    columns: Sequence[tuple[str, int]],
    rows: list[list[Cell]],
    about: list[tuple[str, str]],
    form: str,
    by: Actor,
    at: datetime,
) -> Export:
    heads = [Column(say(f"ledger.column.{column}"), width) for column, width in columns]
    if form == "csv":
        data, media_type = sheets.csv_table([head.header for head in heads], rows), CSV
    else:
        pairs = [*about, (say("ledger.sheet.made-at"), format_table_instant(at))]
        listing = Listing(say("ledger.sheet.lines"), heads, rows)
        data = sheets.workbook(
            title=name, made_at=at, sheets=[listing, About(say("ledger.sheet.about"), pairs)]
        )
        media_type = XLSX
    publish(BookExported(what=what, filename=f"{name}.{form}", rows=len(rows), by=by, at=at))
    return Export(data, media_type, f"{name}.{form}")
