"""What sort of rider somebody is, and the pictures they take."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image

from simulator.chance import Chance

RHYTHMS = {"midday": (9.0, 10.5, 14.0, 16.5), "evening": (14.0, 17.0, 21.0, 22.5), "night": (20.5, 23.9)}


@dataclass(frozen=True, slots=True)
class Habits:
    """What sort of rider somebody is: each a share of what the keenest does."""

    drops_in: float
    eyes: float
    heart: float
    spends: float
    rhythm: str
    own_code: float

    @classmethod
    def drawn(cls, chance: Chance) -> Habits:
        """Most do little, a few do much."""
        drops_in, eyes, heart, spends = (round(chance.betavariate(1.2, 3.0), 4) for _ in range(4))
        rhythm, own_code = chance.one_of(sorted(RHYTHMS)), round(chance.random(), 4)
        return cls(drops_in, eyes, heart, spends, rhythm, own_code)


def draw_photo(chance: Chance) -> str:
    """A small photo unlike any other, as hexadecimal text."""
    image = Image.frombytes("RGB", (24, 18), chance.randbytes(24 * 18 * 3)).resize((240, 180))
    return _saved(image, 70)


def saved_anew(photo: str, cut: float, *, quality: int) -> str:
    """The same photo without this share of its right and lower side, as a JPEG of another quality."""
    with Image.open(io.BytesIO(bytes.fromhex(photo))) as image:
        width, height = (round(side * (1 - cut)) for side in image.size)
        return _saved(image.crop((0, 0, width, height)), quality)


def _saved(image: Image.Image, quality: int) -> str:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue().hex()
