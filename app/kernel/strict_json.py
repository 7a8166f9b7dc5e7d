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
    if text.count("{") + text.count("[") > MAX_DEPTH:
        _measure(value, MAX_DEPTH)
    if (
        "\\u" in text
    ):  # only an escape brings in what is no text: the bytes are UTF-8, and a bare NUL was refused
        _inspect_texts(value)
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


def _measure(value: Any, depth: int) -> None:
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return
    if depth < 1:
        raise JsonUnreadable
    for item in value:
        if isinstance(item, dict | list):
            _measure(item, depth - 1)


def _inspect_texts(value: Any) -> None:
    if isinstance(value, str):
        if _NO_TEXT.search(value):
            raise JsonUnreadable
    elif isinstance(value, dict):
        for name, item in value.items():
            _inspect_texts(name)
            _inspect_texts(item)
    elif isinstance(value, list):
        for item in value:
            _inspect_texts(item)
