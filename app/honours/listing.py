"""The list of a snapshot as data: by pseudonym, from the sealed file alone, so the same everywhere and for good."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from app.honours import scoring, sealing
from app.kernel import i18n, sheets
from app.kernel.i18n import format_table_instant

FORMATS = ("csv", "json", "xlsx")
_FIXED = ("position", "pseudonym", "chosen", "score", "enrolled_on", *scoring.GROUPS)


def listed(content: str, form: str) -> bytes:
    """The list of a sealed snapshot in one of FORMATS. No name is in it, so nobody's consent changes it."""
    found = sealing.opened(content)
    if form == "json":
        whole = {"snapshot_sha256": sealing.sha256(content), "list": list(_records(found))}
        return f"{sealing.canonical(whole)}\n".encode()
    headers, rows = _headers(found), [_cells(each, found) for each in _records(found)]
    table = sheets.csv_table(headers, rows)
    return table if form == "csv" else _workbook(found, content, headers, rows, table)


def _records(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    facts = {each["pseudonym"]: each for each in found["facts"]}
    for candidate in found["candidates"]:
        yield candidate | {
            key: facts[candidate["pseudonym"]][key] for key in ("enrolled_on", "groups", "values")
        }


def _sources(found: dict[str, Any]) -> list[str]:
    return [each["source"] for each in found["criteria"]["components"]]


def _headers(found: dict[str, Any]) -> list[str]:
    fixed = [i18n.say(f"honours.column.{each}", locale="zh") for each in _FIXED]
    sources = [i18n.say(f"honours.source.{each}", locale="zh") for each in _sources(found)]
    points = i18n.say("honours.column.part", locale="zh")
    return [*fixed, *(word for each in sources for word in (each, f"{each}{points}"))]


def _cells(each: dict[str, Any], found: dict[str, Any]) -> list[sheets.Cell]:
    chosen = i18n.say("honours.chosen.yes" if each["chosen"] else "honours.chosen.no", locale="zh")
    figures: list[sheets.Cell] = []
    for source, part in zip(_sources(found), each["parts"], strict=True):
        figures += [each["values"].get(source, 0), part]
    return [
        each["position"],
        each["pseudonym"],
        chosen,
        each["score"],
        date.fromisoformat(each["enrolled_on"]),
        *(each["groups"].get(by) for by in scoring.GROUPS),
        *figures,
    ]


def _workbook(
    found: dict[str, Any], content: str, headers: list[str], rows: list[list[sheets.Cell]], table: bytes
) -> bytes:
    frozen_at = datetime.fromisoformat(found["frozen_at"])
    about = {
        "title": found["title"],
        "region": "、".join(found["regions"]),
        "period": " — ".join(found["period"]),
        "frozen_at": format_table_instant(frozen_at),
        "snapshot": sealing.sha256(content),
        "criteria": f"{found['criteria_number']} · {found['criteria_sha256']}",
        "filters": i18n.say("honours.filters-data", locale="zh"),
        "rows": str(len(rows)),
        "checksum": sealing.sha256(table.decode()),
    }
    pairs = [(i18n.say(f"honours.about.{name}", locale="zh"), value) for name, value in about.items()]
    return sheets.workbook(
        title=found["title"],
        made_at=frozen_at,
        sheets=[
            sheets.Listing(
                i18n.say("honours.sheet.list", locale="zh"), [sheets.Column(each) for each in headers], rows
            ),
            sheets.About(i18n.say("honours.sheet.about", locale="zh"), pairs),
        ],
    )
