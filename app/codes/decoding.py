"""Finding codes in a photograph, for phones whose browser cannot use the camera. Hostile files are not opened."""

from __future__ import annotations

import io
import warnings

import zxingcpp
from PIL import Image

from app.codes.errors import PhotoMissing, PhotoTooLarge, PhotoUnreadable
from app.kernel import apart
from app.kernel.pixels import in_eight_bits

MAX_MB = 10
MAX_BYTES = MAX_MB * 1024 * 1024
MAX_PIXELS = 25_000_000
WORK_SIDE = 2_000  # px; a code that cannot be read at this size was too small in the photo anyway
MAX_CODES = 8
FORMATS = ("JPEG", "PNG", "WEBP")
SEEN = zxingcpp.barcode_formats_from_str("QRCode,Code128")


def decode_photo(data: bytes) -> list[str]:
    """The texts of all codes in a photo, none if there are none. Raises PhotoTooLarge or PhotoUnreadable.

    The photo is opened in a child process with little memory and time.
    """
    if len(data) > MAX_BYTES:
        raise PhotoTooLarge(max_mb=MAX_MB)
    try:
        verdict, texts = apart.done_apart(f"{__name__}:verdict_on", data)
    except apart.GaveUp:
        raise PhotoUnreadable from None
    if "refused" in verdict:
        raise PhotoTooLarge(max_mb=MAX_MB) if verdict["refused"] == PhotoTooLarge.slug else PhotoUnreadable
    return [text.decode("utf-8") for text in texts]


def codes_on(photo: bytes | None) -> list[str]:
    """The same, for a form whose photo must be there. Raises PhotoMissing."""
    if not photo:
        raise PhotoMissing(fields={"photo": ["code-photo-missing"]})
    return decode_photo(photo)


def verdict_on(data: bytes) -> apart.Verdict:
    """What the child answers."""
    try:
        return {}, [text.encode("utf-8") for text in find_codes(data)]
    except (PhotoTooLarge, PhotoUnreadable) as problem:
        return {"refused": problem.slug}, []


def find_codes(data: bytes) -> list[str]:
    """The texts of all codes in a photo. A code too small for the decoder is looked at once more, enlarged."""
    image = _grey(data)
    return _texts(image) or _texts(_enlarged(image))


def _texts(image: Image.Image) -> list[str]:
    found: list[str] = []
    for barcode in zxingcpp.read_barcodes(image, formats=SEEN):
        if barcode.valid and barcode.text and barcode.text not in found:
            found.append(barcode.text)
    return found[:MAX_CODES]


def _enlarged(image: Image.Image) -> Image.Image:
    factor = min(3.0, WORK_SIDE / max(image.size))
    size = (max(1, int(image.width * factor)), max(1, int(image.height * factor)))
    return image.resize(size, Image.Resampling.BICUBIC) if factor > 1 else image


def _grey(data: bytes) -> Image.Image:
    """The photo in grey, no larger than needed. Its size is judged from the header, before anything unpacks."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=FORMATS) as photo:
                if photo.width * photo.height > MAX_PIXELS:
                    raise PhotoTooLarge(max_mb=MAX_MB)
                photo.draft("L", (WORK_SIDE, WORK_SIDE))  # a JPEG unpacks at a fraction of its size
                grey = in_eight_bits(photo).convert("L")
                grey.thumbnail((WORK_SIDE, WORK_SIDE))
                return grey
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise PhotoTooLarge(max_mb=MAX_MB) from None
    except PhotoTooLarge:
        raise
    except Exception:  # noqa: BLE001 -- whatever a broken or hostile file makes a decoder raise, it cannot be read
        raise PhotoUnreadable from None
