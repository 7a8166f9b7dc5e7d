"""What is read of a font only when asked for is what fontTools reads of it at once."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

from app.kernel import paper
from app.kernel.glyphs import read_late
from app.kernel.paper import Paper

NAMES = [".notdef", "wide", "narrow", "also-narrow", "narrow-too"]


def _few_widths() -> bytes:
    """A font whose last glyphs share a width, which is then written once."""
    made = FontBuilder(1000)
    made.setupGlyphOrder(NAMES)
    made.setupCharacterMap({ord("a") + at: name for at, name in enumerate(NAMES)})
    pen = TTGlyphPen(None)
    for point in ((0, 0), (500, 0), (250, 700)):
        (pen.lineTo if pen.points else pen.moveTo)(point)
    pen.closePath()
    made.setupGlyf({name: pen.glyph() for name in NAMES[:-1]} | {NAMES[-1]: TTGlyphPen(None).glyph()})
    made.setupHorizontalMetrics({name: (900 if at < 2 else 500, at * 7) for at, name in enumerate(NAMES)})
    made.setupHorizontalHeader()
    made.setupVerticalMetrics({name: (1000, 100 + at) for at, name in enumerate(NAMES)})
    made.setupVerticalHeader()
    made.setupPost()
    kept = io.BytesIO()
    made.save(kept)
    return kept.getvalue()


def _fonts() -> list[bytes]:
    return [_few_widths(), paper._there("")[0].file.read_bytes()]


def _opened(data: bytes) -> TTFont:
    return TTFont(io.BytesIO(data), lazy=True, fontNumber=0)


@pytest.mark.parametrize("which", [0, 1])
def test_every_glyph_and_every_metric_is_what_it_is_in_the_file(which: int) -> None:
    data = _fonts()[which]
    late, whole = read_late(_opened(data)), _opened(data)
    for tag in {"hmtx", "vmtx"} & set(whole.keys()):
        assert late[tag].metrics == whole[tag].metrics
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
