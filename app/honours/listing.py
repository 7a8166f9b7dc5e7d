"""The list of a snapshot as data: by pseudonym, from the sealed file alone, so the same everywhere and for good.

It is written part by part. Before the first row the digest of the whole snapshot is computed again: what was touched
in the database is never exported.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import IO, Any, Protocol, TypeVar

from app.honours import scoring, sealing, snapshots
from app.honours.errors import SnapshotBroken
from app.honours.sealing import Person
from app.honours.snapshots import Sealed
from app.kernel import i18n, sheets
from app.kernel.i18n import format_table_instant
from app.kernel.sheets import Written

T = TypeVar("T")


class Read(Protocol):
    """Runs a call that reads, in the unit of work at hand or in one of its own; `rows` are done with it."""

    def __call__(self, call: Callable[[], T], rows: int = 0) -> T: ...


FORMATS = ("csv", "json", "xlsx")
_FIXED = ("position", "pseudonym", "chosen", "score", "enrolled_on", *scoring.GROUPS)


def at_once(call: Callable[[], T], rows: int = 0) -> T:
    """Read in the unit of work at hand."""
    return call()


def write_list(
    file: IO[bytes],
    sealed: Sealed,
    form: str,
    *,
    read: Read = at_once,
    export: Sequence[tuple[str, str]] = (),
) -> None:
    """Write the list of a sealed snapshot in one of FORMATS. No name is in it, so nobody's consent changes it.

    `export` says who wanted it, when and why: it stands on the second sheet of a workbook.
    """
    for _ in checked_parts(sealed, read):
        pass
    if form == "json":
        _write_json(file, sealed, read)
        return
    headers = [sheets.Column(each) for each in _headers(sealed.head)]
    sources, words = _sources(sealed.head), _chosen_words()
    rows = (_cells(each, sources, words) for each in _in_order(sealed, read))
    listing = sheets.Listing(i18n.say("honours.sheet.list", locale="zh"), headers, rows)
    if form == "csv":
        sheets.write_csv(file, listing)
        return
    sheets.write_workbook(
        file,
        title=sealed.head["title"],
        # A fixed time: the same snapshot gives the same bytes.
        made_at=datetime.fromisoformat(sealed.head["frozen_at"]),
        listing=listing,
        about=lambda written: _about(sealed, written, export),
    )


def write_snapshot(file: IO[bytes], sealed: Sealed, *, read: Read = at_once) -> None:
    """Write the sealed file itself."""
    file.write(sealed.first.encode())
    for lines in checked_parts(sealed, read):
        file.write("".join(lines).encode())


def checked_parts(sealed: Sealed, read: Read) -> Iterator[list[str]]:
    """The parts of a snapshot. Raises SnapshotBroken after the last if they are not what was sealed."""
    digest = hashlib.sha256(sealed.first.encode())
    for number in range(sealed.parts):
        lines = read(partial(snapshots.part, sealed, number))
        digest.update("".join(lines).encode())
        yield lines
    if digest.hexdigest() != sealed.sha256:
        raise SnapshotBroken(line=1, where="sha256")


def _in_order(sealed: Sealed, read: Read) -> Iterator[Person]:
    for number in range(sealed.parts):
        lines = read(partial(snapshots.part, sealed, number), snapshots.PART_LINES)
        found = snapshots.people_in_order(lines)
        yield from found
        if len(found) < len(lines):
            return


def _write_json(file: IO[bytes], sealed: Sealed, read: Read) -> None:
    file.write(b'{"list":[')
    comma = ""
    for each in _in_order(sealed, read):
        file.write(f"{comma}{sealing.canonical(_record(each))}".encode())
        comma = ","
    file.write(f'],"snapshot_sha256":"{sealed.sha256}"}}\n'.encode())


def _record(each: Person) -> dict[str, Any]:
    assert each.verdict is not None
    return {
        "pseudonym": each.facts.pseudonym,
        "enrolled_on": each.facts.enrolled_on.isoformat(),
        "groups": each.facts.groups,
        "values": each.facts.values,
        "position": each.verdict.position,
        "score": each.verdict.score,
        "parts": each.verdict.parts,
        "chosen": each.verdict.chosen,
    }


def _sources(head: dict[str, Any]) -> list[str]:
    return [each["source"] for each in head["criteria"]["components"]]


def _headers(head: dict[str, Any]) -> list[str]:
    fixed = [i18n.say(f"honours.column.{each}", locale="zh") for each in _FIXED]
    sources = [i18n.say(f"honours.source.{each}", locale="zh") for each in _sources(head)]
    points = i18n.say("honours.column.part", locale="zh")
    return [*fixed, *(word for each in sources for word in (each, f"{each}{points}"))]


def _chosen_words() -> dict[bool, str]:
    return {
        True: i18n.say("honours.chosen.yes", locale="zh"),
        False: i18n.say("honours.chosen.no", locale="zh"),
    }


def _cells(each: Person, sources: Sequence[str], words: dict[bool, str]) -> list[sheets.Cell]:
    facts, verdict = each.facts, each.verdict
    assert verdict is not None
    figures: list[sheets.Cell] = []
    for source, part in zip(sources, verdict.parts, strict=True):
        figures += [facts.values.get(source, 0), part]
    return [
        verdict.position,
        facts.pseudonym,
        words[verdict.chosen],
        verdict.score,
        facts.enrolled_on,
        *(facts.groups.get(by) for by in scoring.GROUPS),
        *figures,
    ]


def _about(sealed: Sealed, written: Written, export: Sequence[tuple[str, str]]) -> sheets.About:
    head = sealed.head
    about = {
        "title": head["title"],
        "region": "、".join(head["regions"]),
        "period": " — ".join(head["period"]),
        "frozen_at": format_table_instant(datetime.fromisoformat(head["frozen_at"])),
        "snapshot": sealed.sha256,
        "criteria": f"{head['criteria_number']} · {head['criteria_sha256']}",
        "filters": i18n.say("honours.filters-data", locale="zh"),
        "rows": str(written.rows),
        "checksum": written.sha256,
    }
    pairs = [(i18n.say(f"honours.about.{name}", locale="zh"), value) for name, value in about.items()]
    return sheets.About(i18n.say("honours.sheet.about", locale="zh"), [*pairs, *export])
