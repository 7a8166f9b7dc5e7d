"""Photos as phones, tricksters and editors send them."""

from __future__ import annotations

import io
import struct
import zlib
from random import Random

from PIL import Image

GPS, MAKE, ORIENTATION, SERIAL, USER_COMMENT = 0x8825, 0x010F, 0x0112, 0xA431, 0x9286


def picture(width: int = 640, height: int = 480) -> Image.Image:
    """A picture with something in it: its left upper corner is red."""
    image = Image.radial_gradient("L").resize((width, height)).convert("RGB")
    image.paste((255, 0, 0), (0, 0, width // 4, height // 4))
    return image


def scene(number: int, width: int = 640, height: int = 480) -> Image.Image:
    """A picture of something, another one for each number."""
    image = Image.frombytes("L", (12, 9), Random(number).randbytes(12 * 9))
    return image.resize((width, height), Image.Resampling.BICUBIC).convert("RGB")


def encoded(image: Image.Image, form: str = "JPEG", **more: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **more)
    return out.getvalue()


def jpeg(width: int = 640, height: int = 480) -> bytes:
    return encoded(picture(width, height))


def exif(orientation: int = 1) -> Image.Exif:
    """What a phone writes: where, with what, which one, and a remark."""
    tags = Image.Exif()
    tags[MAKE], tags[ORIENTATION] = "SecretPhoneMaker", orientation
    tags.get_ifd(GPS).update({1: "N", 2: (32.0, 2.0, 36.6), 3: "E", 4: (118.0, 47.0, 52.8)})
    tags.get_ifd(0x8769).update({SERIAL: "SERIAL-12345678", USER_COMMENT: b"ASCII\0\0\0a secret remark"})
    return tags


def from_phone(form: str = "JPEG", *, orientation: int = 1, width: int = 640, height: int = 480) -> bytes:
    """A photo with EXIF, GPS, a serial number and (JPEG) a comment."""
    more = {"comment": b"a secret remark"} if form == "JPEG" else {}
    return encoded(picture(width, height), form, exif=exif(orientation), **more)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int, height: int, *, rows: bytes) -> bytes:
    """A grey PNG that says it has this size, over these packed rows."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = _chunk(b"IDAT", zlib.compress(rows, 9))
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + body + _chunk(b"IEND", b"")


def png_bomb(width: int = 8000, height: int = 8000) -> bytes:
    """A few kilobytes that unpack to a whole wall of black."""
    return png(width, height, rows=b"\0" * ((width + 1) * height))


def webp_bomb() -> bytes:
    """A WebP whose header claims 16384 × 16384."""
    side = (16383).to_bytes(3, "little")
    body = b"WEBP" + b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + side + side
    return b"RIFF" + struct.pack("<I", len(body)) + body


def jpeg_of_many_scans(scans: int = 2000) -> bytes:
    """A progressive JPEG that makes its reader start over and over."""
    whole = encoded(picture(), progressive=True)
    last = whole.rindex(b"\xff\xda")
    return whole[:last] + whole[last:-2] * scans + b"\xff\xd9"
