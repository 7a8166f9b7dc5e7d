"""Going on with a photo or a place is a yes that is written down: whoever may send one reads what is done with it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.codes.kinds import station as station_code
from app.identity.models import Person
from app.kernel.db import transaction
from app.kernel.i18n import say
from app.places.models import Station
from tests import make
from tests.cases import make as cases
from tests.honours import make as honours
from tests.web.make import browser
from tools.layout import ROOT

LANGUAGES = ("zh", "en")
SENDS = {"report.html", "case.html", "nominate.html"}  # templates with a photo that is kept, each tried here
READS = {"scan.html"}  # the code on it is read, and nothing kept


def _report() -> tuple[str, Person]:
    with transaction():
        return "/report", cases.town().rider


def _reopen() -> tuple[str, Person]:
    with transaction():
        town = cases.town()
        return f"/reports/{cases.report_in('resolved', town).id}", town.rider


def _nominate() -> tuple[str, Person]:
    selection = honours.draft(honours.setting(120))
    with transaction():
        return f"/honours/{selection.id}/nominate", make.rider("李师傅")


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(
    ("place", "words"),
    [
        (_report, "web.consent.photo-words"),
        (_reopen, "web.consent.photo-words"),
        (_nominate, "web.honour.nominate-photo-hint"),
    ],
)
def test_a_page_with_a_photo_says_who_sees_it_and_what_is_done_with_it(
    app: Flask, place: Callable[[], tuple[str, Person]], words: str, lang: str
):
    path, rider = place()
    client = browser(app, rider)
    client.set_cookie("lang", lang)
    page = client.get(path).text
    assert 'type="file" name="photo"' in page
    assert say(words, locale=lang) in page


def test_no_page_of_riders_takes_a_photo_unseen_by_these_tests():
    folder = ROOT / "app/web/templates/rider"
    takes = {
        each.name
        for each in folder.glob("*.html")
        if "forms.shot(" in each.read_text() or 'type="file"' in each.read_text()
    }
    assert takes == SENDS | READS


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_we_keep_tells_of_photos(guest: FlaskClient, lang: str):
    guest.set_cookie("lang", lang)
    assert say("web.agreement.photo", locale=lang) in guest.get("/agreement").text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_page_that_asks_for_the_place_says_what_for(rider: FlaskClient, city: Station, lang: str):
    rider.set_cookie("lang", lang)
    link = station_code.make(city.short_code)
    poster = rider.get(link[link.index("/S/") :]).text
    report = rider.get("/report").text
    assert all('name="lat"' in page for page in (poster, report))
    assert say("web.check-in.why", locale=lang) in poster
    assert say("web.place.why", locale=lang) in report
