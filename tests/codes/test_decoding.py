"""Photographs of codes, and files that only pretend to be photographs."""

from __future__ import annotations

import contextlib
import io
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from app.codes import decoding, drawing
from app.codes.decoding import decode_photo, find_codes
from app.codes.errors import PhotoTooLarge, PhotoUnreadable
from app.kernel.errors import Problem
from tests.codes.test_kinds import samples


def saved(image: Image.Image, form: str) -> bytes:
    out = io.BytesIO()
    image.save(out, form)
    return out.getvalue()


def drawn(text: str, scale: int = 8) -> Image.Image:
    return Image.open(io.BytesIO(drawing.png(text, scale=scale))).convert("L")


def slug_of(data: bytes) -> str:
    with pytest.raises(Problem) as refused:
        find_codes(data)
    return refused.value.slug


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_photos_of_every_usual_form_are_read(clock, form):
    text = samples()["personal"]
    assert decode_photo(saved(drawn(text).convert("RGB"), form)) == [text]


def test_a_scan_in_sixteen_bits_of_grey_is_read(clock):
    text = samples()["personal"]
    dim = drawn(text).point(lambda light: 40 + light // 2)
    deep = Image.frombytes(
        "I;16", dim.size, b"".join((each * 257).to_bytes(2, "little") for each in dim.tobytes())
    )
    assert find_codes(saved(deep, "PNG")) == [text]


def test_a_tilted_small_code_in_a_large_photo_is_read(clock):
    text = samples()["personal"]
    photo = Image.new("RGB", (3000, 4000), (180, 190, 170))
    photo.paste(
        drawn(text, 20).convert("RGB").rotate(12, expand=True, fillcolor=(180, 190, 170)), (900, 1500)
    )
    assert decode_photo(saved(photo, "JPEG")) == [text]


def test_several_codes_are_all_found_and_none_twice(clock):
    texts = [samples()["personal"], samples()["voucher"]]
    photo = Image.new("L", (900, 900), 255)
    for place, text in zip([(0, 0), (400, 0), (0, 400)], [*texts, texts[0]], strict=True):
        photo.paste(drawn(text), place)
    assert sorted(decode_photo(saved(photo, "PNG"))) == sorted(texts)


def test_a_photo_without_a_code_gives_nothing():
    assert decode_photo(saved(Image.new("RGB", (400, 300), (90, 120, 90)), "JPEG")) == []


def test_too_many_bytes_are_not_looked_at(monkeypatch):
    monkeypatch.setattr(decoding.apart, "done_apart", lambda *_: pytest.fail("opened"))
    with pytest.raises(PhotoTooLarge):
        decode_photo(b"\xff\xd8" + b"0" * decoding.MAX_BYTES)


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"0"))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [5_001, 10_000, 16_384, 60_000])
def test_a_bomb_is_refused_by_its_header(side, monkeypatch):
    monkeypatch.setattr(Image.Image, "convert", lambda *_: pytest.fail("unpacked"))
    assert slug_of(png_header(side, side)) == "code-photo-too-large"


def test_the_largest_allowed_size_passes_the_gate():
    assert slug_of(png_header(5_000, 5_000)) == "code-photo-unreadable"  # it was opened, and then was empty


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a\x01\x00\x01\x00\x00\x00\x00;",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.4",
        b"\xff\xd8\xff\xe0",
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\x00\x00\x00\x00WEBPVP8 ",
    ],
)
def test_what_is_no_photo_is_refused(data):
    assert slug_of(data) == "code-photo-unreadable"


PHOTO = saved(Image.effect_noise((64, 64), 80).convert("RGB"), "JPEG")


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, len(PHOTO) - 1), st.integers(0, 255)), max_size=20),
    st.integers(0, len(PHOTO)),
)
def test_a_broken_photo_never_breaks_anything(changes, end):
    data = bytearray(PHOTO)
    for place, byte in changes:
        data[place] = byte
    with contextlib.suppress(PhotoUnreadable, PhotoTooLarge):
        assert isinstance(find_codes(bytes(data[:end])), list)
