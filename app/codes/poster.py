"""A station's poster on A4: its name, the code, and the host in print, so that a sticker over it gives itself away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING

from app.codes import addresses, drawing
from app.codes.kinds import station as station_kind
from app.kernel.clock import city_day
from app.kernel.i18n import say
from app.places.models import Station

if TYPE_CHECKING:
    from app.kernel.paper import Paper, Size

LEVEL = "Q"  # paper gets dirty; a quarter may be lost
_FONT = "'Noto Sans CJK SC','PingFang SC','Microsoft YaHei','Source Han Sans SC',sans-serif"


@dataclass(frozen=True, slots=True)
class Poster:
    """What a poster says."""

    station_name: str
    number: str
    link: str
    host: str
    made_at: datetime
    lines: tuple[str, ...]


def poster_of(station: Station, version: int, made_at: datetime) -> Poster:
    """What a version of a station's poster says. Printed again, it is the same to the byte while the key is."""
    return Poster(
        station_name=station.name,
        number=f"{station.short_code}-{version}",
        link=station_kind.make(station.short_code, version),
        host=addresses.host(),
        made_at=made_at,
        lines=tuple(say(f"codes.poster-line-{number}") for number in (1, 2, 3)),
    )


def a4_svg(poster: Poster) -> str:
    """The poster as one A4 page (210 × 297 mm); the code is 126 mm wide."""
    data, side = drawing.path(poster.link, LEVEL)
    scale = 126 / side
    lines = "".join(_text(words, 222 + 13 * row, 8) for row, words in enumerate(poster.lines))
    foot = _foot(poster)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="210mm" height="297mm" viewBox="0 0 210 297" role="img">'
        f"<title>{escape(poster.station_name)}</title>"
        '<rect width="210" height="297" fill="#fff"/>'
        f"{_text(say('codes.poster-title'), 34, 14)}{_text(poster.station_name, 56, 11)}"
        f'<g transform="translate(42 74) scale({scale:.6f})" shape-rendering="crispEdges">'
        f'<path d="{data}" fill="#000"/></g>'
        f"{lines}{_text(foot, 276, 5)}</svg>"
    )


def _foot(poster: Poster) -> str:
    return say(
        "codes.poster-foot", host=poster.host, number=poster.number, day=city_day(poster.made_at).isoformat()
    )


def pdf(poster: Poster, size: Size) -> bytes:
    """The poster on A4 or A3, the code 126 or 178 mm wide. Raises GlyphMissing."""
    from app.kernel.paper import Paper

    paper = Paper(title=say("codes.poster-title"), made_at=poster.made_at, size=size, foot="", numbered=False)
    scale = paper.w / 210
    paper.set_auto_page_break(False)
    for words, y, points, bold in (
        (say("codes.poster-title"), 24, 38, True),
        (poster.station_name, 46, 30, False),
        *((line, 214 + 13 * row, 22, False) for row, line in enumerate(poster.lines)),
        (_foot(poster), 272, 13, False),
    ):
        _line(paper, words, y * scale, points * scale, bold)
    matrix, side = drawing.matrix(poster.link, LEVEL), 126 * scale
    paper.modules(matrix, x=(paper.w - side) / 2, y=74 * scale, side_mm=side)
    return paper.bytes()


def _line(paper: Paper, words: str, y: float, points: float, bold: bool) -> None:
    """One centred line, in smaller letters if it would run over the margins."""
    paper.set_font("noto", style="B" if bold else "", size=points)
    words = paper.drawable(words)
    wide = paper.get_string_width(words) / paper.epw
    if wide > 1:
        paper.set_font_size(points / wide)
    paper.set_xy(paper.l_margin, y)
    paper.cell(w=paper.epw, h=10, text=words, align="C")


def _text(words: str, y: int, size: int) -> str:
    """One centred line, narrowed if it would run over the margins."""
    width = sum(size if ord(char) > 0x2E7F else size * 0.58 for char in words)
    fit = ' textLength="186" lengthAdjust="spacingAndGlyphs"' if width > 186 else ""
    return (
        f'<text x="105" y="{y}" font-size="{size}" font-family="{_FONT}" text-anchor="middle" fill="#000"{fit}>'
        f"{escape(words)}</text>"
    )
