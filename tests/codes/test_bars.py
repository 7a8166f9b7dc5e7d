"""Code 128 for old guns: the digits come back, and the phone draws what the server draws."""

from __future__ import annotations

import re

import pytest
import zxingcpp
from PIL import Image

from app.codes import bars
from app.codes.kinds import personal
from bench import zbar


def drawn(digits: str, scale: int = 3) -> Image.Image:
    """The SVG's bars as pixels."""
    page = bars.svg(digits)
    side = int(re.search(r'viewBox="0 0 (\d+)', page)[1])  # type: ignore[index]
    image = Image.new("L", (side * scale, bars.HEIGHT), 255)
    for x, width in re.findall(r"M(\d+) 0h(\d+)v", page):
        image.paste(0, (int(x) * scale, 0, (int(x) + int(width)) * scale, bars.HEIGHT))
    return image


@pytest.mark.parametrize("digits", [f"{n:02d}{99 - n:02d}{n * 7 % 100:02d}" for n in range(100)])
def test_every_pair_of_digits_is_read_by_two_decoders(digits):
    image = drawn(digits)
    assert [each.text for each in zxingcpp.read_barcodes(image)] == [digits]
    assert zbar.read(image) == [digits]


def test_a_riders_code_is_233_modules_and_read():
    digits = personal.make(key=bytes(range(32)), handle="0123456789", step=59_486_164)
    image = drawn(digits)
    assert image.width == (233 + 2 * bars.QUIET) * 3
    assert [each.text for each in zxingcpp.read_barcodes(image)] == [digits]
    assert "style" not in bars.svg(digits)
