"""`make bench-codes`: codes drawn by the product, damaged as wet phones and dirty posters are, read by two decoders.

The damage is fixed by a seed. Sizes are pixels of the whole code with its quiet zone, as a camera sees it. Each picture
is tilted by up to 15 degrees, unevenly lit, noisy, and blurred (a Gaussian of 1 pixel where no other is named). On top
of that, by condition: glare (a white spot over a corner of the data) and a crack (a line right across). A wrong read is
a text that is not the one drawn. `product` is what the server makes of the same picture as a photo.
"""

from __future__ import annotations

import io
import json
import os
import random
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import zxingcpp
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from app.codes import drawing
from app.codes.decoding import find_codes
from app.codes.kinds import personal
from bench import zbar

COUNT = int(os.environ.get("COUNT", "100"))
SEED = 1124
PAPER = 205  # grey of a screen or paper in shade
POSTER = "HTTPS://YZ.NANJING.GOV.CN/S/A1B2C3D4E5F6G7"


@dataclass(frozen=True, slots=True)
class Damage:
    """How a picture of a code is spoilt."""

    name: str
    side_px: int
    blur: float = 1.0
    glare: bool = False
    crack: bool = False
    rider_bar: float | None = (
        None  # the share that has to be read: by each decoder, or at 90 px by the better one
    )


DAMAGES = (
    Damage("200 px", 200),
    Damage("160 px", 160),
    Damage("120 px", 120, rider_bar=0.99),
    Damage("90 px", 90, rider_bar=0.80),
    Damage("200 px, blur 3", 200, 3.0),
    Damage("160 px, glare", 160, glare=True),
    Damage("160 px, crack", 160, crack=True),
    Damage("160 px, glare and crack", 160, glare=True, crack=True),
)
Reader = Callable[[Image.Image], list[str]]


def _zxing(image: Image.Image) -> list[str]:
    formats = zxingcpp.barcode_formats_from_str("QRCode,Code128")
    return [each.text for each in zxingcpp.read_barcodes(image, formats=formats) if each.valid]


def _product(image: Image.Image) -> list[str]:
    out = io.BytesIO()
    image.save(out, "PNG")
    return find_codes(out.getvalue())


READERS: dict[str, Reader] = {"zbar": zbar.read, "zxing-cpp": _zxing, "product": _product}


@dataclass(slots=True)
class Cell:
    """What one decoder made of one condition."""

    code: str
    damage: str
    reader: str
    read: int = 0
    wrong: int = 0
    count: int = 0

    @property
    def share(self) -> float:
        return self.read / self.count


def main() -> int:
    """Print the table; 1 if a bar is missed or anything was read wrongly."""
    cells = [
        cell for damage in DAMAGES for code in ("rider", "poster") for cell in measured(code, damage, COUNT)
    ]
    names = list(READERS)
    print(f"{'code':8}{'condition':26}" + "".join(f"{name:>11}" for name in names) + f"{'wrong':>8}")
    for damage in DAMAGES:
        for code in ("rider", "poster"):
            row = [cell for cell in cells if (cell.code, cell.damage) == (code, damage.name)]
            shares = "".join(f"{cell.share:>11.0%}" for cell in row)
            print(f"{code:8}{damage.name:26}{shares}{sum(cell.wrong for cell in row):>8}")
    Path("var").mkdir(exist_ok=True)
    Path("var/bench-codes.json").write_text(json.dumps([asdict(cell) for cell in cells], indent=1), "utf-8")
    found = missed(cells)
    print("\n".join(found) or f"every bar is met; {COUNT} pictures a cell, seed {SEED}")
    return 1 if found else 0


def measured(code: str, damage: Damage, count: int) -> list[Cell]:
    """Each decoder over the same pictures."""
    cells = [Cell(code, damage.name, name) for name in READERS]
    chance = random.Random(f"{SEED} {code} {damage.name}")  # noqa: S311 -- repeatable on purpose
    for _ in range(count):
        text, level = _text(code, chance)
        picture = spoilt(text, level, damage, chance)
        for cell, read in zip(cells, READERS.values(), strict=True):
            found = read(picture)
            cell.count += 1
            cell.read += text in found
            cell.wrong += any(each != text for each in found)
    return cells


def missed(cells: list[Cell]) -> list[str]:
    """The bars that were not met, in words."""
    found = [
        f"MISSED {cell.code}, {cell.damage}: {cell.reader} read {cell.wrong} wrongly"
        for cell in cells
        if cell.wrong
    ]
    for damage in DAMAGES:
        shares = {c.reader: c.share for c in cells if (c.code, c.damage) == ("rider", damage.name)}
        if damage.rider_bar is None:
            continue
        two = [shares["zbar"], shares["zxing-cpp"]]
        got = max(two) if damage.side_px < 100 else min(two)
        if got < damage.rider_bar:
            found.append(f"MISSED rider, {damage.name}: {got:.0%} instead of {damage.rider_bar:.0%}")
    return found


def _text(code: str, chance: random.Random) -> tuple[str, str]:
    if code == "poster":
        return POSTER, "Q"
    handle = str(chance.randrange(10**10)).zfill(10)
    return personal.make(key=chance.randbytes(32), handle=handle, step=chance.randrange(10**8)), "M"


def spoilt(text: str, level: str, damage: Damage, chance: random.Random) -> Image.Image:
    """One picture: drawn large, spoilt, then seen at its size."""
    big = (
        Image.open(io.BytesIO(drawing.png(text, level, scale=16)))
        .convert("L")
        .point(lambda v: 30 if v < 128 else 235)
    )
    side = big.width
    if damage.crack:
        pen = ImageDraw.Draw(big)
        y = chance.uniform(0.25, 0.75) * side
        pen.line([(0, y), (side, y + chance.uniform(-0.2, 0.2) * side)], fill=PAPER, width=max(4, side // 60))
    if damage.glare:
        big = _glared(big, chance)
    room = int(damage.side_px * 1.6)
    small = big.resize((damage.side_px, damage.side_px), Image.Resampling.LANCZOS)
    scene = Image.new("L", (room, room), PAPER)
    off = (room - damage.side_px) // 2
    scene.paste(small, (off + chance.randint(-3, 3), off + chance.randint(-3, 3)))
    scene = scene.rotate(chance.uniform(-15, 15), Image.Resampling.BICUBIC, fillcolor=PAPER)
    scene = scene.filter(ImageFilter.GaussianBlur(damage.blur))
    light = Image.linear_gradient("L").resize((room, room)).rotate(chance.choice((0, 90, 180, 270)))
    scene = ImageChops.multiply(scene, light.point(lambda v: 175 + v * 80 // 255))
    noise = Image.frombytes("L", (room, room), bytes(_noise(chance, room * room)))
    return ImageChops.add(scene, noise, offset=-128)


def _glared(big: Image.Image, chance: random.Random) -> Image.Image:
    spot = Image.new("L", big.size, 0)
    x, y, r = chance.uniform(0.55, 0.75) * big.width, chance.uniform(0.55, 0.75) * big.width, 0.07 * big.width
    ImageDraw.Draw(spot).ellipse([x - r, y - r, x + r, y + r], fill=255)
    return ImageChops.lighter(big, spot.filter(ImageFilter.GaussianBlur(big.width / 60)))


def _noise(chance: random.Random, count: int) -> list[int]:
    return [max(0, min(255, 128 + int(chance.gauss(0, 7)))) for _ in range(count)]


if __name__ == "__main__":
    sys.exit(main())
