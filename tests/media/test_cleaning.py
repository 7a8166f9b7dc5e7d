from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageStat

from app.kernel.errors import Problem
from app.media import cleaning
from app.media.errors import (
    PhotoMissing,
    PhotoTooLarge,
    PhotoTooManyPixels,
    PhotoUnreadable,
    UnsupportedPhoto,
)
from tests.media import make

SECRETS = (b"Exif", b"SecretPhoneMaker", b"SERIAL", b"secret remark", b"GPS", b"ICC_PROFILE", b"http")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_it_forgets_gps_serial_and_remarks(form: str):
    sent = make.from_phone(form)
    assert b"SecretPhoneMaker" in sent

    photo = cleaning.clean(sent)

    for served in (photo.jpeg, photo.thumb):
        image = Image.open(io.BytesIO(served))
        assert not image.getexif()
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert not [secret for secret in SECRETS if secret in served]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_it_gives_a_small_jpeg_and_a_thumbnail(form: str):
    photo = cleaning.clean(make.encoded(make.picture(3200, 2400), form))

    assert Image.open(io.BytesIO(photo.jpeg)).format == "JPEG"
    assert (photo.width, photo.height) == (1600, 1200)
    assert Image.open(io.BytesIO(photo.thumb)).size == (320, 240)


def test_it_does_not_enlarge():
    photo = cleaning.clean(make.jpeg(200, 100))

    assert (photo.width, photo.height) == (200, 100)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_is_upright_whichever_way_the_phone_was_held(orientation: int):
    upright = make.picture(400, 300)
    back = {2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}.get(orientation)
    held = upright if back is None else upright.transpose(cleaning._TURNS[back])

    photo = cleaning.clean(make.encoded(held, exif=make.exif(orientation)))

    image = Image.open(io.BytesIO(photo.jpeg))
    red, green, _blue = image.getpixel((20, 20))
    assert image.size == (400, 300)
    assert red > 200
    assert green < 60


def test_it_puts_what_is_see_through_on_white():
    photo = cleaning.clean(make.encoded(Image.new("RGBA", (50, 50), (0, 0, 0, 0)), "PNG"))

    assert Image.open(io.BytesIO(photo.jpeg)).getpixel((25, 25)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_it_takes_every_ordinary_kind_of_png(mode: str):
    assert cleaning.clean(make.encoded(make.picture().convert(mode), "PNG")).jpeg


def test_it_takes_a_print_shops_cmyk():
    assert cleaning.clean(make.encoded(make.picture().convert("CMYK"))).jpeg


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_it_survives_broken_exif():
    assert cleaning.clean(make.encoded(make.picture(), exif=b"Exif\0\0MM\0*\xff\xff\xff\xff rubbish")).jpeg


@pytest.mark.parametrize(
    "data",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<?xml version='1.0'?><svg/>",
        b"<!DOCTYPE html><html><script>alert(1)</script></html>",
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        b"GIF89a\1\0\1\0\0\0\0;",
        b"BM" + b"\0" * 60,
        b"II*\0" + b"\0" * 60,
        b"%PDF-1.7",
        b"RIFF\4\0\0\0WAVE",
        b"x",
    ],
)
def test_it_refuses_what_is_no_photo(data: bytes):
    with pytest.raises(UnsupportedPhoto):
        cleaning.clean(data)


@pytest.mark.parametrize("data", [None, b""])
def test_it_asks_for_a_photo(data: bytes | None):
    with pytest.raises(PhotoMissing):
        cleaning.clean(data)


def test_it_refuses_more_than_ten_megabytes():
    whole = make.jpeg()
    fits = whole + b"\0" * (cleaning.MAX_BYTES - len(whole))

    assert cleaning.clean(fits).jpeg
    with pytest.raises(PhotoTooLarge):
        cleaning.clean(fits + b"\0")


@pytest.mark.parametrize(
    "bomb",
    [
        make.png_bomb,
        lambda: make.png_bomb(100_000, 300),
        make.webp_bomb,
        lambda: make.encoded(Image.new("L", (6000, 5000)), quality=1),
    ],
)
def test_it_refuses_bombs_before_unpacking_them(bomb: Callable[[], bytes], monkeypatch: pytest.MonkeyPatch):
    data = bomb()
    monkeypatch.setattr(Image.Image, "load", _exploded)
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", _exploded)

    with pytest.raises(PhotoTooManyPixels):
        cleaning.clean(data)


def _exploded(*_: object) -> None:
    raise AssertionError("the bomb was unpacked")


def test_it_refuses_a_header_pillow_itself_calls_a_bomb():
    with pytest.raises(PhotoTooManyPixels):
        cleaning.clean(make.png(60_000, 60_000, rows=b"\0"))


def test_it_refuses_a_jpeg_of_thousands_of_scans():
    with pytest.raises(PhotoUnreadable):
        cleaning.clean(make.jpeg_of_many_scans())


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.9])
def test_it_says_so_when_a_photo_is_cut_off(form: str, share: float):
    whole = make.encoded(make.picture(), form)

    with pytest.raises(PhotoUnreadable):
        cleaning.clean(whole[: max(12, int(len(whole) * share))])


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@settings(max_examples=150, deadline=None)
@given(
    form=st.sampled_from(["JPEG", "PNG", "WEBP"]),
    holes=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), min_size=1, max_size=12),
)
def test_it_never_breaks_on_damaged_photos(form: str, holes: list[tuple[float, int]]):
    damaged = bytearray(make.from_phone(form, width=64, height=48))
    for where, value in holes:
        damaged[int(where * len(damaged))] = value
    with contextlib.suppress(Problem):  # a refusal is fine, anything else is not
        assert cleaning.clean(bytes(damaged)).jpeg


def test_it_is_the_same_for_the_same_photo():
    assert cleaning.clean(make.jpeg()).digest == cleaning.clean(make.jpeg()).digest


def test_grey_in_sixteen_bits_keeps_its_light_and_shade():
    ramp = b"".join((light * 257).to_bytes(2, "little") for light in range(256)) * 64
    photo = cleaning.clean(make.encoded(Image.frombytes("I;16", (256, 64), ramp), "PNG"))

    with Image.open(io.BytesIO(photo.jpeg)) as drawn:
        grey = drawn.convert("L")
    assert 125 <= ImageStat.Stat(grey).mean[0] <= 130
    assert grey.getpixel((10, 32)) < 20
    assert grey.getpixel((245, 32)) > 235
    assert photo.likeness is not None


@pytest.mark.parametrize(
    "more", [{}, {"lossless": True}, {"save_all": True, "append_images": [make.scene(2, 61, 32)]}]
)
def test_it_reads_the_sides_of_every_sort_of_webp(more: dict[str, Any]):
    assert cleaning._webp_size(make.encoded(make.picture(61, 32), "WEBP", **more)) == (61, 32)


def test_it_takes_twenty_five_megapixels_and_not_one_more():
    def canvas(width: int, height: int) -> bytes:
        sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
        return b"RIFF\0\0\0\0WEBPVP8X" + bytes(8) + sides

    cleaning._must_be_cheap(canvas(5_000, 5_000), cleaning.WEBP)
    with pytest.raises(PhotoTooManyPixels):
        cleaning._must_be_cheap(canvas(5_000, 5_001), cleaning.WEBP)
