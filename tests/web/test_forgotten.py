"""A forgotten password in a browser without script: given at a desk, read out, traded in for one of one's own."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.identity import appointing
from app.identity.actors import SYSTEM
from app.identity.models import Person
from app.kernel import clock as clock_module
from app.kernel.db import transaction
from app.places.models import Station
from tests import make
from tests.conftest import StandingClock
from tests.identity.test_second_factor import code_at
from tests.identity.test_second_factor import set_up as second_step_of
from tests.web.make import browser, desk, form_on, send, staff, wrong_fields

OLD, NEW = "three rainy days", "a wet glove, one bar"
SIGN_IN, CHOOSE, STEP = "/sign-in/staff", "/sign-in/staff/new-password", "/sign-in/staff/code"


@pytest.fixture
def li(city: Station) -> Person:
    with transaction():
        at = clock_module.now()
        someone = appointing.add_staff(username="li", password=OLD, name="李同事", by=SYSTEM, at=at)
        held = {"role": "department", "region_code": make.CITY, "station_id": None}
        appointing.appoint(person_id=someone.id, **held, by=SYSTEM, at=at)
        return someone


def given(client: FlaskClient, li: Person) -> str:
    page = f"/desk/people/{li.id}"
    shown = send(client, page, f"{page}/password/reset")
    assert shown.status_code == 200
    assert shown.headers["Cache-Control"] == "no-store"
    (word,) = re.findall(r"data-passing>([0-9A-Z-]{19})<", shown.text)
    assert word not in client.get(page).text
    return str(word)


def enter(guest: FlaskClient, password: str) -> str:
    response = send(guest, SIGN_IN, SIGN_IN, username="li", password=password)
    assert response.status_code == 303
    return str(response.headers["Location"])


def test_it_leads_to_a_new_password_and_to_signing_in_with_it(app: Flask, guest: FlaskClient, li: Person):
    word = given(desk(app, "admin"), li)
    assert enter(guest, word) == CHOOSE
    assert guest.get("/desk/rewards").status_code == 303  # nobody is signed in
    done = send(guest, CHOOSE, CHOOSE, new=NEW, again=NEW)
    assert (done.status_code, done.headers["Location"]) == (303, SIGN_IN)
    assert guest.get("/desk/rewards").status_code == 303
    assert guest.get(CHOOSE).headers["Location"] == SIGN_IN
    enter(guest, NEW)
    assert guest.get("/desk/rewards").status_code == 200


def test_with_the_second_step_it_is_as_before(
    app: Flask, guest: FlaskClient, li: Person, clock: StandingClock
):
    second_step_of(app, li, clock)
    assert enter(guest, given(desk(app, "admin"), li)) == CHOOSE
    proof = guest.get_cookie("passing")
    assert proof is not None
    thief = browser(app)  # who has the passing password and a look at the phone
    thief.set_cookie("second_step", proof.value)
    assert send(thief, STEP, STEP, code=code_at(li, clock.at)).status_code == 401
    assert thief.get("/me").status_code == 303
    send(guest, CHOOSE, CHOOSE, new=NEW, again=NEW)
    assert enter(guest, NEW).startswith(STEP)
    assert send(guest, STEP, STEP, code=code_at(li, clock.at)).status_code == 303
    assert guest.get("/desk/rewards").status_code == 200


def test_the_page_says_what_is_wrong_where(app: Flask, guest: FlaskClient, li: Person):
    enter(guest, given(desk(app, "admin"), li))
    for filled, field in (
        ({"new": NEW, "again": "something else"}, "again"),
        ({"new": "fengxing for ever", "again": "fengxing for ever"}, "new"),
        ({"new": "short", "again": "short"}, "new"),
    ):
        refused = send(guest, CHOOSE, CHOOSE, **filled)
        assert (refused.status_code, wrong_fields(refused.text)) == (422, {field})
        assert filled["new"] not in refused.text


def test_two_browsers_trade_it_in_once(app: Flask, guest: FlaskClient, li: Person):
    word, other = given(desk(app, "admin"), li), browser(app)
    for each in (guest, other):
        enter(each, word)
    assert send(guest, CHOOSE, CHOOSE, new=NEW, again=NEW).status_code == 303
    late = send(other, CHOOSE, CHOOSE, new="another wet glove", again="another wet glove")
    assert late.status_code == 410
    assert "临时密码用过了" in late.text
    enter(guest, NEW)


def test_the_page_stands_open_for_five_minutes_and_for_one_browser(
    app: Flask, guest: FlaskClient, li: Person, clock: StandingClock
):
    enter(guest, given(desk(app, "admin"), li))
    assert browser(app).get(CHOOSE).headers["Location"] == SIGN_IN
    form = form_on(guest.get(CHOOSE), CHOOSE)
    forged = browser(app)
    forged.set_cookie("passing", f"{li.id.hex}.{int(clock.at.timestamp())}.{'0' * 64}")
    assert send(forged, CHOOSE, CHOOSE, new=NEW, again=NEW).status_code == 410
    clock.advance(minutes=5)
    assert guest.post(CHOOSE, data=form.fields | {"new": NEW, "again": NEW}).status_code == 410


def test_the_page_of_a_person_offers_it_for_others_with_a_password_only(
    app: Flask, city: Station, li: Person
):
    me, other = staff("admin"), staff("dispatcher")
    client = browser(app, me)
    offered = {
        each.id: f"/desk/people/{each.id}/password/reset" in client.get(f"/desk/people/{each.id}").text
        for each in (me, other, li)
    }
    assert offered == {me.id: False, other.id: False, li.id: True}
    given(client, li)
    assert "还没换成自己的" in client.get(f"/desk/people/{li.id}").text
