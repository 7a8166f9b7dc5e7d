"""Guns of every habit, input methods and thumbs: the code comes out, and nothing else becomes one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.codes import dressed, reading
from app.codes.kinds import personal, station, voucher
from tests.codes.make import slug_of

DIGITS = personal.make(key=b"k" * 32, handle="0123456789", step=59_486_164)


def wide(text: str) -> str:
    return "".join(chr(ord(each) + 0xFEE0) if 0x21 <= ord(each) <= 0x7E else each for each in text)


HABITS = {
    "enter": lambda text: f"{text}\r",
    "cr lf": lambda text: f"{text}\r\n",
    "tab": lambda text: f"{text}\t",
    "stx etx": lambda text: f"\x02{text}\x03",
    "gs": lambda text: f"\x1d{text}",
    "byte order mark": lambda text: f"\ufeff{text}",
    "aim qr": lambda text: f"]Q1{text}",
    "aim code 128": lambda text: f"]C0{text}",
    "symbol prefix": lambda text: f"#{text}",
    "full width": wide,
    "twice in two lines": lambda text: f"{text}\r\n{text}\r\n",
    "twice by tab": lambda text: f"{text}\t{text}\t",
    "twice without a break": lambda text: text + text,
    "blanks": lambda text: f"   {text} ",
}
DIGIT_HABITS = {
    "groups": lambda text: " ".join(text[start : start + 4] for start in range(0, len(text), 4)),
    "dashes": lambda text: "-".join(text[start : start + 4] for start in range(0, len(text), 4)),
    "letter before": lambda text: f"A{text}",
    "words around": lambda text: f"QR:{text}#",
    "suffix": lambda text: f"{text};",
}


@pytest.mark.parametrize("habit", HABITS)
@pytest.mark.parametrize("kind", ["personal", "voucher", "station"])
def test_a_code_is_read_through_every_habit(habit, kind):
    codes = {"personal": DIGITS, "voucher": voucher.make("1234567890123"), "station": station.make("A1B2C3")}
    assert slug_of(HABITS[habit](codes[kind])) == kind


@pytest.mark.parametrize("habit", DIGIT_HABITS)
def test_digits_are_read_through_more_habits(habit):
    assert slug_of(DIGIT_HABITS[habit](DIGITS)) == "personal"
    assert slug_of(DIGIT_HABITS[habit](voucher.make("1234567890123"))) == "voucher"


@pytest.mark.parametrize(
    "text",
    [
        DIGITS + "\n" + DIGITS[::-1],  # two different codes in one breath
        "1" + DIGITS,
        DIGITS + "1",
        "ABCDE" + DIGITS,
        DIGITS[:20] + "\n" + DIGITS[20:],
        DIGITS[:20] + "." + DIGITS[20:],
    ],
)
def test_what_is_not_one_whole_code_is_refused(text):
    assert slug_of(text) == "code-format"


def test_a_prefix_never_hides_another_address():
    tail = station.make("A1B2C3").partition("8000")[2]
    for text in (
        f"#http://evil.example{tail}",
        f"javascript:http://127.0.0.1:8000{tail}",
        f"]Q1//evil.example{tail}",
    ):
        assert slug_of(text) == "code-foreign"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("6901234567892", "code-of-goods"),
        ("96385074", "code-of-goods"),
        ("134567890123456789", "code-of-payment"),
        ("281234567890123456", "code-of-payment"),
        ("281234567890123456789012", "code-of-payment"),
    ],
)
def test_what_else_lies_on_a_counter_gets_its_own_words(text, said):
    assert slug_of(text) == said


@settings(max_examples=2_000, deadline=None)
@given(st.text(max_size=120))
def test_undressing_never_adds_a_digit_and_is_done_in_one_go(text):
    once = dressed.bare(text)
    assert len(once) <= len(text)
    assert sum(each.isascii() and each.isdigit() for each in once) <= sum(
        each in "0123456789０１２３４５６７８９" for each in text
    )


@settings(max_examples=500, deadline=None)
@given(st.sampled_from([*HABITS.values()]), st.sampled_from([*DIGIT_HABITS.values(), *HABITS.values()]))
def test_two_habits_together_never_make_another_code(first, second):
    dressed_up = second(first(DIGITS))
    if slug_of(dressed_up) == "personal":
        assert reading.canonical_of(dressed_up) == DIGITS
