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


@pytest.mark.parametrize(("widths", "share"), [([1, 3], 1 / 4), (None, 1 / 2)])
def test_columns_are_as_wide_as_their_shares_and_alike_without(widths: list[float] | None, share: float):
    made = Paper(title="表", made_at=AT)
    made.rows(["日期", "奖品"], [["第一天", "矿泉水"]], widths=widths)
    places: dict[str, float] = {}

    def note(text: str, _cm: object, at: list[float], *_: object) -> None:
        places[text.strip()] = at[4] * 25.4 / 72

    PdfReader(io.BytesIO(made.bytes())).pages[0].extract_text(visitor_text=note)
    assert places["第一天"] == pytest.approx(18 + 1.2, abs=0.1)
    assert places["矿泉水"] == pytest.approx(18 + share * (210 - 2 * 18) + 1.2, abs=0.1)


def test_a_code_is_drawn_module_for_module_without_seams(monkeypatch: pytest.MonkeyPatch):
    made, drawn = Paper(title="码", made_at=AT), []
    monkeypatch.setattr(made, "rect", lambda *box, style: drawn.append(box))
    made.modules([[True, False, True], [False, True, True], [True, True, True]], x=150, y=20, side_mm=30)
    assert [tuple(round(each, 1) for each in box) for box in drawn] == [
        (150, 20, 10, 10),
        (170, 20, 10, 10),
        (160, 30, 20, 10),
        (150, 40, 30, 10),
    ]
    assert all(0 < side % 10 < 0.1 for box in drawn for side in box[2:])


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


def test_pictures_among_letters_are_left_out_and_a_name_of_nothing_else_is_refused():
    made = Paper(title="最美骑手😀", made_at=AT)
    made.say("最美👍🏽骑手❤️，一家👨‍👩‍👧三口")
    assert "最美骑手，一家三口" in _text(made.bytes()).replace("❤", "")
    with pytest.raises(GlyphMissing):
        made.say(" 😀👍 ")


def test_without_a_font_it_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(paper, "FACES", {"": (), "B": ()})
    with pytest.raises(FontMissing):
        Paper(title="证书", made_at=AT)
