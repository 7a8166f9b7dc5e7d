"""The same picture is alike however it was saved; another one is not, and a dark one is like none."""

from __future__ import annotations

import io
from itertools import combinations

import pytest
from PIL import Image, ImageEnhance

from app.media.cleaning import clean
from app.media.likeness import ALIKE_BITS, BANDS, BITS, bands, differing, likeness
from tests.media import make


def look(image: Image.Image) -> str:
    found = likeness(image)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "changed",
    [
        lambda image: image.resize((320, 240)),
        lambda image: image.resize((1280, 960)),
        lambda image: Image.open(io.BytesIO(make.encoded(image, quality=30))),
        lambda image: ImageEnhance.Brightness(image).enhance(1.2),
        lambda image: image.convert("L"),
        lambda image: image.crop((4, 3, 636, 477)),
    ],
    ids=["smaller", "larger", "saved again", "lighter", "grey", "a rim cut off"],
)
def test_the_same_picture_is_alike_however_it_was_saved(changed):
    for number in range(20):
        original = make.scene(number)
        assert differing(look(original), look(changed(original))) <= ALIKE_BITS


def test_pictures_of_different_things_are_not_alike():
    looks = [look(make.scene(number)) for number in range(100)]
    assert min(differing(one, other) for one, other in combinations(looks, 2)) > 3 * ALIKE_BITS


def test_it_looks_across_and_down():
    darker_below = Image.linear_gradient("L")
    for picture in (darker_below, darker_below.transpose(Image.Transpose.ROTATE_90)):
        turned = picture.transpose(Image.Transpose.ROTATE_180)
        assert differing(look(picture), look(turned)) == BITS // 2


def test_a_picture_in_the_dark_is_like_none():
    barely = Image.linear_gradient("L").resize((640, 480)).point(lambda lightness: 20 + lightness // 16)
    assert likeness(barely) is None


@pytest.mark.parametrize("colour", ["black", "white", (90, 92, 91)])
def test_where_nothing_is_to_be_seen_there_is_no_likeness(colour):
    assert likeness(Image.new("RGB", (640, 480), colour)) is None


def test_whatever_is_alike_has_a_band_in_common():
    whole = look(make.scene(1))
    for start in range(0, BITS - ALIKE_BITS, 3):
        flipped = int(whole, 16)
        for bit in range(ALIKE_BITS):  # spread as widely as possible
            flipped ^= 1 << (start + bit * BITS // ALIKE_BITS) % BITS
        other = f"{flipped:032x}"
        assert differing(whole, other) == ALIKE_BITS
        assert set(bands(whole)) & set(bands(other))
    assert len(list(bands(whole))) == BANDS


def test_a_cleaned_photo_says_what_it_looks_like_whichever_way_it_was_held():
    upright, turned = clean(make.from_phone()), clean(make.from_phone(orientation=6, width=640, height=480))
    assert upright.likeness == look(Image.open(io.BytesIO(upright.jpeg))) or (
        differing(str(upright.likeness), look(Image.open(io.BytesIO(upright.jpeg)))) <= 2
    )
    assert turned.likeness != upright.likeness
