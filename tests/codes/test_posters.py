"""Posters with versions that end, and the code of the moment on a screen."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfReader

from app.codes import poster, posters, reading
from app.codes.kinds import screen, station
from app.kernel.db import transaction
from app.kernel.errors import Problem
from tests.codes import make
from tests.scans.test_scanning import HERE, client_of, scan, slugs


@pytest.fixture
def scene(app, clock) -> make.Scene:
    return make.scene()


def replaced(scene: make.Scene, clock, *, overlap: bool = False):
    with transaction():
        return posters.replace_poster(
            station_id=scene.station.id, overlap=overlap, by=scene.manager, at=clock()
        )


def said(app, scene: make.Scene, text: str) -> str:
    status, told = scan(client_of(app, scene.rider), text, **HERE)
    return told["outcome"] if status == 200 else told["code"]


def test_the_first_poster_counts_until_it_is_replaced(app, clock, scene):
    first = station.make(scene.station.short_code)
    made = replaced(scene, clock)
    assert made.version == 2
    assert said(app, scene, first) == "poster-ended"
    assert said(app, scene, station.make(scene.station.short_code, 2)) == "done"
    assert slugs() == ["poster-ended"]


def test_an_old_poster_may_hang_for_another_week(app, clock, scene):
    replaced(scene, clock, overlap=True)
    first = station.make(scene.station.short_code)
    assert said(app, scene, first) == "done"
    clock.advance(days=6, hours=23)
    assert said(app, scene, first) == "done"
    clock.advance(hours=1)
    assert said(app, scene, first) == "poster-ended"


def test_an_overlap_never_lengthens_an_end(app, clock, scene):
    replaced(scene, clock)
    replaced(scene, clock, overlap=True)
    assert said(app, scene, station.make(scene.station.short_code)) == "poster-ended"


@pytest.mark.once
def test_a_copied_poster_ends_at_once_though_it_might_have_hung_for_a_week(app, clock, scene):
    replaced(scene, clock, overlap=True)
    first = station.make(scene.station.short_code)
    assert said(app, scene, first) == "done"
    replaced(scene, clock)
    clock.advance(hours=4)
    assert said(app, scene, first) == "poster-ended"


def test_a_version_that_was_never_made_is_forged(app, clock, scene):
    assert said(app, scene, station.make(scene.station.short_code, 9)) == "code-forged"


def test_a_version_is_under_the_tag(clock, scene):
    second, third = (station.make("A1B2C3", number) for number in (2, 3))
    at = second.index("A1B2C3") + 6
    mixed = second[:at] + third[at : at + 2] + second[at + 2 :]
    assert make.slug_of(mixed) == "code-forged"
    assert reading.read(station.make("A1B2C3", station.LAST_VERSION), at=clock()).version == 1023


def test_a_station_may_go_by_its_screen_alone(app, clock, scene):
    with transaction():
        posters.end_posters(station_id=scene.station.id, by=scene.manager, at=clock())
    assert said(app, scene, station.make(scene.station.short_code)) == "poster-ended"
    assert said(app, scene, screen.make(scene.station.short_code, clock())) == "done"
    url = f"/api/v1/codes/stations/{scene.station.id}/poster.pdf"
    assert client_of(app, scene.manager).get(url).json["code"] == "poster-ended"


def test_the_screen_counts_for_ninety_seconds_and_only_near_it(app, clock, scene):
    shown = screen.make(scene.station.short_code, clock())
    status, told = scan(client_of(app, scene.rider), shown)
    assert (status, told["code"]) == (422, "location-needed")
    clock.advance(seconds=90)
    assert said(app, scene, shown) == "done"
    clock.advance(seconds=60)
    assert said(app, scene, shown) == "screen-old"
    clock.advance(minutes=50)
    assert said(app, scene, shown) == "code-forged"


def test_the_station_confirms_its_own_poster_by_scanning_it(app, clock, scene):
    manager = client_of(app, scene.manager)
    own = {"station_id": str(scene.station.id)}
    status, told = scan(manager, station.make(scene.station.short_code), **own)
    assert (status, told["outcome"], told["checkin_id"]) == (200, "confirmed", None)
    with transaction(write=False):
        assert posters.poster_in_force(scene.station, at=clock()).confirmed_at == clock()
    assert scan(manager, screen.make(scene.station.short_code, clock()), **own)[1]["outcome"] == "confirmed"
    for elsewhere in (station.make, lambda code: screen.make(code, clock())):
        text = elsewhere(scene.other_station.short_code)
        assert scan(manager, text, **own)[1]["code"] == "poster-elsewhere"


def test_only_the_stations_own_people_change_its_poster(app, clock, scene):
    for by in (scene.rider, scene.other_manager):
        with pytest.raises(Problem, match="not-allowed"), transaction():
            posters.replace_poster(station_id=scene.station.id, overlap=False, by=by, at=clock())
        client = client_of(app, by)
        base = f"/api/v1/codes/stations/{scene.station.id}"
        assert client.get(f"{base}/poster.pdf").status_code == 403
        assert client.get(f"{base}/screen").status_code == 403
        assert client.delete(f"{base}/posters").status_code == 403


@pytest.mark.parametrize(("size", "wide_mm"), [("A4", 210), ("A3", 297)])
def test_the_poster_is_a_pdf_with_date_and_number_the_same_each_time(app, clock, scene, size, wide_mm):
    made = replaced(scene, clock)
    url = f"/api/v1/codes/stations/{scene.station.id}/poster.pdf?size={size}"
    first = client_of(app, scene.manager).get(url)
    clock.advance(days=3)
    second = client_of(app, scene.manager).get(url)
    assert first.mimetype == "application/pdf"
    assert first.data == second.data
    page = PdfReader(io.BytesIO(first.data)).pages[0]
    assert round(float(page.mediabox.width) / 72 * 25.4) == wide_mm
    words = page.extract_text()
    assert f"{scene.station.short_code}-{made.version}" in words
    assert "2026-11-24" in words
    assert "127.0.0.1:8000" in words
    assert scene.station.name in words


def test_a_name_of_any_length_stays_on_the_paper(clock):
    drawn = poster.Poster(
        "很长的名字" * 12, "A1B2C3-2", station.make("A1B2C3"), "h", clock(), ("一", "二", "三")
    )
    assert len(PdfReader(io.BytesIO(poster.pdf(drawn, "A4"))).pages) == 1
