"""The sorts of export: from which steps on each may be made, how many rows are still made at once, and how."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO

from app.honours import listing, papers, queries, sealing, snapshots, tabling
from app.honours.models import FINAL, FROZEN, NOTICE, REVIEWED, Export, Selection
from app.honours.queries import Roll
from app.kernel.sheets import CSV, XLSX

PDF, JSON, JSONL, ZIP = "application/pdf", "application/json", "application/jsonl", "application/zip"
SIGNED = (REVIEWED, NOTICE, FINAL)
SEALED = (FROZEN, *SIGNED)
ROWS_AT_ONCE, PAPERS_AT_ONCE = 2000, 20


@dataclass(slots=True)
class Making:
    """One export being made: into which file, and how it reads (all in one unit of work, or each part in its own)."""

    selection: Selection
    asked: Export
    file: IO[bytes]
    read: listing.Read
    named_sha256: str | None = None  # which names it was made with; None if it has none

    def roll(self) -> Roll:
        """The roll under the consents in force now, remembered by its digest."""
        roll = queries.roll(self.selection)
        self.named_sha256 = names_of(roll)
        return roll


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of export. `rows` says how many it will have; above `at_once` it becomes a job. `names`: it tells who."""

    media_type: str
    states: tuple[str, ...]
    write: Callable[[Making], object]
    names: bool
    at_once: int

    def rows(self, selection: Selection) -> int:
        """How many rows there will be."""
        if self.names:
            return queries.count_chosen(selection.id)
        return snapshots.of_selection(selection.id).eligible


def names_of(roll: Roll) -> str:
    """A digest of who stands on a roll and how he is named: another one once anybody has changed his mind."""
    return sealing.sha256(sealing.canonical([[each.candidate.pseudonym, each.name] for each in roll.listed]))


def _table(write: Callable[[IO[bytes], Roll, Export], None]) -> Callable[[Making], object]:
    return lambda making: making.read(lambda: write(making.file, making.roll(), making.asked))


def _paper(draw: Callable[[Roll], bytes]) -> Callable[[Making], object]:
    return lambda making: making.read(lambda: making.file.write(draw(making.roll())))


def _certificates(making: Making) -> None:
    making.file.write(papers.certificates(making.read(making.roll)))


def _certificates_apart(making: Making) -> None:
    # After each certificate somebody is told how far it is: a read of nothing.
    roll = making.read(making.roll)
    papers.write_certificates_apart(making.file, roll, one_more=lambda: making.read(lambda: None, 1))


def _list(form: str) -> Callable[[Making], None]:
    def write(making: Making) -> None:
        sealed = making.read(lambda: snapshots.of_selection(making.selection.id))
        said: Sequence[tuple[str, str]] = making.read(lambda: tabling.about_export(making.asked))
        listing.write_list(making.file, sealed, form, read=making.read, export=said)

    return write


def _snapshot(making: Making) -> None:
    sealed = making.read(lambda: snapshots.of_selection(making.selection.id))
    listing.write_snapshot(making.file, sealed, read=making.read)


KINDS = {
    "roll.csv": Kind(CSV, SIGNED, _table(tabling.write_roll_csv), True, ROWS_AT_ONCE),
    "roll.xlsx": Kind(XLSX, SIGNED, _table(tabling.write_roll_xlsx), True, ROWS_AT_ONCE),
    "notice.pdf": Kind(PDF, (NOTICE, FINAL), _paper(papers.notice), True, ROWS_AT_ONCE),
    "internal.pdf": Kind(PDF, SIGNED, _paper(papers.internal), True, ROWS_AT_ONCE),
    "certificates.pdf": Kind(PDF, (FINAL,), _certificates, True, PAPERS_AT_ONCE),
    "certificates.zip": Kind(ZIP, (FINAL,), _certificates_apart, True, PAPERS_AT_ONCE),
    "list.csv": Kind(CSV, SEALED, _list("csv"), False, ROWS_AT_ONCE),
    "list.xlsx": Kind(XLSX, SEALED, _list("xlsx"), False, ROWS_AT_ONCE),
    "list.json": Kind(JSON, SEALED, _list("json"), False, ROWS_AT_ONCE),
    "snapshot.jsonl": Kind(JSONL, SEALED, _snapshot, False, ROWS_AT_ONCE),
}
