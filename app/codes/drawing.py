"""Drawing QR codes: crisp SVG for pages, PNG for files, half blocks for a terminal.

Codes are digits or upper-case links, so they pack as numbers or alphanumerics: 33 digits are version 1 (21 × 21) at M.
"""

from __future__ import annotations

import io
from html import escape

import qrcode
from PIL import Image
from qrcode import constants, util

QUIET = 4  # modules of quiet zone that the standard asks for
LEVELS = {
    "L": constants.ERROR_CORRECT_L,
    "M": constants.ERROR_CORRECT_M,
    "Q": constants.ERROR_CORRECT_Q,
    "H": constants.ERROR_CORRECT_H,
}


def _drawn(text: str, level: str) -> qrcode.QRCode:
    code = qrcode.QRCode(version=None, error_correction=LEVELS[level], border=QUIET)
    data = text.encode("ascii")
    code.add_data(util.QRData(data, mode=util.optimal_mode(data)), optimize=0)
    code.make(fit=True)
    return code


def version(text: str, level: str = "M") -> int:
    """The QR version (1 = 21 modules a side) a text needs."""
    return int(_drawn(text, level).version)


def matrix(text: str, level: str = "M") -> list[list[bool]]:
    """Dark modules as True, quiet zone included."""
    return [[bool(module) for module in row] for row in _drawn(text, level).get_matrix()]


def path(text: str, level: str = "M") -> tuple[str, int]:
    """(SVG path data, modules a side), one horizontal run per piece."""
    rows = matrix(text, level)
    pieces = []
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            run = 0
            while x + run < len(row) and row[x + run]:
                run += 1
            if run:
                pieces.append(f"M{x} {y}h{run}v1h-{run}z")
            x += run or 1
    return "".join(pieces), len(rows)


def svg(text: str, level: str = "M", *, title: str | None = None) -> str:
    """An SVG that scales without blur and carries no style of its own, so a strict content policy lets it pass."""
    data, side = path(text, level)
    words = f"<title>{escape(title)}</title>" if title else ""
    hidden = 'role="img"' if title else 'aria-hidden="true"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges" {hidden}>'
        f'{words}<rect width="{side}" height="{side}" fill="#fff"/><path d="{data}" fill="#000"/></svg>'
    )


def png(text: str, level: str = "M", *, scale: int = 8) -> bytes:
    """A black-and-white PNG with `scale` pixels per module."""
    rows = matrix(text, level)
    image = Image.new("1", (len(rows), len(rows)), 1)
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark:
                image.putpixel((x, y), 0)
    out = io.BytesIO()
    image.resize((len(rows) * scale, len(rows) * scale), Image.Resampling.NEAREST).save(out, "PNG")
    return out.getvalue()


def terminal(text: str, level: str = "L") -> str:
    """Half blocks, two rows of modules a line; light modules are drawn, as terminals are mostly dark."""
    rows = matrix(text, level)
    rows += [[False] * len(rows)] * (len(rows) % 2)
    blocks = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
    return "\n".join(
        "".join(blocks[pair] for pair in zip(upper, lower, strict=True))
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    )
