"""A large font of which little is needed: glyphs and widths are read when asked for, not all thirty thousand first.

What comes out is what fontTools reads by itself; tests/kernel/test_glyphs.py holds it against that.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from fontTools.ttLib import TTFont, newTable
from fontTools.ttLib.tables._g_l_y_f import Glyph

T = TypeVar("T")

LONG, SHORT = struct.Struct(">Hh"), struct.Struct(">h")  # width and bearing of a glyph; its bearing alone


class OnDemand(Mapping[str, T]):
    """Something for each glyph by its name, read anew each time from where it stands."""

    def __init__(self, places: Mapping[str, int], read: Callable[[int], T]) -> None:
        self._places, self._read = places, read

    def __getitem__(self, name: str) -> T:
        return self._read(self._places[name])

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def read_late(font: TTFont) -> TTFont:
    """The same font, its glyphs and their widths unread. The order of its glyphs has to be known to it."""
    places = font.getReverseGlyphMap()
    if "glyf" in font:
        _glyphs_late(font, places)
    _widths_late(font, places)
    return font


def _glyphs_late(font: TTFont, places: Mapping[str, int]) -> None:
    table: Any = newTable("glyf")
    reader: Any = font.reader
    data, ends = reader["glyf"], font["loca"]
    table.setGlyphOrder(font.getGlyphOrder())
    table.glyphs = OnDemand(places, lambda place: Glyph(data[int(ends[place]) : int(ends[place + 1])]))
    font["glyf"] = table


def _widths_late(font: TTFont, places: Mapping[str, int]) -> None:
    """The first so many have a width each, the others that of the last of these."""
    table: Any = newTable("hmtx")
    reader: Any = font.reader
    data, long = reader["hmtx"], font["hhea"].numberOfHMetrics

    def read(place: int) -> tuple[int, int]:
        if place < long:
            width, bearing = LONG.unpack_from(data, LONG.size * place)
            return width, bearing
        (bearing,) = SHORT.unpack_from(data, LONG.size * long + SHORT.size * (place - long))
        return LONG.unpack_from(data, LONG.size * (long - 1))[0], bearing

    table.metrics = OnDemand(places, read)
    font["hmtx"] = table
