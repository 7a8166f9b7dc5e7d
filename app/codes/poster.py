"""A station's poster on A4: its name, the code, and the host in print, so that a sticker over it gives itself away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from html import escape

from app.codes import addresses, drawing
from app.codes.kinds import station as station_kind
from app.kernel.clock import city_day
from app.kernel.i18n import say
from app.places.models import Station

LEVEL = "Q"  # paper gets dirty; a quarter may be lost
_FONT = "'Noto Sans CJK SC','PingFang SC','Microsoft YaHei','Source Han Sans SC',sans-serif"


@dataclass(frozen=True, slots=True)
class Poster:
    """What a poster says."""

    station_name: str
    short_code: str
    link: str
    host: str
    printed_on: date
    lines: tuple[str, ...]


def poster_of(station: Station, *, at: datetime) -> Poster:
    """The poster of a station, printed today."""
    return Poster(
        station_name=station.name,
        short_code=station.short_code,
        link=station_kind.make(station.short_code),
        host=addresses.host(),
        printed_on=city_day(at),
        lines=tuple(say(f"codes.poster-line-{number}") for number in (1, 2, 3)),
    )


def a4_svg(poster: Poster) -> str:
    """The poster as one A4 page (210 × 297 mm); the code is 126 mm wide."""
    data, side = drawing.path(poster.link, LEVEL)
    scale = 126 / side
    lines = "".join(_text(words, 222 + 13 * row, 8) for row, words in enumerate(poster.lines))
    foot = say(
        "codes.poster-foot", host=poster.host, short_code=poster.short_code, day=poster.printed_on.isoformat()
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="210mm" height="297mm" viewBox="0 0 210 297" role="img">'
        f"<title>{escape(poster.station_name)}</title>"
        '<rect width="210" height="297" fill="#fff"/>'
        f"{_text(say('codes.poster-title'), 34, 14)}{_text(poster.station_name, 56, 11)}"
        f'<g transform="translate(42 74) scale({scale:.6f})" shape-rendering="crispEdges">'
        f'<path d="{data}" fill="#000"/></g>'
        f"{lines}{_text(foot, 276, 5)}</svg>"
    )


def _text(words: str, y: int, size: int) -> str:
    """One centred line, narrowed if it would run over the margins."""
    width = sum(size if ord(char) > 0x2E7F else size * 0.58 for char in words)
    fit = ' textLength="186" lengthAdjust="spacingAndGlyphs"' if width > 186 else ""
    return (
        f'<text x="105" y="{y}" font-size="{size}" font-family="{_FONT}" text-anchor="middle" fill="#000"{fit}>'
        f"{escape(words)}</text>"
    )
