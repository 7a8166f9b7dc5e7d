"""Cursor paging, newest first. Ids are UUIDv7: an id is a position in time, the cursor is the last id seen."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute

from app.kernel.db import session
from app.kernel.errors import Invalid

T = TypeVar("T")

DEFAULT_LIMIT, MAX_LIMIT = 20, 100


class CursorUnknown(Invalid):
    """The cursor was not given out by this API."""

    slug = "cursor-unknown"


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of things; `next_cursor` is None on the last."""

    items: Sequence[T]
    next_cursor: str | None


def encode(last: UUID) -> str:
    """The opaque cursor that continues after this id."""
    return base64.urlsafe_b64encode(last.bytes).rstrip(b"=").decode()


def decode(cursor: str) -> UUID:
    """The id behind a cursor. Raises CursorUnknown."""
    try:
        raw = base64.b64decode(cursor.encode("ascii") + b"==", altchars=b"-_", validate=True)
        return UUID(bytes=raw)
    except (ValueError, binascii.Error):
        raise CursorUnknown(fields={"cursor": ["cursor-unknown"]}) from None


def page(
    statement: Select[Any],
    key: InstrumentedAttribute[UUID],
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[Any]:
    """The next `limit` rows of `statement` after `cursor`, ordered by the id column `key`, newest first."""
    if cursor:
        statement = statement.where(key < decode(cursor))
    rows = list(session.scalars(statement.order_by(key.desc()).limit(limit + 1)))
    more = len(rows) > limit
    rows = rows[:limit]
    return Page(rows, encode(getattr(rows[-1], key.key)) if more else None)
