"""Paper: PDF documents in Chinese and English, the same bytes each time they are made.

Letters come from Noto Sans SC (by npm) or, without Node, from the Noto CJK fonts of the system; a letter that no font
can draw is refused by name, because a blank in a certificate is worse than none. Little pictures that people put into
titles and reasons are left out instead: what was signed cannot be written anew, and its paper would never be made.

Brought in by whoever makes one, when it is made: what draws and cuts letters takes as long to read in as a quarter of
the product.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from copy import copy
from datetime import datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Literal, NamedTuple

from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.enums import WrapMode, XPos, YPos
from fpdf.fonts import SubsetMap, TTFFont

from app.kernel.clock import CITY
from app.kernel.errors import Invalid, Unavailable
from app.kernel.glyphs import read_late

Size = Literal["A3", "A4", "A5"]
Align = Literal["L", "C", "R"]

VENDORED = Path(__file__).resolve().parent.parent / "web" / "static" / "vendor" / "noto"
SYSTEM = Path("/usr/share/fonts/opentype/noto")
SIMPLIFIED = 2  # the face of Simplified Chinese in the system's collection
# What outlines are drawn from (ISO 32000-2, 9.9.1): in a document a letter is named by its number, so the tables that
# tell which letter is meant, or how it is set, only make it larger and take half of the time.
DRAWN_FROM = frozenset(("head", "hhea", "maxp", "hmtx", "loca", "glyf", "cvt ", "fpgm", "prep", "CFF "))
MARGIN_MM = 18.0
LINE = 1.5
BODY_PT = 10.5


class GlyphMissing(Invalid):
    """No font here can draw a character of the text."""

    slug = "glyph-missing"


class FontMissing(Unavailable):
    """There is no Chinese font on this machine."""

    slug = "font-missing"


class Face(NamedTuple):
    """A font file and which face of it."""

    file: Path
    number: int | None


FACES: dict[str, tuple[Face, ...]] = {
    "": (
        Face(VENDORED / "NotoSansSC-Regular.ttf", None),
        Face(SYSTEM / "NotoSansCJK-Regular.ttc", SIMPLIFIED),
    ),
    "B": (Face(VENDORED / "NotoSansSC-Bold.ttf", None), Face(SYSTEM / "NotoSansCJK-Bold.ttc", SIMPLIFIED)),
}


class Paper(FPDF):
    """A document that flows from top to bottom, with its title and page numbers in the foot.

    Lengths are millimetres, letters points. Everything else that fpdf2 offers is there for the rare special page.
    """

    def __init__(
        self,
        *,
        title: str,
        made_at: datetime,
        size: Size = "A4",
        landscape: bool = False,
        foot: str | None = None,
        numbered: bool = True,
        by_word: bool = False,
    ) -> None:
        super().__init__(orientation="landscape" if landscape else "portrait", unit="mm", format=size)
        self.foot = title if foot is None else foot
        self.numbered = numbered
        self.wrap = WrapMode.WORD if by_word else WrapMode.CHAR  # Chinese breaks anywhere
        self.set_title(title)
        self.set_producer("Fengxing")
        self.set_creation_date(made_at.astimezone(CITY))
        self.set_margin(MARGIN_MM)
        self.set_auto_page_break(auto=True, margin=MARGIN_MM)
        self.has_rare = False  # they are loaded for whoever needs them: that takes as long as all the rest
        _give_fonts(self, "noto")
        self.add_page()

    def footer(self) -> None:
        """fpdf2 calls this at the end of each page."""
        self.set_y(-MARGIN_MM + 5)
        self.set_font("noto", size=8)
        self.set_text_color(110)
        if self.foot:
            self.cell(w=self.epw * 0.8, text=self.drawable(self.foot))
        if self.numbered:
            self.set_x(-MARGIN_MM - 30)
            self.cell(w=30, align="R", text=f"{self.page_no()} / {{nb}}")
        self.set_text_color(0)

    def heading(self, text: str, *, level: int = 1, align: Align = "L") -> None:
        """A heading of level 1 to 3."""
        self.say(text, size_pt={1: 18, 2: 13.5}.get(level, 11.5), bold=True, align=align)
        self.ln(2)

    def say(
        self,
        text: str,
        *,
        size_pt: float = BODY_PT,
        bold: bool = False,
        align: Align = "L",
        after_mm: float = 1,
    ) -> None:
        """A paragraph that breaks by itself. Raises GlyphMissing."""
        self.set_font("noto", style="B" if bold else "", size=size_pt)
        self.multi_cell(
            w=0,
            h=size_pt * LINE / self.k,
            text=self.drawable(text),
            align=align,
            wrapmode=self.wrap,
            new_x=XPos.LMARGIN,
            new_y=YPos.NEXT,
        )
        self.ln(after_mm)

    def rows(
        self,
        header: Sequence[str],
        rows: Iterable[Sequence[str]],
        *,
        widths: Sequence[float] | None = None,
        aligns: Sequence[Align] | None = None,
        size_pt: float = 9,
    ) -> None:
        """A table whose header stands again on each page; `widths` are shares. Raises GlyphMissing."""
        self.set_font("noto", size=size_pt)
        with self.table(
            col_widths=None if widths is None else tuple(widths),
            text_align=tuple(aligns) if aligns else "LEFT",
            line_height=size_pt * LINE / self.k,
            padding=(0.8, 1.2),
            wrapmode=self.wrap,
        ) as table:
            for cells in (header, *rows):
                row = table.row()
                for cell in cells:
                    row.cell(self.drawable(str(cell)))
        self.ln(3)

    def modules(self, matrix: Sequence[Sequence[bool]], *, x: float, y: float, side_mm: float) -> None:
        """A matrix code with its own quiet zone left to the caller: dark modules as squares of ink."""
        step = side_mm / len(matrix)
        self.set_fill_color(0)
        for row_number, row in enumerate(matrix):
            for first, length in _runs(row):
                # A hair wider than it is, so that no white seam shows between two modules.
                self.rect(
                    x + first * step, y + row_number * step, length * step + 0.01, step + 0.01, style="F"
                )

    def signatures(self, labels: Sequence[str]) -> None:
        """Lines to sign on, side by side."""
        self.ln(14)
        self.set_font("noto", size=BODY_PT)
        width = self.epw / len(labels)
        for label in labels:
            self.cell(w=width, h=8, text=f"{self.drawable(label)} ________________")
        self.ln(12)

    def drawable(self, text: str) -> str:
        """The text as `must_be_drawable`, with the fonts at hand that draw it: rare characters take their own."""
        text = must_be_drawable(text)
        if not self.has_rare and not _common().issuperset(map(ord, text)):
            self.has_rare = _give_fonts(self, "rare")
        return text

    def bytes(self) -> bytes:
        """The document. The same calls give the same bytes."""
        return bytes(self.output())


def must_be_drawable(text: str) -> str:
    """The text without the pictures that no font here can draw.

    Raises GlyphMissing with the first letter that none can draw, or where nothing but pictures was written.
    """
    drawable = _drawable()
    missing = [character for character in text if ord(character) not in drawable]
    if not missing:
        return text
    left = "".join(character for character in text if character not in missing)
    lost = next(
        (each for each in missing if not _is_of_a_picture(each)), None if left.strip() else missing[0]
    )
    if lost is not None:
        raise GlyphMissing(character=lost, code=f"U+{ord(lost):04X}")
    return left


def _is_of_a_picture(character: str) -> bool:
    """A picture, its colour of skin, or what joins two into one (U+200D, U+20E3, U+FE0F and the tags of flags)."""
    joins = character in "\u200d\u20e3\ufe0e\ufe0f" or 0xE0020 <= ord(character) <= 0xE007F
    return joins or unicodedata.category(character) in ("So", "Sk")


@cache
def _drawable() -> frozenset[int]:
    return frozenset(map(ord, "\n\t")).union(*map(_glyphs_of, _there("")))


@cache
def _common() -> frozenset[int]:
    """What the first font draws, besides the ends of lines."""
    return _glyphs_of(_there("")[0]) | {ord("\n"), ord("\t")}


def _glyphs_of(face: Face) -> frozenset[int]:
    with TTFont(face.file, fontNumber=-1 if face.number is None else face.number, lazy=True) as font:
        return frozenset(font.getBestCmap())


def _there(style: str) -> list[Face]:
    return [face for face in FACES[style] if face.file.is_file()]


def _give_fonts(paper: FPDF, family: Literal["noto", "rare"]) -> bool:
    """The first font that is there, or the one behind it."""
    if not _there("") or not _there("B"):
        raise FontMissing
    place = ("noto", "rare").index(family)
    for style in FACES:
        for face in _there(style)[place : place + 1]:
            _lend(paper, face, family, style)
    if family == "rare" and len(_there("")) > 1:
        paper.set_fallback_fonts(["rare"], exact_match=False)
    return True


def _lend(paper: FPDF, face: Face, family: str, style: str) -> None:
    """What is known of the font, and a file of its own: at its end the document cuts that down to what it has used.

    The file is read into memory, so that a document which is never finished leaves none open.
    """
    known = _known(face, family, style)
    font: Any = copy(known.font)
    font.i, font.missing_glyphs = len(paper.fonts) + 1, []
    font.ttfont = _outlines(face, known.glyphs)
    font.subset = SubsetMap(font)
    paper.fonts[font.fontkey] = font
    paper.pdf_version = max(paper.pdf_version, known.pdf_version)


class Known(NamedTuple):
    """What fpdf2 finds out about a font, the names of its glyphs, and the version of PDF that it needs."""

    font: TTFFont
    glyphs: tuple[str, ...]
    pdf_version: str


@cache
def _known(face: Face, family: str, style: str) -> Known:
    """To find it out takes as long as all the rest of a document, so it is done once."""
    first = FPDF()
    number = {} if face.number is None else {"collection_font_number": face.number}
    first.add_font(family, style=style, fname=face.file, **number)  # type: ignore[arg-type]
    font: Any = first.fonts[family + style]
    with font.ttfont as file:
        glyphs = tuple(file.getGlyphOrder())
    font.ttfont = font.subset = None  # each document has its own
    return Known(font, glyphs, first.pdf_version)


def _outlines(face: Face, glyphs: tuple[str, ...]) -> TTFont:
    """The font's file, of which only what is drawn from is kept, as it is: nothing is measured again."""
    number, file = 0 if face.number is None else face.number, BytesIO(face.file.read_bytes())
    font = TTFont(file, recalcTimestamp=False, recalcBBoxes=False, fontNumber=number, lazy=True)
    for tag in set(font.reader.keys()) - DRAWN_FROM:
        del font[tag]
    font.setGlyphOrder(list(glyphs))
    return read_late(font)


def _runs(row: Sequence[bool]) -> Iterable[tuple[int, int]]:
    """(first, length) of each stretch of dark modules."""
    first = None
    for place, dark in enumerate((*row, False)):
        if dark and first is None:
            first = place
        elif not dark and first is not None:
            yield first, place - first
            first = None
