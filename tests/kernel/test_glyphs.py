"""What is read of a font only when asked for is what fontTools reads of it at once."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._g_l_y_f import Glyph
from pypdf import PageObject, PdfReader

from app.kernel import paper
from app.kernel.glyphs import read_late
from app.kernel.paper import Face, Paper

NAMES = [".notdef", "wide", "narrow", "also-narrow", "narrow-too", "left-out", "as-narrow", "smaller"]
DRAWN = "h"  # the last, which is made of the one before: a document leaves out some of those between


def _few_widths() -> bytes:
    """A font whose last glyphs share a width, which is then written once; one of them is another, smaller."""
    made = FontBuilder(1000)
    made.setupGlyphOrder(NAMES)
    made.setupCharacterMap({ord("a") + at: name for at, name in enumerate(NAMES)})
    glyphs = {name: _triangle(700 + at) for at, name in enumerate(NAMES[:-1])}
    smaller = TTGlyphPen(glyphs)
    smaller.addComponent("as-narrow", (0.5, 0, 0, 0.5, 10, 20))
    made.setupGlyf(glyphs | {NAMES[-1]: smaller.glyph()})
    made.setupHorizontalMetrics({name: (900 if at < 2 else 500, at * 7) for at, name in enumerate(NAMES)})
    made.setupHorizontalHeader()
    made.setupPost()
    made.setupOS2()
    made.setupNameTable({"familyName": "Few", "styleName": "Regular", "psName": "Few"})
    kept = io.BytesIO()
    made.save(kept)
    return kept.getvalue()


def _triangle(height: int) -> Glyph:
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    pen.lineTo((500, 0))
    pen.lineTo((250, height))
    pen.closePath()
    return pen.glyph()


def _fonts() -> list[bytes]:
    return [_few_widths(), paper._there("")[0].file.read_bytes()]


def _opened(data: bytes) -> TTFont:
    return TTFont(io.BytesIO(data), lazy=True, fontNumber=0)


@pytest.mark.parametrize("which", [0, 1])
def test_every_glyph_and_every_metric_is_what_it_is_in_the_file(which: int) -> None:
    data = _fonts()[which]
    late, whole = read_late(_opened(data)), _opened(data)
    assert late["hmtx"].metrics == whole["hmtx"].metrics
    if "glyf" in whole:  # the system's own font has outlines of another kind
        assert len(late["glyf"].glyphs) == len(whole["glyf"].glyphs)
        for name, glyph in whole["glyf"].glyphs.items():
            assert vars(late["glyf"].glyphs[name]) == vars(glyph), name
    assert "nobody" not in late["hmtx"].metrics


def test_a_document_is_the_same_bytes_whichever_way_its_fonts_were_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def made() -> bytes:
        document = Paper(title="证书 é½", made_at=datetime(2026, 11, 24, tzinfo=UTC))
        document.say("凤行 Fengxing：欧阳甲东，二〇二六年。Ünïcödé 1½", bold=True)
        return document.bytes()

    late = made()
    monkeypatch.setattr(paper, "read_late", lambda font: font)
    assert made() == late


def test_a_document_draws_each_letter_as_its_font_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "few.ttf"
    file.write_bytes(_few_widths())
    monkeypatch.setattr(paper, "FACES", {"": (Face(file, None),), "B": (Face(file, None),)})
    monkeypatch.setattr(paper, "must_be_drawable", str)
    document = Paper(title="", made_at=datetime(2026, 11, 24, tzinfo=UTC), numbered=False)
    document.has_rare = True
    document.say(DRAWN)
    whole, drawn = TTFont(file), _embedded(PdfReader(io.BytesIO(document.bytes())).pages[0])
    assert _outline(whole, whole.getBestCmap()[ord(DRAWN)]) in drawn


def _embedded(page: PageObject) -> list[object]:
    """What is drawn of each letter by the font that a document carries; it is cut down to what draws."""
    fonts: Any = page["/Resources"]["/Font"]  # type: ignore[index]
    (data,) = {
        each["/DescendantFonts"][0]["/FontDescriptor"]["/FontFile2"].get_data() for each in fonts.values()
    }
    font = TTFont(io.BytesIO(data))
    assert set(font.reader.keys()) <= paper.DRAWN_FROM
    assert len(font.getGlyphOrder()) < len(NAMES)
    return [_outline(font, name) for name in font.getGlyphOrder()]


def _outline(font: TTFont, name: str) -> object:
    """Its lines and its width."""
    glyphs = font.getGlyphSet()
    pen = DecomposingRecordingPen(glyphs)
    glyphs[name].draw(pen)
    return str(pen.value), glyphs[name].width
