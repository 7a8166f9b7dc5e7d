"""A rider without a number on the way back, on the pages of the counter, of the department and of the rider."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.identity import returning, signing_in
from app.identity.models import Person, RiderReturn
from app.kernel.db import transaction
from app.places.models import Station
from tests import make
from tests.conftest import StandingClock
from tests.web.make import browser, desk, form_on, one, read, send, wrong_fields

DESK = "/desk/number-moves"


@pytest.fixture
def station(app: Flask, clock: StandingClock) -> Station:
    with transaction():
        make.regions()
        return make.station("驿站")


@pytest.fixture
def manager(station: Station) -> Person:
    with transaction():
        return make.staff("station-manager", station_id=station.id)


@pytest.fixture
def rider(station: Station, manager: Person, clock: StandingClock) -> Person:
    with transaction():
        _, token, pin = signing_in.invite_rider(station_id=station.id, by=make.actor(manager), at=clock())
        return signing_in.sign_in_with_invite(
            token=token, pin=pin, nickname="老陈头", consent=True, at=clock()
        )


def ask(app: Flask, manager: Person, station: Station, **other: str) -> tuple[int, set[str]]:
    path, told = f"/station/{station.id}/help", {"nickname": "老陈头", "reason": "常来的骑手"} | other
    answer = send(browser(app, manager), path, f"{path}/return", **told)
    return answer.status_code, wrong_fields(answer.text)


def confirm(app: Flask) -> FlaskClient:
    boss = desk(app, "department")
    shown = boss.get(DESK)
    assert "老*头" in shown.text
    assert "老陈头" not in shown.text
    form = next(each for each in read(shown.text).found if each.fields.get("decision") == "confirm")
    assert boss.post(form.action, data=form.fields).status_code == 303
    return boss


def test_a_rider_comes_back_from_counter_to_desk_to_another_phone(
    app: Flask, station: Station, manager: Person, rider: Person, clock: StandingClock
):
    guest, old, path = browser(app), browser(app, rider), f"/station/{station.id}/help"
    assert ask(app, manager, station) == (303, set())
    confirm(app)
    asked = one(RiderReturn)
    give = f"{path}/returns/{asked.id}"
    assert give not in browser(app, manager).get(path).text
    clock.at += returning.OBJECTION
    counter = browser(app, manager)
    shown = send(counter, path, give)
    assert "<svg" in shown.text
    (pin,) = re.findall(r'class="key">(\d{3} \d{3})<', shown.text)
    with transaction():  # the token stands in the picture alone
        _, token, pin = returning.invite(return_id=asked.id, by=make.actor(manager), at=clock.at)
    there = guest.get(f"/I/{token}")
    assert "请你回来" in there.text
    assert form_on(there, f"/I/{token}").names >= {"pin"}
    assert "nickname" not in form_on(there, f"/I/{token}").names
    assert send(guest, f"/I/{token}", f"/I/{token}", pin=pin).status_code == 303
    assert "老陈头" in guest.get("/me").text
    assert old.get("/me").status_code == 303  # to the sign-in
    assert guest.get(f"/I/{token}").status_code == 404


def test_whoever_still_has_the_phone_reads_it_and_stops_it(
    app: Flask, station: Station, manager: Person, rider: Person
):
    ask(app, manager, station)
    mine = browser(app, rider)
    assert "申请让你在新手机上重新登录" in mine.get("/inbox").text
    assert send(mine, "/me/code", "/me/code/not-lost").status_code == 303
    assert one(RiderReturn).state == "refused"
    assert "/me/code/not-lost" not in mine.get("/me/code").text


def test_the_department_refuses_it(app: Flask, station: Station, manager: Person, rider: Person):
    ask(app, manager, station)
    path = f"/desk/rider-returns/{one(RiderReturn).id}"
    boss = desk(app, "department")
    forms = [each for each in read(boss.get(DESK).text).found if each.action == path]
    form = next(each for each in forms if each.fields["decision"] == "refuse")
    assert boss.post(path, data=form.fields).status_code == 303
    assert path not in boss.get(DESK).text
    assert one(RiderReturn).state == "refused"


def test_what_is_wrong_is_named_at_its_field(app: Flask, station: Station, manager: Person, rider: Person):
    assert ask(app, manager, station, nickname="老") == (404, {"nickname"})
    with transaction():
        _, token, pin = signing_in.invite_rider(
            station_id=station.id, by=make.actor(manager), at=make.clock.now()
        )
        signing_in.sign_in_with_invite(
            token=token, pin=pin, nickname="老陈头", consent=True, at=make.clock.now()
        )
    assert ask(app, manager, station) == (409, {"joined_on"})
