"""zbar through its C library: a second decoder, independent of the one the product uses."""

from __future__ import annotations

import ctypes
import ctypes.util
from functools import cache
from typing import Any

from PIL import Image

_Y800 = 0x30303859
_ENABLE, _QR, _CODE128 = 0, 64, 128


@cache
def _library() -> Any:
    found = ctypes.util.find_library("zbar")
    if found is None:
        raise SystemExit("zbar is missing; on Debian: apt-get install zbar-tools")
    library = ctypes.CDLL(found)
    for name in (
        "zbar_image_scanner_create",
        "zbar_image_create",
        "zbar_image_first_symbol",
        "zbar_symbol_next",
    ):
        getattr(library, name).restype = ctypes.c_void_p
    library.zbar_symbol_get_data.restype = ctypes.c_char_p
    return library


def read(image: Image.Image) -> list[str]:
    """The texts of all codes in a grey image."""
    zbar = _library()
    data = image.convert("L").tobytes()
    scanner, picture = (
        ctypes.c_void_p(zbar.zbar_image_scanner_create()),
        ctypes.c_void_p(zbar.zbar_image_create()),
    )
    try:
        for kind in (0, _QR, _CODE128):
            zbar.zbar_image_scanner_set_config(scanner, kind, _ENABLE, int(kind != 0))
        zbar.zbar_image_set_format(picture, ctypes.c_ulong(_Y800))
        zbar.zbar_image_set_size(picture, image.width, image.height)
        zbar.zbar_image_set_data(picture, data, ctypes.c_ulong(len(data)), None)
        zbar.zbar_scan_image(scanner, picture)
        found, symbol = [], zbar.zbar_image_first_symbol(picture)
        while symbol:
            found.append(zbar.zbar_symbol_get_data(ctypes.c_void_p(symbol)).decode("utf-8", "replace"))
            symbol = zbar.zbar_symbol_next(ctypes.c_void_p(symbol))
        return found
    finally:
        zbar.zbar_image_destroy(picture)
        zbar.zbar_image_scanner_destroy(scanner)
