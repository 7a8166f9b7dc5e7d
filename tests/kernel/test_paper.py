"""Documents on paper: the same bytes each time, every character drawn or refused by name."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from pypdf import PdfReader

from app.kernel import paper
from app.kernel.paper import FontMissing, GlyphMissing, Paper

AT = datetime(2026, 11, 24, 6, 2, tzinfo=UTC)


def _statement(at: datetime = AT) -> bytes:
    made = Paper(title="月度结算单", made_at=at)
    made.heading("月度结算单")
    made.say("天元路驿站，2026 年 11 月。")
    made.rows(
        ["日期", "奖品"], [[f"第 {n} 天", "矿泉水"] for n in range(80)], widths=[1, 3], aligns=["R", "L"]
    )
    made.modules([[True, False, True], [False, True, True], [True, True, True]], x=150, y=20, side_mm=20)
    made.signatures(["经办人", "复核人"])
    return made.bytes()


def _text(document: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(document)).pages)


def test_it_holds_the_text():
    text = _text(_statement())
    assert "天元路驿站，2026 年 11 月。" in text
    assert "第 79 天" in text
    assert "经办人" in text


def test_it_is_the_same_bytes_each_time():
    assert _statement() == _statement()
    assert _statement() != _statement(AT + timedelta(days=1))


def test_documents_that_are_made_at_the_same_time_share_nothing():
    def begun(text: str) -> Paper:
        made = Paper(title="证书", made_at=AT)
        made.say(text)
        return made

    alone = begun("乙辰").bytes()
    first, second = begun("甲子"), begun("乙辰")
    assert "甲子" in _text(first.bytes())
    assert second.bytes() == alone


def test_a_long_table_repeats_its_header_on_each_page():
    pages = PdfReader(io.BytesIO(_statement())).pages
    assert len(pages) > 1
    assert all("奖品" in page.extract_text() for page in pages if "矿泉水" in page.extract_text())


def test_it_numbers_its_pages():
    assert "3 / 3" in _text(_statement())


@pytest.mark.parametrize("name", ["欧阳·阿不都热合曼", "㐂䶮", "龘", "Anna-Lena"])
def test_it_draws_names_of_every_kind(name: str):
    made = Paper(title="证书", made_at=AT)
    made.say(name)
    assert name in _text(made.bytes())


def test_it_refuses_a_character_no_font_can_draw():
    with pytest.raises(GlyphMissing) as refused:
        Paper(title="证书", made_at=AT).say("王\U0010fffd")
    assert refused.value.facts["code"] == "U+10FFFD"


def test_without_a_font_it_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(paper, "FACES", {"": (), "B": ()})
    with pytest.raises(FontMissing):
        Paper(title="证书", made_at=AT)
