"""Where each credential says whether it still holds: a place in a Bitstring Status List (W3C), one list for very many.

Whoever verifies fetches a whole list and looks at one bit, so nobody here learns whose credential is looked at. Places
are drawn by chance, so that neighbours in a list have nothing to do with each other.
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterator

from sqlalchemy import func, select

from app.honours.models import STATUS_BITS, Honour
from app.kernel import randomness
from app.kernel.db import session

HELD = STATUS_BITS // 2  # then the next list begins: half of a list is free, so that a place is found quickly


def places(count: int) -> Iterator[tuple[int, int]]:
    """Free places for so many honours. Two at once: the unique index lets one pass."""
    held = session.scalar(select(func.count()).select_from(Honour)) or 0
    number, taken = -1, set[int]()
    for nth in range(held, held + count):
        if nth // HELD != number:
            number = nth // HELD
            taken = set(session.scalars(select(Honour.status_index).where(Honour.status_list == number)))
        while (index := randomness.below(STATUS_BITS)) in taken:
            pass
        taken.add(index)
        yield number, index


def newest_list() -> int:
    """The number of the last list that anybody has a place in; the first is always there."""
    return session.scalar(select(func.max(Honour.status_list))) or 0


def encoded(number: int) -> str:
    """The bits of a list as the standard writes them: a set bit was taken back. The first place is the leftmost bit."""
    bits = bytearray(STATUS_BITS // 8)
    revoked = select(Honour.status_index).where(Honour.status_list == number, Honour.revoked_at.is_not(None))
    for index in session.scalars(revoked):
        assert index is not None
        bits[index // 8] |= 0x80 >> index % 8
    packed = gzip.compress(bytes(bits), mtime=0)
    return "u" + base64.urlsafe_b64encode(packed).rstrip(b"=").decode("ascii")
