"""Whatever is put in, reading answers with a code or a reason, and never with anything else."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.codes.kinds import personal, station
from tests.codes.make import slug_of

POSTER = "A1B2C3"


def tail() -> str:
    return station.make(POSTER).partition("8000")[2]


@pytest.mark.parametrize(
    "dressed",
    [
        lambda path: f"HTTP://127.0.0.1:8000{path}",
        lambda path: f"http://127.0.0.1:8000{path.lower()}",
        lambda path: f"HTTPS://127.0.0.1:8000{path}",
        lambda path: f"//127.0.0.1:8000{path}",
        lambda path: path,
        lambda path: path.lower(),
        lambda path: f"  {path}\r\n",
        lambda path: f"http://127.0.0.1:8000{path}?from=singlemessage#x",
    ],
)
def test_a_poster_is_read_however_it_is_passed_on(dressed):
    assert slug_of(dressed(tail())) == "station"


@pytest.mark.parametrize(
    "address",
    [
        "http://evil.example",
        "http://127.0.0.1:8000.evil.example",
        "http://127.0.0.1:8000@evil.example",
        "http://evil.example:8000",
        "http://127.0.0.1",
        "http://127.0.0.1:80000",
        "//evil.example",
        "ftp://127.0.0.1:8000",
        "javascript:127.0.0.1:8000",
        "weixin://127.0.0.1:8000",
        "http:/127.0.0.1:8000",
        "http:\\\\127.0.0.1:8000",
    ],
)
def test_a_link_to_another_site_is_foreign_whatever_its_path(address):
    assert slug_of(address + tail()) == "code-foreign"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "8" * 32,
        "8" * 34,
        "9" * 25,
        "7" + "0" * 32,
        "/S/A1B2C3",
        "/S/A1B2C3DDDDDDDDD",
        "/S/A1B2C3ILOUILOU",
        "/s//A1B2C3DDDDDDDD",
        "/X/A1B2C3DDDDDDDD",
        "http://127.0.0.1:8000",
        "http://127.0.0.1:8000/",
        "京A12345",
        "a" * 600,
    ],
)
def test_other_texts_are_none_of_ours(text):
    assert slug_of(text) == "code-format"


def test_digits_of_other_scripts_are_no_digits():
    good = personal.make(key=b"k" * 32, handle="0123456789", step=1)
    arabic = "".join(chr(0x660 + int(digit)) for digit in good)
    wide = "".join(chr(0xFF10 + int(digit)) for digit in good)
    assert arabic.isdigit()
    assert wide.isdecimal()  # which is why only bytes are looked at
    assert slug_of(good) == "personal"
    assert slug_of(arabic) == "code-format"
    assert slug_of(wide) == "personal"  # an input method in full-width mode typed for the gun
    assert slug_of("".join(chr(0x1D7CE + int(digit)) for digit in good)) == "code-format"


def test_truncated_and_lengthened_codes_do_not_pass():
    good = personal.make(key=b"k" * 32, handle="0123456789", step=1)
    assert {slug_of(good[:end]) for end in range(33)} == {"code-format", "code-of-goods"}
    assert (
        slug_of(good + "0")
        == slug_of(good + "\u0660")
        == slug_of(good[:16] + "/" + good[16:])
        == "code-format"
    )


REASONS = {
    "code-format",
    "code-of-goods",
    "code-of-payment",
    "code-foreign",
    "code-checksum",
    "code-forged",
    "code-skew",
}


@settings(max_examples=2_000, deadline=None)
@given(st.text(max_size=600))
def test_any_text_gets_a_reason(text):
    assert slug_of(text) in REASONS


@settings(max_examples=1_000, deadline=None)
@given(st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ/:.?#@%\\ \t-", max_size=80))
def test_texts_of_code_characters_get_a_reason(text):
    assert slug_of(text) in REASONS


def test_many_digit_strings_are_refused():
    chance = random.Random(4)
    for _ in range(30_000):
        length = chance.choice((13, 18, 24, 25, 26, 32, 33))
        text = str(chance.randrange(10**length)).zfill(length)
        if length == 33 and text[0] == "8":
            continue  # of these one in ten has a fitting check digit, and its MAC is judged elsewhere
        assert slug_of(text) in REASONS
