"""Pictures and papers that pages lead to, as a browser comes to them: late, without a session, where they are not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.identity.models import Person
from app.kernel.db import transaction
from app.web import files
from tests import make
from tests.cases import make as cases
from tests.conftest import StandingClock
from tests.web.make import browser

TEMPLATES = Path(files.__file__).with_name("templates")
LED_TO = re.compile(r'(?:href|src|action|papers)="(/api/v1/[^"]*)"')
FOR_EVERYBODY = re.compile(r"/api/v1/rewards/\{\{ (?:item\.)?reward\.id \}\}/photo(?:\?size=thumb)?")


@pytest.fixture
def picture(wang: Person) -> str:
    """Where the photo is that he sent with a report."""
    with transaction():
        photo_id = cases.photo(wang)
        cases.report(wang, photo_ids=[photo_id])
    return f"/photos/{photo_id}"


def test_a_page_leads_to_the_api_only_for_what_everybody_may_see() -> None:
    led_to = [
        found for each in TEMPLATES.rglob("*.html") for found in LED_TO.findall(each.read_text("utf-8"))
    ]
    assert len(led_to) >= 3
    assert [each for each in led_to if not FOR_EVERYBODY.fullmatch(each)] == []


def test_a_picture_is_there_on_a_page_older_than_a_quarter_of_an_hour(
    app: Flask, wang: Person, picture: str, clock: StandingClock
) -> None:
    client = browser(app, wang)
    clock.advance(minutes=20)
    shown = client.get(f"{picture}?size=thumb&from=singlemessage")  # a messenger adds what is its own
    assert (shown.status_code, shown.mimetype) == (200, "image/jpeg")
    assert shown.headers["Cache-Control"] == "no-store"
    assert shown.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "Set-Cookie" in shown.headers  # and the session goes on


def test_what_is_not_there_is_told_in_words(
    app: Flask, wang: Person, picture: str, guest: FlaskClient
) -> None:
    with transaction():
        other = make.rider("阿强")
    for address in (picture, picture.replace("/photos/", "/vouchers/") + "/paper.pdf"):
        refused = browser(app, other).get(address)
        assert (refused.status_code, refused.mimetype) == (404, "text/html")
        assert guest.get(address).headers["Location"].startswith("/sign-in?next=/")
