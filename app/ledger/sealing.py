"""Sealing the book, away from whoever writes it: batches of new rows become seals, each chained to the one before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import insert, select

from app.kernel.clock import city_day
from app.kernel.db import insert_if_absent, session
from app.ledger import proofs
from app.ledger.errors import NotSealedYet
from app.ledger.models import Seal, SealedRow
from app.ledger.sealed import ENTRY, KINDS, text_of

MOST_ROWS = 10_000  # under one seal; a proof needs the hashes of all of them
LATE = timedelta(hours=1)  # a row may be committed so long after its id was made
SWEEP = timedelta(days=3)  # how far the first look of each day goes back, should a clock have jumped


class NewRow(NamedTuple):
    """A row to be sealed and its hash."""

    kind: str
    row_id: UUID
    hash: bytes


def seal_new(*, at: datetime, everything: bool = False) -> int:
    """Seal the rows that no seal covers yet; returns how many. `everything` looks at the whole book.

    Of two that seal at once, the number of the next seal, counted before the rows are read, lets one through; the other
    leaves the rows to it.
    """
    before = last_seal()
    rows = _new_rows(None if everything or before is None else _since(before, at))
    sealed = 0
    while batch := list(islice(rows, MOST_ROWS)):
        made = _seal(batch, before, at)
        if made is None:
            break  # somebody else seals them
        sealed, before = sealed + made.size, made
    return sealed


def last_seal() -> Seal | None:
    """The newest seal."""
    return session.scalars(select(Seal).order_by(Seal.number.desc()).limit(1)).first()


def proof_of(entry_id: UUID) -> dict[str, Any]:
    """All that is needed to check, without us, that this entry is in a published seal. Raises NotSealedYet."""
    found = session.scalars(
        select(SealedRow).where(SealedRow.kind == ENTRY.name, SealedRow.row_id == entry_id)
    ).first()
    if found is None:
        raise NotSealedYet
    seal = session.get_one(Seal, found.seal_number)
    leaves = session.scalars(
        select(SealedRow.hash).where(SealedRow.seal_number == seal.number).order_by(SealedRow.position)
    ).all()
    [(_id, fields)] = ENTRY.rows([entry_id])
    return {
        "format": proofs.FORMAT,
        "row": [list(field) for field in fields],
        "position": found.position,
        "path": [each.hex() for each in proofs.path(leaves, found.position)],
        "seal": as_published(seal),
    }


def as_published(seal: Seal) -> dict[str, Any]:
    """A seal as everybody may keep it."""
    return {
        "number": seal.number,
        "root": seal.root,
        "previous": seal.previous,
        "size": seal.size,
        "sealed_at": text_of(seal.sealed_at),
        "hash": seal.hash,
    }


def hash_of(seal: Seal) -> str:
    """The hash a seal should have."""
    return proofs.seal_hash(
        number=seal.number,
        root=seal.root,
        previous=seal.previous,
        size=seal.size,
        sealed_at=str(text_of(seal.sealed_at)),
    )


def _since(last: Seal, at: datetime) -> datetime:
    earlier = min(last.sealed_at, at)
    return earlier - (LATE if city_day(last.sealed_at) == city_day(at) else SWEEP)


def _new_rows(since: datetime | None) -> Iterator[NewRow]:
    for kind in KINDS:
        after = None
        while found := kind.unsealed(since, after, MOST_ROWS):
            for row_id, fields in kind.rows(found):
                yield NewRow(kind.name, row_id, proofs.leaf(fields))
            after = found[-1]


def _seal(batch: Sequence[NewRow], before: Seal | None, at: datetime) -> Seal | None:
    """The next seal after this one; None if it has been made meanwhile."""
    seal = Seal(
        number=before.number + 1 if before else 1,
        root=proofs.root([row.hash for row in batch]).hex(),
        previous=before.hash if before else proofs.NOTHING_BEFORE,
        size=len(batch),
        sealed_at=at,
    )
    seal.hash = hash_of(seal)
    values = {column.key: getattr(seal, column.key) for column in Seal.__table__.columns}
    if not insert_if_absent(Seal, values):
        return None
    rows = [row._asdict() | {"seal_number": seal.number, "position": n} for n, row in enumerate(batch)]
    session.execute(insert(SealedRow), rows)
    return seal
