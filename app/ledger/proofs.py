"""Hashes, trees and proofs of the sealed book, and the check of a proof. Only the standard library: whoever wants to
check a proof without trusting us can take this one file and run `python proofs.py FILE --seal HASH`.

A row is its fields in order, each name and value with its length before it, so that no two rows read the same. Rows are
the leaves of a Merkle tree as in RFC 6962 (0x00 before a leaf, 0x01 before two nodes); a seal is the hash of the tree's
root and of the seal before (0x02 in front). So one seal fixes every row that was ever sealed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

FORMAT = "fengxing-proof-1"
NOTHING_BEFORE = "0" * 64  # what the first seal names as the one before

Fields = Sequence[tuple[str, str | None]]


def leaf(fields: Fields) -> bytes:
    """The hash of one row."""
    parts = [b"\x00"]
    for name, value in fields:
        parts.append(_sized(name.encode()))
        parts.append(b"\x00" if value is None else b"\x01" + _sized(value.encode()))
    return sha256(b"".join(parts)).digest()


def _sized(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def node(left: bytes, right: bytes) -> bytes:
    """The hash of two nodes."""
    return sha256(b"\x01" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The root of the tree over these leaves: the left side is the largest power of two below their number.

    Neighbours are joined level by level and an odd one is carried up, which makes the same tree.
    """
    level = list(leaves) or [sha256(b"").digest()]
    while len(level) > 1:
        level = [node(*level[i : i + 2]) if i + 1 < len(level) else level[i] for i in range(0, len(level), 2)]
    return level[0]


def path(leaves: Sequence[bytes], position: int) -> list[bytes]:
    """The neighbours that lead from a leaf to the root, the nearest first."""
    level, found = list(leaves), []
    while len(level) > 1:
        neighbour = position ^ 1
        if neighbour < len(level):
            found.append(level[neighbour])
        level = [node(*level[i : i + 2]) if i + 1 < len(level) else level[i] for i in range(0, len(level), 2)]
        position //= 2
    return found


def root_from(leaf_hash: bytes, position: int, size: int, neighbours: Sequence[bytes]) -> bytes | None:
    """The root to which a leaf and its neighbours lead; None if there are too many or too few of them."""
    if not 0 <= position < size:
        return None
    waiting, found, last = list(neighbours), leaf_hash, size - 1
    while last > 0:
        if position % 2 or position < last:
            if not waiting:
                return None
            other = waiting.pop(0)
            found = node(other, found) if position % 2 else node(found, other)
        position, last = position // 2, last // 2
    return None if waiting else found


def seal_hash(*, number: int, root: str, previous: str, size: int, sealed_at: str) -> str:
    """The hash that is published: it fixes this seal and, through `previous`, all before it."""
    fields = (
        ("number", str(number)),
        ("root", root),
        ("previous", previous),
        ("size", str(size)),
        ("sealed_at", sealed_at),
    )
    return sha256(b"\x02" + leaf(fields)).hexdigest()


def why_wrong(proof: Mapping[str, Any], published: str) -> str | None:
    """What is wrong with a proof, in words; None if the row is in the seal that was published with this hash."""
    try:
        seal = dict(proof["seal"])
        fields = [(str(name), None if value is None else str(value)) for name, value in proof["row"]]
        neighbours = [bytes.fromhex(each) for each in proof["path"]]
        position, claimed = int(proof["position"]), str(seal.pop("hash"))
        computed = seal_hash(**seal)
        reached = root_from(leaf(fields), position, int(seal["size"]), neighbours)
    except (KeyError, TypeError, ValueError):
        return "this is not a proof, or a part of it is missing"
    if proof.get("format") != FORMAT:
        return f"the proof is not of the format {FORMAT}"
    if claimed.lower() != published.strip().lower() or computed != claimed.lower():
        return f"the proof leads to seal {seal.get('number')}, and this is not its published hash"
    if reached is None or reached.hex() != seal["root"]:
        return "the row is not in this seal: it, or its way to the root, was changed"
    return None


def main(arguments: Sequence[str] | None = None) -> int:
    """Check one file against a published seal; 0 if it holds."""
    parser = argparse.ArgumentParser(description="Check that a row is in a published seal.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--seal", required=True, help="the published hash of the seal, 64 characters")
    given = parser.parse_args(arguments)
    try:
        wrong = why_wrong(json.loads(given.file.read_text("utf-8")), given.seal)
    except OSError as error:
        wrong = f"{given.file} cannot be read: {error.strerror}"
    except ValueError:  # no text, or no JSON
        wrong = "this is not a proof, or a part of it is missing"
    sys.stdout.write(f"WRONG: {wrong}\n" if wrong else "OK: the row is in the published seal, unchanged.\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
