"""Tables for the terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def lines(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows with their columns lined up; wide characters count twice."""
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
