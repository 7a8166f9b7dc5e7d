"""Scanning inside the app finds the page behind a code and changes nothing."""

from __future__ import annotations

import io

import pytest
from flask.testing import FlaskClient

from app.codes import drawing
from app.codes.kinds import personal, station
from app.places.models import Station
from tests.web.make import send


def _photo(text: str) -> tuple[io.BytesIO, str]:
    return io.BytesIO(drawing.png(text)), "code.png"


def test_a_typed_poster_leads_to_its_page(rider: FlaskClient, city: Station) -> None:
    link = station.make(city.short_code)
    for text in (link, link.lower(), link[link.index("/S/") :]):
        assert (
            send(rider, "/scan", "/scan", text=text).headers["Location"].startswith(f"/S/{city.short_code}")
        )


def test_a_photographed_poster_does_too(rider: FlaskClient, city: Station) -> None:
    response = send(rider, "/scan", "/scan/photo", photo=_photo(station.make(city.short_code)))
    assert response.headers["Location"].startswith(f"/S/{city.short_code}")


def test_a_photo_without_a_code_says_so(rider: FlaskClient) -> None:
    response = send(rider, "/scan", "/scan/photo")
    assert response.status_code == 422
    assert 'href="#f-photo"' in response.text


@pytest.mark.parametrize(
    "text", ["https://evil.example/S/ABCDEF12345678", "weixin://x", "12345", "6901234567892"]
)
def test_what_is_not_ours_is_named_at_the_field(rider: FlaskClient, text: str) -> None:
    response = send(rider, "/scan", "/scan", text=text)
    assert response.status_code == 400
    assert 'href="#f-text"' in response.text


def test_a_personal_code_is_for_the_station(rider: FlaskClient) -> None:
    digits = personal.make(key=b"k" * 32, handle="0123456789", step=1)
    assert send(rider, "/scan", "/scan", text=digits).status_code == 409
