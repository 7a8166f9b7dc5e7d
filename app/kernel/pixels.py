"""What of Pillow's pictures needs a hand before they are like all others."""

from __future__ import annotations

from PIL import Image

DEEP = "I"  # how the modes of grey with more than 8 bits begin: "I;16" and its kin


def in_eight_bits(picture: Image.Image) -> Image.Image:
    """The same, at most 8 bits a channel. Pillow scales colours by itself, but of grey it cuts off what is above 255: a
    scan in 16 bits would become white."""
    if not picture.mode.startswith(DEEP):
        return picture
    return picture.point(lambda light: light / 256).convert("L")
