"""Reading the next part of something long while the last one is worked on: the database and we take turns no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from flask import current_app

from app.kernel.db import in_transaction

T = TypeVar("T")


def read_ahead(read: Callable[[], T | None]) -> Iterator[T]:
    """What `read` finds time after time, until it finds nothing; each time in a unit of work of its own."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 -- Flask's own way

    def found() -> T | None:
        with app.app_context():
            return in_transaction(read, write=False)

    with ThreadPoolExecutor(1) as reader:
        ahead = reader.submit(found)
        while (part := ahead.result()) is not None:
            ahead = reader.submit(found)
            yield part
