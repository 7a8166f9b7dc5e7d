"""What a picture looks like, in 128 bits: saved again or scaled, the same one differs in a few of them.

Each bit says whether it gets lighter from one field of a coarse grid to the next: 64 across and 64 down (a difference
hash). The picture cannot be drawn from it. One without light and shade (a hand before the lens, the night) has none:
all of those look alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from PIL import Image

SIDE = 8
BITS = 2 * SIDE * SIDE
ALIKE_BITS = 8  # so many may differ; two pictures of different things differ in 60, give or take 8
CONTRAST = 24  # of 255, between the lightest and the darkest field
# Pictures that are alike have at least one of nine bands in common: that makes them quick to find among many.
BANDS, BAND_BITS = ALIKE_BITS + 1, BITS // (ALIKE_BITS + 1)


def likeness(picture: Image.Image) -> str | None:
    """As 32 hexadecimal digits; None where there is nothing to be seen."""
    grey = picture.convert("L")
    across = _fields(grey, SIDE + 1, SIDE)
    down = _fields(grey.transpose(Image.Transpose.TRANSPOSE), SIDE + 1, SIDE)
    lightness = [each for row in (*across, *down) for each in row]
    if max(lightness) - min(lightness) < CONTRAST:
        return None
    bits = [after > before for row in (*across, *down) for before, after in pairwise(row)]
    return f"{int(''.join('01'[bit] for bit in bits), 2):0{BITS // 4}x}"


def _fields(grey: Image.Image, width: int, height: int) -> list[bytes]:
    """The mean lightness of each field of a grid, row by row."""
    small = grey.resize((width, height), Image.Resampling.BOX).tobytes()
    return [small[start : start + width] for start in range(0, len(small), width)]


def differing(one: str, other: str) -> int:
    """In how many bits two pictures differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def bands(look: str) -> Iterator[tuple[int, int]]:
    """Parts of it, each with its number."""
    whole = int(look, 16)
    for number in range(BANDS):
        yield number, whole >> number * BAND_BITS & (1 << BAND_BITS) - 1
