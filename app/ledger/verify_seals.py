"""What `verify` asks of seals: the chain is whole, and every sealed row is as it was when it was sealed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select

from app.kernel.db import session
from app.ledger import proofs
from app.ledger.models import Seal, SealedRow
from app.ledger.sealed import BY_NAME, KINDS, Kind
from app.ledger.sealing import hash_of

AT_ONCE = 2_000
Broken = tuple[str, Any, Any, Any]  # check, row, found, expected
Tick = Callable[[int], None]

CHANGED, GONE, AS_SEALED = "changed", "gone", "as it was sealed"


def broken_rows(tick: Tick) -> Iterator[Broken]:
    """Rows that are not what they were when they were sealed, or are gone; kind by kind, by id."""
    for kind in KINDS:
        after: UUID | None = None
        while chunk := _sealed_after(kind, after):
            after = chunk[-1].row_id
            yield from _compare(kind, chunk)
            tick(len(chunk))
    unknown = select(SealedRow.kind, SealedRow.row_id).where(SealedRow.kind.not_in(BY_NAME))
    for name, row_id in session.execute(unknown):
        yield "sealed-row", f"{name} {row_id}", "of no known kind", AS_SEALED


def _sealed_after(kind: Kind, after: UUID | None) -> Sequence[Row[UUID, bytes]]:
    chosen = select(SealedRow.row_id, SealedRow.hash).where(SealedRow.kind == kind.name)
    if after is not None:
        chosen = chosen.where(SealedRow.row_id > after)
    return session.execute(chosen.order_by(SealedRow.row_id).limit(AT_ONCE)).all()


def _compare(kind: Kind, sealed: Sequence[Row[UUID, bytes]]) -> Iterator[Broken]:
    now = {row_id: proofs.leaf(fields) for row_id, fields in kind.rows([each.row_id for each in sealed])}
    for row_id, was in sealed:
        if now.get(row_id) != was:
            yield f"sealed-{kind.name}", row_id, CHANGED if row_id in now else GONE, AS_SEALED


def broken_seals(published: Mapping[int, str]) -> Iterator[Broken]:
    """Seals that do not follow from the one before, do not cover what they say, or are not those once published."""
    previous, expected = proofs.NOTHING_BEFORE, 1
    for seal in session.scalars(select(Seal).order_by(Seal.number)):
        name = f"seal {seal.number}"
        if seal.number != expected:
            yield "seal-number", name, seal.number, expected
        if seal.previous != previous:
            yield "seal-chain", name, seal.previous, previous
        if hash_of(seal) != seal.hash:
            yield "seal-hash", name, seal.hash, hash_of(seal)
        yield from _broken_tree(seal, name)
        previous, expected = seal.hash, seal.number + 1
    orphans = (
        select(SealedRow.seal_number).where(SealedRow.seal_number.not_in(select(Seal.number))).distinct()
    )
    for number in session.scalars(orphans):
        yield "seal-missing", f"seal {number}", GONE, "there"
    yield from _unlike_published(published)


def _broken_tree(seal: Seal, name: str) -> Iterator[Broken]:
    leaves = session.execute(
        select(SealedRow.position, SealedRow.hash)
        .where(SealedRow.seal_number == seal.number)
        .order_by(SealedRow.position)
    ).all()
    if [each.position for each in leaves] != list(range(seal.size)):
        yield "seal-size", name, len(leaves), seal.size
        return
    root = proofs.root([each.hash for each in leaves]).hex()
    if root != seal.root:
        yield "seal-root", name, seal.root, root


def _unlike_published(published: Mapping[int, str]) -> Iterator[Broken]:
    for number, known in sorted(published.items()):
        seal = session.get(Seal, number)
        if seal is None or seal.hash != known.lower():
            yield "seal-published", f"seal {number}", seal.hash if seal else GONE, known


def sealed_count() -> int:
    """How many rows there are to compare."""
    return int(session.scalar(select(func.count()).select_from(SealedRow)) or 0)
