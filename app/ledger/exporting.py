"""Statements and the trial balance as files. Every export says what it holds and leaves a trace: BookExported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.identity.actors import Actor
from app.kernel import sheets
from app.kernel.clock import city_time
from app.kernel.events import publish
from app.kernel.i18n import format_table_instant, say
from app.kernel.sheets import CSV, XLSX, About, Cell, Column, Listing
from app.ledger import reporting
from app.ledger.events import BookExported
from app.ledger.reporting import Line
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


def statement(
    *, account_id: UUID, from_at: datetime, to_at: datetime, form: str, by: Actor, at: datetime
) -> Export:
    """All lines of an account between two instants, as CSV or XLSX. Raises AccountNotFound."""
    found = reporting.statement_of(account_id, from_at=from_at, to_at=to_at, limit=None, by=by)
    rows = [_cells(line) for line in found.lines]
    about = [
        (say("ledger.sheet.account"), found.account.key),
        (say("ledger.sheet.days"), f"{_told(from_at)} – {_told(to_at)}"),
        (say("ledger.sheet.opening"), str(found.opening)),
        (say("ledger.sheet.closing"), str(found.closing)),
    ]
    name = f"statement-{found.account.key.replace(':', '-')}-{found.from_on}-{_named(to_at)}"
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


def trial_balance(*, moment: datetime, form: str, by: Actor, at: datetime) -> Export:
    """The trial balance at a moment, as CSV or XLSX. Raises Forbidden."""
    rows: list[list[Cell]] = [
        [say(f"ledger.account.{each.kind}"), each.accounts, each.balance]
        for each in reporting.trial_balance(moment, by=by)
    ]
    about = [(say("ledger.sheet.moment"), _told(moment))]
    return _recorded(f"trial-balance-{_named(moment)}", "trial-balance", _TRIAL, rows, about, form, by, at)


def _told(moment: datetime) -> str:
    """To the second, with the offset: an auditor's file is read elsewhere."""
    return city_time(moment).isoformat(sep=" ", timespec="seconds")


def _named(moment: datetime) -> str:
    return city_time(moment).strftime("%Y-%m-%d-%H%M%S")


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
