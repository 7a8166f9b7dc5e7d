"""Identifiers: UUIDv7 (RFC 9562), so that ids sort by time and need no shared counter."""

from __future__ import annotations

import threading
from datetime import datetime
from uuid import UUID

from app.kernel import clock, randomness

_lock = threading.Lock()
_last = 0
BORROWED_MS = 1000  # a clock that goes back further is a virtual one; its ids follow it


def new_id() -> UUID:
    """A new UUIDv7; ids of one process strictly increase, even within a millisecond or when the clock stutters."""
    global _last
    millis = int(clock.now().timestamp() * 1000) & 0xFFFF_FFFF_FFFF
    chance = int.from_bytes(randomness.token_bytes(10), "big")
    with _lock:
        stamp = (millis << 12) | (chance >> 68)
        if stamp <= _last and (_last - stamp) >> 12 < BORROWED_MS:
            stamp = _last + 1  # more ids than a millisecond holds borrow from the next ones
        _last = stamp
    value = (stamp >> 12) << 80 | 0x7 << 76 | (stamp & 0xFFF) << 64 | 0b10 << 62 | (chance & (1 << 62) - 1)
    return UUID(int=value)


def newest() -> int:
    """Where this process is, for `begin_anew`."""
    return _last


def begin_anew(after: int = 0) -> None:
    """Know of no id that was made before, like a process that has just started; or of none made `after` a moment."""
    global _last
    with _lock:
        _last = after


def first_id_at(at: datetime) -> UUID:
    """An id that sorts before every id made at this time or later."""
    return UUID(int=int(at.timestamp() * 1000) << 80)
