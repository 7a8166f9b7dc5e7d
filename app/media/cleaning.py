"""Cleaning a photo: refuse what is not one, bound what decoding may cost, and keep nothing but the pixels.

Whatever a camera hides in a file (EXIF, GPS, serial numbers, comments, colour profiles, embedded previews) is gone
because a new JPEG is drawn from the pixels alone. Pure: bytes in, bytes out.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from app.kernel import apart
from app.kernel.errors import Problem
from app.kernel.pixels import in_eight_bits
from app.media.errors import (
    PhotoMissing,
    PhotoTooLarge,
    PhotoTooManyPixels,
    PhotoUnreadable,
    UnsupportedPhoto,
)
from app.media.likeness import likeness

MAX_MB, MAX_MEGAPIXELS = 10, 25
MAX_BYTES, MAX_PIXELS = MAX_MB * 1024 * 1024, MAX_MEGAPIXELS * 1_000_000
MAX_SIDE, THUMB_SIDE, QUALITY = 1600, 320, 82
MAX_JPEG_SCANS = 100  # an honest progressive JPEG has about ten; thousands are made to burn a processor

JPEG, PNG, WEBP = "JPEG", "PNG", "WEBP"
FORMATS = (JPEG, PNG, WEBP)
ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

REFUSALS: dict[str, Callable[[], Problem]] = {
    "unsupported-photo": UnsupportedPhoto,
    "photo-unreadable": PhotoUnreadable,
    "photo-too-many-pixels": lambda: PhotoTooManyPixels(MAX_MEGAPIXELS),
}


@dataclass(frozen=True, slots=True)
class CleanPhoto:
    """A JPEG drawn anew, its thumbnail, the digest that names both, and what it looks like."""

    jpeg: bytes
    thumb: bytes
    width: int
    height: int
    digest: str
    likeness: str | None


def clean_apart(data: bytes | None) -> CleanPhoto:
    """The same as `clean`, in a child process with little memory and time: the service opens no stranger's file."""
    if not data:
        raise PhotoMissing
    if len(data) > MAX_BYTES:
        raise PhotoTooLarge(max_mb=MAX_MB)
    try:
        verdict, parts = apart.done_apart(f"{__name__}:verdict_on", data)
    except apart.GaveUp:
        raise PhotoUnreadable from None
    if "refused" in verdict:
        refusal = REFUSALS[verdict["refused"]]
        raise refusal()
    jpeg, thumb = parts
    return CleanPhoto(jpeg, thumb, **verdict)


def clean_if_any(data: bytes | None) -> CleanPhoto | None:
    """The same, where a photo may be left out. One that was chosen and arrives empty was not left out."""
    if data is None:
        return None
    if not data:
        raise PhotoUnreadable
    return clean_apart(data)


def verdict_on(data: bytes) -> apart.Verdict:
    """What the child answers."""
    try:
        photo = clean(data)
    except Problem as problem:
        return {"refused": problem.slug}, []
    told = {name: getattr(photo, name) for name in ("width", "height", "digest", "likeness")}
    return told, [photo.jpeg, photo.thumb]


def clean(data: bytes | None) -> CleanPhoto:
    """The photo without anything but its pixels. Raises one of the refusals in errors.py, never anything else."""
    if not data:
        raise PhotoMissing
    if len(data) > MAX_BYTES:
        raise PhotoTooLarge(max_mb=MAX_MB)
    kind = _kind(data)
    _must_be_cheap(data, kind)
    picture = _decoded(data, kind)
    look = likeness(picture)
    jpeg = _drawn(picture)
    picture.thumbnail((THUMB_SIDE, THUMB_SIDE))
    thumb = _drawn(picture)
    with Image.open(io.BytesIO(jpeg), formats=(JPEG,)) as written:
        width, height = written.size
    return CleanPhoto(jpeg, thumb, width, height, hashlib.sha256(jpeg).hexdigest(), look)


def _kind(data: bytes) -> str:
    """What the first bytes say it is; names and declared types are not believed."""
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WEBP
    raise UnsupportedPhoto


def _must_be_cheap(data: bytes, kind: str) -> None:
    """Refuse from the headers alone what would cost too much to unpack."""
    if kind == JPEG and data.count(b"\xff\xda") > MAX_JPEG_SCANS:
        raise PhotoUnreadable
    width, height = _webp_size(data) if kind == WEBP else _header_size(data, kind)
    if width < 1 or height < 1:
        raise PhotoUnreadable
    if width * height > MAX_PIXELS:
        raise PhotoTooManyPixels(MAX_MEGAPIXELS)


def _header_size(data: bytes, kind: str) -> tuple[int, int]:
    try:
        with Image.open(io.BytesIO(data), formats=(kind,)) as image:
            return image.size
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PhotoTooManyPixels(MAX_MEGAPIXELS) from None
    except Exception:  # noqa: BLE001 -- whatever a parser trips over in a stranger's file, the file is at fault
        raise PhotoUnreadable from None


def _webp_size(data: bytes) -> tuple[int, int]:
    """Width and height of a WebP by hand: Pillow's opener already allocates the whole canvas."""
    if len(data) < 30:
        raise PhotoUnreadable
    match data[12:16]:
        case b"VP8X":
            return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
        case b"VP8L":
            bits = int.from_bytes(data[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            sides = int.from_bytes(data[26:30], "little")
            return sides & 0x3FFF, sides >> 16 & 0x3FFF
    raise PhotoUnreadable


def _decoded(data: bytes, kind: str) -> Image.Image:
    """The pixels, upright, at most MAX_SIDE a side, on white: a new image that remembers nothing of the file."""
    try:
        with Image.open(io.BytesIO(data), formats=(kind,)) as image:
            image.draft("RGB", (MAX_SIDE, MAX_SIDE))  # JPEG only: decodes at a fraction of the size
            image.load()
            turn = _TURNS.get(_orientation(image))
            plain = in_eight_bits(image)
            small = plain if plain.mode in ("RGB", "L", "CMYK") else plain.convert("RGBA")
            small.thumbnail((MAX_SIDE, MAX_SIDE))
            fresh = Image.new("RGB", small.size, "white")
            fresh.paste(small.convert("RGB"), mask=small.getchannel("A") if small.mode == "RGBA" else None)
            return fresh if turn is None else fresh.transpose(turn)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 -- see _header_size
        raise PhotoUnreadable from None


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except Exception:  # noqa: BLE001 -- broken EXIF does not spoil a good picture
        return 1


def _drawn(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, JPEG, quality=QUALITY, optimize=True)
    return out.getvalue()
