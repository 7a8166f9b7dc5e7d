"""Keeping sealed snapshots: the first line beside what it belongs to, all others packed in parts under the digest.

A part is read by itself, so a list of a hundred thousand takes the memory of five hundred, and one's own line is found
without reading the others.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import LargeBinary, String, func, insert, select
from sqlalchemy.orm import Mapped, mapped_column, undefer

from app.honours import sealing
from app.honours.errors import SelectionNotFound
from app.honours.models import ImportedSnapshot, Selection
from app.honours.sealing import PSEUDONYM_LENGTH, VERDICT, Person
from app.kernel.db import Base, append_only, session

PART_LINES = 500
PLACES = 5000  # in a row
PACKED = 3  # twice the effort of the highest levels saves a tenth


class SnapshotPart(Base):
    """Some lines of a sealed snapshot. `after` is the pseudonym of the first, if that is of somebody ineligible."""

    __tablename__ = "snapshot_parts"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    after: Mapped[str | None] = mapped_column(String(PSEUDONYM_LENGTH))
    packed: Mapped[bytes] = mapped_column(LargeBinary)


class SnapshotPlaces(Base):
    """Where eligible people stand in a sealed snapshot: some pseudonyms in their order, each with its position."""

    __tablename__ = "snapshot_places"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    after: Mapped[str] = mapped_column(String(PSEUDONYM_LENGTH), primary_key=True)  # the first of them
    packed: Mapped[bytes] = mapped_column(LargeBinary)


for _model in (SnapshotPart, SnapshotPlaces):
    append_only(_model.__table__)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Sealed:
    """A snapshot that lies here: its name, its first line, what that says, and how many parts the others are in."""

    sha256: str
    first: str
    head: dict[str, Any]
    parts: int

    @property
    def eligible(self) -> int:
        """How many people it puts in order."""
        return int(self.head["eligible"])


def keep(lines: Iterable[str]) -> tuple[str, str]:
    """Keep a snapshot and say its digest and its first line. The same twice is kept once."""
    lines = iter(lines)
    digest = hashlib.sha256()
    parts: list[dict[str, Any]] = []
    places: list[str] = []
    first = next(lines)
    digest.update(first.encode())
    while some := list(islice(lines, PART_LINES)):
        text = "".join(some).encode()
        digest.update(text)
        after = None if VERDICT in some[0] else sealing.pseudonym_in(some[0])
        parts.append({"number": len(parts), "after": after, "packed": zlib.compress(text, PACKED)})
        for line in some if after is None else ():
            if VERDICT in line:
                places.append(f"{sealing.pseudonym_in(line)} {len(places) + 1}")
    sha256 = digest.hexdigest()
    known = session.scalar(select(SnapshotPart.number).where(SnapshotPart.sha256 == sha256).limit(1))
    if parts and known is None:
        session.execute(insert(SnapshotPart), [each | {"sha256": sha256} for each in parts])
        if places:
            session.execute(insert(SnapshotPlaces), list(_packed(sha256, sorted(places))))
    return sha256, first


def _packed(sha256: str, places: Sequence[str]) -> Iterator[dict[str, Any]]:
    for start in range(0, len(places), PLACES):
        some = places[start : start + PLACES]
        text = "\n".join(some).encode()
        yield {"sha256": sha256, "after": some[0].rsplit(" ", 1)[0], "packed": zlib.compress(text, PACKED)}


def of_selection(selection_id: Any) -> Sealed:
    """The sealed snapshot of a selection. Raises SelectionNotFound while there is none."""
    found = session.scalar(
        select(Selection)
        .options(undefer(Selection.snapshot))
        .where(Selection.id == selection_id)
        .execution_options(populate_existing=True)
    )
    if found is None or found.snapshot is None or found.snapshot_sha256 is None:
        raise SelectionNotFound
    return _sealed(found.snapshot_sha256, found.snapshot)


def imported(sha256: str) -> Sealed:
    """An imported snapshot. Raises SelectionNotFound."""
    first = session.scalar(select(ImportedSnapshot.content).where(ImportedSnapshot.sha256 == sha256))
    if first is None:
        raise SelectionNotFound
    return _sealed(sha256, first)


def _sealed(sha256: str, first: str) -> Sealed:
    parts = select(func.count()).select_from(SnapshotPart).where(SnapshotPart.sha256 == sha256)
    return Sealed(sha256, first, sealing.head_in(first), session.scalar(parts) or 0)


def part(sealed: Sealed, number: int) -> list[str]:
    """The lines of one part."""
    chosen = SnapshotPart.sha256 == sealed.sha256, SnapshotPart.number == number
    packed = session.scalars(select(SnapshotPart.packed).where(*chosen)).one()
    return [f"{line}\n" for line in zlib.decompress(packed).decode().split("\n")[:-1]]


def lines_of(sealed: Sealed) -> Iterator[str]:
    """All lines, part by part."""
    yield sealed.first
    for number in range(sealed.parts):
        yield from part(sealed, number)


def people_in_order(lines: Iterable[str]) -> list[Person]:
    """Those of some lines who are in the order; nobody else, and none after the first who is not."""
    return [each for each in map(sealing.person_in, lines) if each.verdict is not None]


def line_of(sealed: Sealed, pseudonym: str) -> Person | None:
    """Somebody's line, found without reading the others; None if there is none."""
    number = _place_of(sealed, pseudonym)
    number = _part_of_ineligible(sealed, pseudonym) if number is None else number
    if number is None:
        return None
    lines = part(sealed, number)
    return next((sealing.person_in(line) for line in lines if sealing.pseudonym_in(line) == pseudonym), None)


def _place_of(sealed: Sealed, pseudonym: str) -> int | None:
    """In which part somebody eligible is."""
    before = SnapshotPlaces.sha256 == sealed.sha256, SnapshotPlaces.after <= pseudonym
    packed = session.scalar(
        select(SnapshotPlaces.packed).where(*before).order_by(SnapshotPlaces.after.desc()).limit(1)
    )
    for place in zlib.decompress(packed).decode().split("\n") if packed else ():
        name, position = place.rsplit(" ", 1)
        if name == pseudonym:
            return (int(position) - 1) // PART_LINES
    return None


def _part_of_ineligible(sealed: Sealed, pseudonym: str) -> int | None:
    """In which part he must be if he is in no order."""
    nearest = select(func.max(SnapshotPart.number)).where(
        SnapshotPart.sha256 == sealed.sha256, (SnapshotPart.after <= pseudonym) | SnapshotPart.after.is_(None)
    )
    return session.scalar(nearest)
