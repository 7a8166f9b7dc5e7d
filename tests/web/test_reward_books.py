"""The department's side of the books: what one person asks or signs, another decides or pays."""

from __future__ import annotations

import io

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.identity.models import Person
from app.kernel import clock as clock_module
from app.kernel.db import transaction
from app.rewards import shop
from app.rewards.books import refunding
from app.rewards.books.models import Refund, Settlement
from app.rewards.models import Reward
from tests import make
from tests.conftest import StandingClock
from tests.media.make import jpeg
from tests.rewards import make as rewards
from tests.rewards.make import Scene
from tests.web.make import browser, desk, form_on, one, person, read, send, staff, typed, wrong_fields

REFUNDS, SETTLEMENTS = "/desk/rewards/refunds", "/desk/rewards/settlements"


@pytest.fixture
def scene(app: Flask) -> Scene:
    return rewards.scene()


@pytest.fixture
def department(app: Flask, scene: Scene) -> FlaskClient:
    return desk(app, "department")


def _asked(scene: Scene, clock: StandingClock, by: Person | None = None) -> Refund:
    voucher = scene.hand_over(scene.reserve())
    clock.advance(minutes=16)
    with transaction():
        return refunding.ask_refund(
            voucher_id=voucher.id,
            reason="瓶子漏水",
            came_back=True,
            by=make.actor(by) if by else scene.manager,
            at=clock_module.now(),
        )


def _answer(client: FlaskClient, refund: Refund, approved: str) -> TestResponse:
    path = f"{REFUNDS}/{refund.id}"
    form = form_on(client.get(REFUNDS), path)
    return client.post(path, data=form.fields | {"approved": approved})


@pytest.mark.parametrize("page", [REFUNDS, SETTLEMENTS])
def test_the_books_are_the_departments(app: Flask, scene: Scene, department: FlaskClient, page: str) -> None:
    shown = department.get(page)
    assert shown.status_code == 200
    assert read(shown.text).inline == []
    assert f'href="{page}"' in department.get("/desk/rewards").text
    for someone in (person(scene.rider), person(scene.manager), staff("auditor")):
        assert browser(app, someone).get(page).status_code == 403


@pytest.mark.parametrize(("approved", "balance"), [("yes", 100), ("no", 80)])
def test_a_refund_is_decided_and_leaves_the_list(
    scene: Scene, department: FlaskClient, clock: StandingClock, approved: str, balance: int
) -> None:
    refund = _asked(scene, clock)
    shown = department.get(REFUNDS).text
    assert ("瓶子漏水" in shown, "王*明" in shown, "王小明" in shown) == (True, True, False)
    assert _answer(department, refund, approved).status_code == 303
    assert scene.balance() == (balance, 0)
    assert "瓶子漏水" not in department.get(REFUNDS).text
    rewards.must_agree()


def test_whoever_asked_for_a_refund_is_told_that_somebody_else_decides(
    app: Flask, scene: Scene, clock: StandingClock
) -> None:
    asker = staff("department")
    refund = _asked(scene, clock, asker)
    client = browser(app, asker)
    shown = client.get(REFUNDS)
    assert "请另一个人来批" in shown.text
    assert [each for each in read(shown.text).found if each.action.startswith(f"{REFUNDS}/")] == []
    fields = {"csrf_token": _token(client), "approved": "yes", "idempotency_key": "1" * 32}
    assert client.post(f"{REFUNDS}/{refund.id}", data=fields).status_code == 409
    assert scene.balance() == (80, 0)


def _token(client: FlaskClient) -> str:
    cookie = client.get_cookie("csrf_access_token")
    assert cookie is not None
    return cookie.value


def test_one_person_signs_a_statement_and_another_pays_it(
    app: Flask, scene: Scene, clock: StandingClock
) -> None:
    scene.hand_over(scene.reserve())
    clock.advance(days=32)
    counter = f"/station/{scene.station.id}/settlements"
    send(browser(app, person(scene.manager)), counter, counter)
    made = one(Settlement)
    path = f"{SETTLEMENTS}/{made.id}"
    first, second = desk(app, "department"), desk(app, "department")
    assert f"{path}/paid" not in first.get(SETTLEMENTS).text
    assert send(first, SETTLEMENTS, f"{path}/sign").status_code == 303
    shown = first.get(SETTLEMENTS).text
    assert (f"{path}/paid" in shown, f"{path}/sign" in shown) == (False, False)
    assert scene.owed() == 20
    assert send(second, SETTLEMENTS, f"{path}/paid").status_code == 303
    assert scene.owed() == 0
    assert "已付讫" in first.get(SETTLEMENTS).text
    rewards.must_agree()


def test_a_reward_is_said_better_and_given_out_at_other_times(scene: Scene, department: FlaskClient) -> None:
    page = f"/desk/rewards/{scene.reward.id}"
    assert f'href="{page}"' in department.get("/desk/rewards").text
    form = form_on(department.get(page), page)
    assert {"points", "limit_count"} & form.names == set()  # what was promised stays
    wrong = send(department, page, page, hours_0="10-14")
    assert (wrong.status_code, wrong_fields(wrong.text)) == (422, {"hours_0"})
    assert typed(wrong.text, "hours_0") == "10-14"
    filled = {"words_zh": "500 毫升", "pick_up_days": "3", "hours_0": "10:00-14:00，17:00-19:30"}
    assert send(department, page, page, **filled).status_code == 303
    changed = one(Reward)
    assert (changed.words_zh, changed.pick_up_days, changed.points) == ("500 毫升", 3, 20)
    assert changed.pick_up_hours == [[["10:00", "14:00"], ["17:00", "19:30"]], [], [], [], [], [], []]
    assert typed(department.get(page).text, "hours_0") == "10:00-14:00, 17:00-19:30"
    assert send(department, page, page, hours_0="").status_code == 303
    assert one(Reward).pick_up_hours is None


def test_a_photo_is_put_up_and_another_districts_reward_is_not_touched(
    app: Flask, scene: Scene, department: FlaskClient
) -> None:
    page = f"/desk/rewards/{scene.reward.id}"
    form = form_on(department.get(page), f"{page}/photo")
    nothing = department.post(f"{page}/photo", data=form.fields | {"photo": (io.BytesIO(b"no"), "a.jpg")})
    assert nothing.status_code in (415, 422)
    sent = department.post(f"{page}/photo", data=form.fields | {"photo": (io.BytesIO(jpeg()), "a.jpg")})
    assert sent.status_code == 303
    photo = f"/api/v1/rewards/{scene.reward.id}/photo"
    assert photo in department.get(page).text
    assert department.get(photo).data.startswith(b"\xff\xd8")
    with transaction():
        district = make.staff("department", region_code=make.XUANWU)
    elsewhere = browser(app, district)
    assert elsewhere.get(page).status_code == 403  # it is the city's


def test_a_limit_is_offered_per_period(scene: Scene, department: FlaskClient) -> None:
    what = {"name_zh": "头盔", "name_en": "Helmet", "kind": "goods", "points": "50", "region_code": make.CITY}
    limit = {"limit_count": "1", "limit_period": "year"}
    assert send(department, "/desk/rewards", "/desk/rewards", **what, **limit).status_code == 303
    with transaction(write=False):
        newest = shop.shop(at=clock_module.now()).items[0].reward
        assert (newest.limit_count, newest.limit_period) == (1, "year")
