"""What is drawn is small, is what was meant, and passes a strict content policy."""

from __future__ import annotations

import io
import re
import subprocess
from xml.etree import ElementTree as ET

import pytest
import zxingcpp
from PIL import Image, ImageDraw

from app.codes import drawing, poster
from app.codes.decoding import decode_photo
from app.kernel import i18n
from app.places.hours import every_day
from app.places.models import Station
from tests.codes.test_kinds import samples

KINDS = ("personal", "station", "shift", "voucher", "invite")
SVG = "{http://www.w3.org/2000/svg}"


def rastered(svg: str, scale: int = 6) -> Image.Image:
    """A picture of an SVG of ours, drawn from its own path and nothing else."""
    root = ET.fromstring(svg)
    side = int(str(root.get("viewBox")).split()[2])
    image = Image.new("L", (side * scale, side * scale), 255)
    pen = ImageDraw.Draw(image)
    path = root.find(f"{SVG}path")
    assert path is not None
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", str(path.get("d"))):
        left, top = int(x) * scale, int(y) * scale
        pen.rectangle((left, top, left + int(width) * scale - 1, top + scale - 1), fill=0)
    return image


def png_of(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def test_versions_stay_as_small_as_agreed(clock):
    texts = samples()
    assert drawing.version(texts["personal"], "M") == 1
    assert drawing.version(texts["voucher"], "Q") == 1
    assert {kind: drawing.version(texts[kind], "M") for kind in ("station", "shift", "invite")} == {
        "station": 2,
        "shift": 3,
        "invite": 3,
    }
    assert drawing.version(texts["station"], "Q") == 3
    assert drawing.version(texts["station"].lower(), "Q") > 3  # which is why links are upper-case


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("level", ["M", "Q"])
def test_a_drawn_code_is_read_back(clock, kind, level):
    text = samples()[kind]
    assert decode_photo(png_of(rastered(drawing.svg(text, level)))) == [text]
    assert decode_photo(drawing.png(text, level)) == [text]


def test_svg_has_a_quiet_zone_and_no_style(clock):
    svg = drawing.svg(samples()["personal"], title="我的码 <&>")
    root = ET.fromstring(svg)
    assert root.get("viewBox") == "0 0 29 29"
    assert "style" not in svg
    assert root.findtext(f"{SVG}title") == "我的码 <&>"
    rows = drawing.matrix(samples()["personal"])
    edge = [*rows[:4], *rows[-4:], *([row[x] for row in rows] for x in (0, 1, 2, 3, -1, -2, -3, -4))]
    assert not any(map(any, edge))


def test_the_terminal_shows_every_module(clock):
    text = samples()["station"]
    lines = drawing.terminal(text, "M").split("\n")
    dark = {"█": (0, 0), "▀": (0, 1), "▄": (1, 0), " ": (1, 1)}
    rows = [[dark[char][half] for char in line] for line in lines for half in (0, 1)]
    expected = [[int(module) for module in row] for row in drawing.matrix(text, "M")]
    assert rows[: len(expected)] == expected


def a_station(name: str) -> Station:
    return Station(name=name, short_code="A1B2C3", lat=32, lng=118, hours=every_day())


@pytest.mark.parametrize("locale", i18n.LOCALES)
def test_a_poster_says_whose_it_is_and_where_it_leads(clock, locale):
    with i18n.speaking(locale):
        made = poster.poster_of(a_station("梅园驿站 <&>"), 2, clock())
        page = poster.a4_svg(made)
    root = ET.fromstring(page)
    words = " ".join(each.text or "" for each in root.iter(f"{SVG}text"))
    assert root.get("width") == "210mm"
    assert "梅园驿站 <&>" in words
    assert "127.0.0.1:8000" in words
    assert "A1B2C3-2" in words
    assert "2026-11-24" in words
    assert "style" not in page


def test_a_posters_code_is_the_stations_and_wide_enough(clock):
    made = poster.poster_of(a_station("梅园驿站"), 2, clock())
    page = poster.a4_svg(made)
    data, side = drawing.path(made.link, "Q")
    assert data in page
    assert f"scale({126 / side:.6f})" in page
    assert 126 * (side - 8) / side >= 98  # mm from edge to edge of the modules


def test_both_ends_of_the_library_agree_on_what_was_drawn(clock):
    image = rastered(drawing.svg(samples()["personal"]), scale=4)
    found = zxingcpp.read_barcodes(image)
    assert [each.text for each in found] == [samples()["personal"]]


@pytest.mark.browser  # the part of the suite whose machine has zbar
@pytest.mark.parametrize("kind", KINDS)
def test_the_other_decoder_reads_what_is_drawn(clock, tmp_path, kind):
    picture = tmp_path / "code.png"
    picture.write_bytes(drawing.png(samples()[kind]))
    read = subprocess.run(
        ["zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", str(picture)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert read.stdout.strip() == samples()[kind]
