"""Which errors of the database pass: the same unit of work, run again, may well succeed."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, OperationalError

# serialization failure, deadlock, lock not to be had; server stops, crashed, starts; disk full, too many connections
TRANSIENT = frozenset({"40001", "40P01", "55P03", "57P01", "57P02", "57P03", "53100", "53300"})


def is_transient(error: DBAPIError) -> bool:
    """Whether running the whole unit of work again may help."""
    state = getattr(error.orig, "sqlstate", None)
    if state in TRANSIENT or error.connection_invalidated:
        return True
    return isinstance(error, OperationalError) and (
        "locked" in str(error.orig) or (state is None and _lost(error))
    )


def _lost(error: DBAPIError) -> bool:
    words = str(error.orig)
    return "connection" in words or "disk I/O" in words or "disk is full" in words
