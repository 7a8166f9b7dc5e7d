"""Whatever is at fault is named by the field in which it came, whichever family the refusal is of."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.identity import moving, senders, signing_in
from app.kernel.db import in_transaction, transaction
from app.places.models import Station
from tests import make
from tests.conftest import StandingClock
from tests.identity.test_signing_in import Kept

OLD, NEW = "+8613800138000", "+8613900139111"


@pytest.fixture
def station(app: Flask, clock: StandingClock) -> Station:
    with transaction():
        make.regions()
        return make.station("驿站")


@pytest.fixture
def counter(app: Flask, station: Station) -> FlaskClient:
    with transaction():
        make.rider("王师傅", phone=OLD)
        manager = make.staff("station-manager", station_id=station.id)
    return make.signed_in(app, manager)


def faults(answer: TestResponse) -> tuple[int, str, list[str]]:
    """What it says, and of which fields; a fault is no fact about the matter."""
    assert "fields" not in answer.json.get("facts", {})
    named = [each["field"] for each in answer.json.get("errors", [])]
    return answer.status_code, answer.json.get("code", ""), named


def post(client: FlaskClient, path: str, **body: Any) -> tuple[int, str, list[str]]:
    return faults(client.post(f"/api/v1/{path}", json=body, headers=make.once()))


def code(phone: str, clock: StandingClock) -> str:
    kept = Kept()
    with senders.use(kept):
        in_transaction(lambda: signing_in.request_code(phone=phone, at=clock()))
    return kept.codes[-1]


@pytest.mark.parametrize(
    ("path", "wrong"),
    [("number-moves/lost-phones", "old_phone"), ("number-moves", "old_phone"), ("number-moves", "new_phone")],
)
def test_an_impossible_number_is_named_where_it_was_typed(
    counter: FlaskClient, station: Station, clock: StandingClock, path: str, wrong: str
) -> None:
    told = {"station_id": str(station.id), "reason": "常来的骑手", "old_phone": OLD}
    if path == "number-moves":
        told |= {"new_phone": NEW, "code": code(NEW, clock)}
    assert post(counter, path, **told | {wrong: "12345"}) == (422, "phone-wrong", [wrong])


def test_a_number_that_somebody_has_is_named(
    counter: FlaskClient, station: Station, clock: StandingClock
) -> None:
    with transaction():
        make.rider("李师傅", phone=NEW)
    told = {"station_id": str(station.id), "reason": "常来的骑手", "old_phone": OLD, "new_phone": NEW}
    answer = post(counter, "number-moves", **told, code=code(NEW, clock))
    assert answer == (409, "number-taken", ["new_phone"])


def test_so_is_one_that_another_is_about_to_get(
    counter: FlaskClient, station: Station, clock: StandingClock
) -> None:
    with transaction():
        make.rider("李师傅", phone="+8613800138999")
        manager = make.actor(make.staff("station-manager", station_id=station.id))
    told = {"station_id": station.id, "reason": "常来的骑手", "new_phone": NEW}
    first = {**told, "old_phone": "+8613800138999", "code": code(NEW, clock)}
    in_transaction(lambda: moving.ask_move(**first, by=manager, at=clock()))
    told |= {"station_id": str(station.id), "old_phone": OLD, "code": code(NEW, clock)}
    assert post(counter, "number-moves", **told) == (409, "number-taken", ["new_phone"])


def test_the_day_that_tells_two_riders_apart_is_asked_for_by_name(
    counter: FlaskClient, station: Station, clock: StandingClock
) -> None:
    with transaction():
        manager = make.actor(make.staff("station-manager", station_id=station.id))
        for _ in range(2):
            _, token, pin = signing_in.invite_rider(station_id=station.id, by=manager, at=clock())
            given = {"token": token, "pin": pin, "nickname": "老陈", "consent": True}
            signing_in.sign_in_with_invite(**given, at=clock())
    told = {"station_id": str(station.id), "nickname": "老陈", "reason": "常来的骑手"}
    assert post(counter, "rider-returns", **told) == (409, "riders-alike", ["joined_on"])


def test_a_name_that_a_merchant_of_the_region_has_is_named(app: Flask, station: Station) -> None:
    with transaction():
        someone = make.staff("department", region_code=make.CITY)
    department = make.signed_in(app, someone)
    merchant = {"name": "一家面馆", "region_code": make.CITY}
    assert post(department, "merchants", **merchant)[0] == 201
    assert post(department, "merchants", **merchant) == (409, "merchant-named", ["name"])
