"""Batches, and what the planner should know after a bulk load; the rows themselves go in by `app.kernel.bulk`.

What lies in the tables afterwards was let in by the same guards as a request's rows, and `flask ledger verify` agrees
(the runs ask it).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from sqlalchemy import text

from app.kernel.bulk import insert_many as load
from app.kernel.db import session

__all__ = ["analyze", "batches", "load"]
T = TypeVar("T")


def batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """These items, so many at a time."""
    for first in range(0, len(items), size):
        yield items[first : first + size]


def analyze() -> None:
    """Let the planner know how large the tables have become, as a server's own housekeeping does after a while."""
    session.execute(text("ANALYZE"))
