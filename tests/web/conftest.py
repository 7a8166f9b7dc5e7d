"""A rider in a small city, and a browser."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.identity.models import Person
from app.kernel.db import transaction
from app.places.models import Station
from tests import make
from tests.web.make import browser


@pytest.fixture
def city(app: Flask) -> Station:
    """Regions and one station that is open day and night."""
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
