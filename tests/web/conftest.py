"""A rider in a small city, and a browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page

from app.identity.models import Person
from app.kernel.db import transaction
from app.places.models import Station
from tests import make
from tests.conftest import StandingClock
from tests.databases import built_once
from tests.web.make import browser


def is_breach(text: str) -> bool:
    """Whether a page asked for what its policy forbids; a Wi-Fi that leads elsewhere is none of our pages."""
    return "Content Security Policy" in text and "wifi.invalid" not in text


@pytest.fixture
def city(app: Flask) -> Station:
    """Regions and one station that is open day and night."""
    return _city()


@built_once
def _city() -> Station:
    with transaction():
        make.regions()
        return make.station()


@pytest.fixture
def wang(city: Station) -> Person:
    """An enrolled rider."""
    with transaction():
        return make.rider(phone="+8613800138000")


@pytest.fixture
def guest(app: Flask, city: Station) -> FlaskClient:
    return browser(app)


@pytest.fixture
def rider(app: Flask, wang: Person) -> FlaskClient:
    return browser(app, wang)


@pytest.fixture
def phone(chromium: Browser, address: str, app: Flask, wang: Person, clock: StandingClock) -> Iterator[Page]:
    """A phone in the rider's hand, signed in and standing at the station. Any error of a script fails the test."""
    context = chromium.new_context(
        viewport={"width": 360, "height": 780},
        locale="zh-CN",
        device_scale_factor=2,
        permissions=["geolocation"],
        geolocation={"latitude": 32.0435, "longitude": 118.798, "accuracy": 12},
        base_url=address,
    )
    client = browser(app, wang)
    for name in ("fengxing_access", "fengxing_refresh", "csrf_access_token"):
        cookie = client.get_cookie(name)
        assert cookie is not None
        context.add_cookies([{"name": name, "value": cookie.value, "url": address}])
    context.clock.install(time=clock.at)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if is_breach(line.text) else None)
    yield page
    context.close()
    assert errors == []
