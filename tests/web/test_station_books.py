"""The station's books in a browser without script: count and close, ask back, settle."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.identity.models import Person
from app.kernel import clock as clock_module
from app.kernel.db import session, transaction
from app.rewards.books.models import DayClose, DayCount, Refund, Settlement
from tests import make
from tests.conftest import StandingClock
from tests.rewards import make as rewards
from tests.rewards.make import Scene
from tests.web.make import browser, form_on, one, person, read, send, typed, wrong_fields


@pytest.fixture
def scene(app: Flask) -> Scene:
    return rewards.scene()


@pytest.fixture
def counter(scene: Scene) -> str:
    return f"/station/{scene.station.id}"


@pytest.fixture
def manager(app: Flask, scene: Scene) -> FlaskClient:
    return browser(app, person(scene.manager))


@pytest.fixture
def colleague(scene: Scene) -> Person:
    with transaction():
        return make.staff("station-manager", station_id=scene.station.id)


def _close(client: FlaskClient, counter: str, counted: int, **more: Any) -> TestResponse:
    return send(client, f"{counter}/day", f"{counter}/day", **{"counts.0.counted": str(counted)}, **more)


def _strangers(app: Flask, scene: Scene) -> list[FlaskClient]:
    with transaction():
        next_door = make.station("隔壁驿站")
        others = make.staff("station-manager", station_id=next_door.id)
        dispatcher = make.staff("dispatcher", region_code=make.CITY)
    return [browser(app, each) for each in (person(scene.rider), others, dispatcher)]


@pytest.mark.parametrize("page", ["/day", "/settlements"])
def test_the_books_are_for_their_station_only(
    app: Flask, scene: Scene, manager: FlaskClient, counter: str, page: str
) -> None:
    shown = manager.get(counter + page)
    assert shown.status_code == 200
    assert read(shown.text).inline == []
    assert counter + page in manager.get(counter).text
    assert [each.get(counter + page).status_code for each in _strangers(app, scene)] == [403, 403, 403]


def test_a_day_is_counted_and_closed_and_its_list_is_kept(
    scene: Scene, manager: FlaskClient, counter: str
) -> None:
    scene.hand_over(scene.reserve())
    assert "系统里有 4 份" in manager.get(f"{counter}/day").text
    done = _close(manager, counter, 4)
    closed = one(DayClose)
    assert done.headers["Location"] == f"{counter}/day/{closed.id}"
    shown = manager.get(done.headers["Location"]).text
    assert ("矿泉水" in shown, "已日结" in shown, closed.points) == (True, True, 20)
    again = manager.get(f"{counter}/day")
    assert "明天再来" in again.text
    assert [each for each in read(again.text).found if each.action == f"{counter}/day"] == []


def test_every_difference_asks_for_its_reason_at_its_own_field(
    scene: Scene, manager: FlaskClient, counter: str
) -> None:
    with transaction():
        rewards.reward(scene.station, name_zh="雨衣", name_en="Raincoat", stock=3)
    path = f"{counter}/day"

    def counted(*counts: str, **reasons: str) -> TestResponse:
        found = {f"counts.{number}.counted": each for number, each in enumerate(counts)}
        return send(
            manager, path, path, **found | {f"counts.{name[1:]}.reason": reasons[name] for name in reasons}
        )

    assert wrong_fields(counted("", "5").text) == {"counts.0.counted"}
    assert wrong_fields(counted("2", "2").text) == {"counts.0.reason", "counts.1.reason"}
    refused = counted("2", "2", _1="坏了")
    assert (refused.status_code, wrong_fields(refused.text)) == (422, {"counts.0.reason"})
    assert typed(refused.text, "counts.1.reason") == "坏了"
    assert counted("2", "2", _0="少了", _1="坏了").status_code == 303
    with transaction(write=False):
        found = {(each.counted, each.reason) for each in session.scalars(select(DayCount))}
    assert found == {(2, "少了"), (2, "坏了")}
    rewards.must_agree()


def test_a_closed_day_is_opened_again_by_a_colleague_only(
    app: Flask, scene: Scene, manager: FlaskClient, colleague: Person, counter: str
) -> None:
    other = browser(app, colleague)
    page = _close(manager, counter, 5).headers["Location"]
    assert "请另一位同事" in manager.get(page).text
    form = form_on(other.get(page), f"{page}/reopen")
    for client, status in ((manager, 409), (other, 303)):
        fields = form.fields | {"csrf_token": _token(client), "reason": "漏了一箱"}
        assert client.post(f"{page}/reopen", data=fields).status_code == status
    assert "漏了一箱" in manager.get(page).text
    assert _close(manager, counter, 5).status_code == 303


def _token(client: FlaskClient) -> str:
    cookie = client.get_cookie("csrf_access_token")
    assert cookie is not None
    return cookie.value


def test_another_stations_closed_day_is_not_here(
    app: Flask, scene: Scene, manager: FlaskClient, counter: str
) -> None:
    page = _close(manager, counter, 5).headers["Location"]
    with transaction():
        next_door = make.station("隔壁驿站")
        both = make.staff("station-manager", region_code=make.CITY)
    client = browser(app, both)
    assert client.get(page).status_code == 200
    assert client.get(page.replace(str(scene.station.id), str(next_door.id))).status_code == 404


def test_a_hand_over_is_asked_back_once_the_quarter_of_an_hour_is_over(
    scene: Scene, manager: FlaskClient, counter: str, clock: StandingClock
) -> None:
    page = f"{counter}/vouchers/{scene.hand_over(scene.reserve()).id}"
    assert "申请退还" not in manager.get(page).text
    clock.advance(minutes=16)
    form = form_on(manager.get(page), f"{page}/refund")
    unsaid = manager.post(f"{page}/refund", data=form.fields | {"came_back": "yes"})
    assert (unsaid.status_code, wrong_fields(unsaid.text)) == (422, {"reason"})
    assert send(manager, page, f"{page}/refund", reason="瓶子漏水", came_back="no").status_code == 303
    asked = one(Refund)
    assert (asked.reason, asked.came_back, asked.state) == ("瓶子漏水", False, "waiting")
    shown = manager.get(page).text
    assert ("等主管部门批" in shown, f"{page}/refund" in shown) == (True, False)


def test_last_months_statement_is_made_and_handed_out_on_paper(
    app: Flask, scene: Scene, counter: str, clock: StandingClock
) -> None:
    scene.hand_over(scene.reserve())
    clock.advance(days=32)
    manager = browser(app, person(scene.manager))
    assert send(manager, f"{counter}/settlements", f"{counter}/settlements").status_code == 303
    made = one(Settlement)
    assert made.month == (clock_module.city_day(clock.at).replace(day=1) - timedelta(days=1)).replace(day=1)
    shown = manager.get(f"{counter}/settlements").text
    for paper, begins in (("pdf", b"%PDF"), ("xlsx", b"PK")):
        path = f"/settlements/{made.id}/statement.{paper}"
        assert path in shown
        assert manager.get(path).data.startswith(begins)
    assert f'action="{counter}/settlements"' not in shown
