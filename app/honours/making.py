"""The sorts of export: from which steps on each may be made, how many rows are still made at once, and how."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import IO

from app.honours import listing, papers, queries, sealing, snapshots, tabling
from app.honours.models import FINAL, FROZEN, NOTICE, REVIEWED, Export, Selection
from app.honours.queries import OnRoll, Order, Roll
from app.kernel.sheets import CSV, XLSX

PDF, JSON, JSONL, ZIP = "application/pdf", "application/json", "application/jsonl", "application/zip"
SIGNED = (REVIEWED, NOTICE, FINAL)
SEALED = (FROZEN, *SIGNED)
ROWS_AT_ONCE, PAPERS_AT_ONCE = 2000, 20


class Names:
    """A digest of who stands on a roll and how each is named: another one once anybody has changed his mind."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()

    def also(self, listed: Sequence[OnRoll]) -> None:
        """These come next."""
        for each in listed:
            self._digest.update(sealing.canonical([each.candidate.pseudonym, each.name]).encode())

    def hexdigest(self) -> str:
        """Of all so far."""
        return self._digest.hexdigest()


@dataclass(slots=True)
class Making:
    """One export being made: into which file, and how it reads (all in one unit of work, or each part in its own)."""

    selection: Selection
    asked: Export
    file: IO[bytes]
    read: listing.Read
    names: Names = field(default_factory=Names)  # those it was made with

    def roll(self) -> Roll:
        """The roll under the consents in force now."""
        roll = queries.roll(self.selection)
        self.names.also(roll.listed)
        return roll

    def roll_in_pieces(self, order: Order) -> Iterator[OnRoll]:
        """The same for a long one: each piece is read when it is wanted and forgotten afterwards."""
        for some in order.pieces():
            listed = self.read(partial(queries.on_roll, self.selection, some), len(some))
            self.names.also(listed)
            yield from listed


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


def names_of(selection: Selection) -> str:
    """The digest of the names that an export made now would have."""
    names = Names()
    for some in queries.roll_order(selection).pieces():
        names.also(queries.on_roll(selection, some))
    return names.hexdigest()


def _table(write: Callable[[IO[bytes], tabling.Table], None]) -> Callable[[Making], object]:
    def made(making: Making) -> None:
        order = making.read(lambda: queries.roll_order(making.selection))
        about = making.read(lambda: tabling.about(making.selection, order, making.asked))
        people = making.roll_in_pieces(order)
        write(making.file, tabling.Table(making.selection, making.asked, people, about))

    return made


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
    "notice-en.pdf": Kind(
        PDF, (NOTICE, FINAL), _paper(partial(papers.notice, locale="en")), True, ROWS_AT_ONCE
    ),
    "internal.pdf": Kind(PDF, SIGNED, _paper(papers.internal), True, ROWS_AT_ONCE),
    "certificates.pdf": Kind(PDF, (FINAL,), _certificates, True, PAPERS_AT_ONCE),
    "certificates.zip": Kind(ZIP, (FINAL,), _certificates_apart, True, PAPERS_AT_ONCE),
    "list.csv": Kind(CSV, SEALED, _list("csv"), False, ROWS_AT_ONCE),
    "list.xlsx": Kind(XLSX, SEALED, _list("xlsx"), False, ROWS_AT_ONCE),
    "list.json": Kind(JSON, SEALED, _list("json"), False, ROWS_AT_ONCE),
    "snapshot.jsonl": Kind(JSONL, SEALED, _snapshot, False, ROWS_AT_ONCE),
}
