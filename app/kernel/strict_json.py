"""JSON as RFC 8259 means it: no NaN, no duplicate names, no lone surrogates, no NUL, no bottomless nesting."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from app.kernel.errors import BadRequest

MAX_DEPTH = 20
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")  # NUL and surrogates: no database keeps them


class JsonUnreadable(BadRequest):
    """The body is not JSON in the strict sense."""

    slug = "json-unreadable"


def loads(data: bytes) -> Any:
    """Parse strictly. Raises JsonUnreadable."""
    try:
        text = data.decode("utf-8")
        value = json.loads(
            text, parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_no_duplicates
        )
    except (ValueError, RecursionError):
        raise JsonUnreadable from None
    _inspect(value, MAX_DEPTH)
    return value


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate name")
    return found


def _inspect(value: Any, depth: int) -> None:
    if depth < 0:
        raise JsonUnreadable
    if isinstance(value, str):
        if _NO_TEXT.search(value):
            raise JsonUnreadable
    elif isinstance(value, dict):
        for name, item in value.items():
            _inspect(name, depth - 1)
            _inspect(item, depth - 1)
    elif isinstance(value, list):
        for item in value:
            _inspect(item, depth - 1)
