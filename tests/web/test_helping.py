"""A lost phone and a changed number, on the pages of the counter, of the department and of the rider."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.identity import senders
from app.identity.models import NumberMove, Person
from app.kernel.db import transaction
from app.places.models import Station
from tests import make
from tests.conftest import StandingClock
from tests.identity.test_signing_in import Kept
from tests.web.make import Form, browser, desk, form_on, one, read, send, wrong_fields

OLD, NEW = "+8613800138000", "13900139111"


@pytest.fixture
def station(app: Flask, clock: StandingClock) -> Station:
    with transaction():
        make.regions()
        return make.station("驿站")


@pytest.fixture
def rider(app: Flask, station: Station) -> Person:
    with transaction():
        return make.rider("王师傅", phone=OLD)


@pytest.fixture
def counter(app: Flask, station: Station) -> FlaskClient:
    with transaction():
        manager = make.staff("station-manager", station_id=station.id)
    return browser(app, manager)


def ask(counter: FlaskClient, station: Station, **wrong: str) -> TestResponse:
    """Both steps, as the manager takes them."""
    path, kept = f"/station/{station.id}/help", Kept()
    with senders.use(kept):
        page = send(counter, path, f"{path}/code", new_phone=NEW)
    form = form_on(page, f"{path}/move")
    told = {"code": kept.codes[-1], "old_phone": "138 0013 8000", "reason": "核对了身份证"} | wrong
    return counter.post(f"{path}/move", data=form.fields | told)


def test_the_counter_ends_a_lost_phone(
    counter: FlaskClient, station: Station, rider: Person, app: Flask
) -> None:
    signed_in = browser(app, rider)
    path = f"/station/{station.id}/help"
    assert path in counter.get(f"/station/{station.id}").text
    answer = send(counter, path, f"{path}/lost", old_phone="13800138000", reason="常来的骑手")
    assert answer.status_code == 303
    assert signed_in.get("/me").status_code == 303  # to the sign-in


def test_a_number_nobody_has_is_named_at_its_field(counter: FlaskClient, station: Station) -> None:
    path = f"/station/{station.id}/help"
    answer = send(counter, path, f"{path}/lost", old_phone="13800138999", reason="常来的骑手")
    assert wrong_fields(answer.text) == {"old_phone"}


def test_what_is_no_number_is_named_where_it_was_typed(counter: FlaskClient, station: Station) -> None:
    path = f"/station/{station.id}/help"
    lost = send(counter, path, f"{path}/lost", old_phone="12345", reason="常来的骑手")
    assert wrong_fields(lost.text) == {"old_phone"}
    changed = send(counter, path, f"{path}/code", new_phone="12345")
    assert wrong_fields(changed.text) == {"new_phone"}
    assert wrong_fields(ask(counter, station, old_phone="12345").text) == {"old_phone"}


def test_a_number_that_somebody_has_is_named_at_its_field(
    counter: FlaskClient, station: Station, rider: Person
) -> None:
    with transaction():
        make.rider("李师傅", phone=f"+86{NEW}")
    assert wrong_fields(ask(counter, station).text) == {"new_phone"}


def test_a_number_moves_from_counter_to_desk_to_rider(
    counter: FlaskClient, station: Station, rider: Person, app: Flask, clock: StandingClock
) -> None:
    assert ask(counter, station).status_code == 303
    mine = browser(app, rider).get("/me/code").text
    assert "尾号 9111" in mine
    move = one(NumberMove)
    boss = desk(app, "department")
    shown = boss.get("/desk/number-moves").text
    assert "138****8000 → 139****9111" in shown
    assert "王小明" not in shown
    form = next(each for each in _forms(boss) if each.fields.get("decision") == "confirm")
    assert boss.post(form.action, data=form.fields).status_code == 303
    assert one(NumberMove, id=move.id).state == "confirmed"
    assert all(each.fields["decision"] == "refuse" for each in _forms(boss))


def test_the_rider_stops_it_with_one_button(
    counter: FlaskClient, station: Station, rider: Person, app: Flask, clock: StandingClock
) -> None:
    ask(counter, station)
    clock.advance(hours=1)
    assert send(browser(app, rider), "/me/code", "/me/code/not-me").status_code == 303
    assert one(NumberMove).state == "refused"
    assert "尾号" not in browser(app, rider).get("/me/code").text


def test_a_wrong_code_leads_back_to_its_field_with_all_that_was_typed(
    counter: FlaskClient, station: Station, rider: Person
) -> None:
    answer = ask(counter, station, code="000000")
    assert wrong_fields(answer.text) == {"code"}
    assert form_on(answer, f"/station/{station.id}/help/move").fields["new_phone"] == NEW


def test_whoever_asked_sees_that_another_must_confirm(station: Station, rider: Person, app: Flask) -> None:
    boss = desk(app, "department")
    ask(boss, station)
    assert [each.fields["decision"] for each in _forms(boss)] == ["refuse"]
    assert "两个人办" in boss.get("/desk/number-moves").text


def _forms(client: FlaskClient) -> list[Form]:
    return [
        each for each in read(client.get("/desk/number-moves").text).found if "number-moves" in each.action
    ]
