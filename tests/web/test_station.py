"""The counter and the shelf in a browser without script."""

from __future__ import annotations

import io

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.audit.models import AuditRecord
from app.codes.kinds import voucher as voucher_code
from app.codes.showing import show_personal_code
from app.identity.actors import Actor
from app.identity.models import Person
from app.kernel import clock as clock_module
from app.kernel import i18n
from app.kernel.db import session, transaction
from app.rewards.models import MOVEMENTS
from tests import make
from tests.conftest import StandingClock
from tests.rewards import make as rewards
from tests.rewards.make import Scene
from tests.web.make import browser, form_on, read, send, wrong_fields

PAGES = ("", "/stock", "/invite", "/poster")


@pytest.fixture
def scene(app: Flask) -> Scene:
    return rewards.scene()


@pytest.fixture
def counter(scene: Scene) -> str:
    return f"/station/{scene.station.id}"


@pytest.fixture
def manager(app: Flask, scene: Scene) -> FlaskClient:
    return browser(app, _person(scene.manager))


def _person(actor: Actor) -> Person:
    with transaction():
        found = session.get(Person, actor.person_id)
    assert found is not None
    return found


def _rider_code(scene: Scene) -> str:
    with transaction():
        return show_personal_code(by=scene.rider, at=clock_module.now()).digits


def _scan(client: FlaskClient, counter: str, text: str) -> TestResponse:
    return send(client, counter, f"{counter}/scan", text=text)


def _tone(response: TestResponse) -> str | None:
    found = [attributes for tag, attributes in read(response.text).tags if tag == "main"]
    return found[0].get("data-tone")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_for_its_station_only(app: Flask, scene: Scene, manager: FlaskClient, page: str) -> None:
    path = f"/station/{scene.station.id}{page}"
    shown = manager.get(path)
    assert shown.status_code == 200
    assert read(shown.text).inline == []
    with transaction():
        next_door = make.station("隔壁驿站")
        others = make.staff("station-manager", station_id=next_door.id)
        dispatcher = make.staff("dispatcher", region_code=make.CITY)
    for someone in (_person(scene.rider), others, dispatcher):
        assert browser(app, someone).get(path).status_code == 403
    assert browser(app).get(path).headers["Location"].startswith("/sign-in")


def test_whoever_has_one_station_goes_straight_there(
    app: Flask, scene: Scene, manager: FlaskClient, counter: str
) -> None:
    assert manager.get("/station").headers["Location"] == counter
    assert manager.get("/desk").headers["Location"] == "/station"
    with transaction():
        city = make.staff("station-manager", region_code=make.CITY)
        make.station("隔壁驿站")
    both = browser(app, city).get("/station").text
    assert "隔壁驿站" in both
    assert counter in both


def test_a_riders_code_opens_the_riders_page_and_a_reward_goes_over_the_counter(
    scene: Scene, manager: FlaskClient, counter: str
) -> None:
    page = _scan(manager, counter, _rider_code(scene)).headers["Location"]
    shown = manager.get(page).text
    assert "可用 100 分" in shown
    assert scene.stock() == (5, 0)
    done = send(manager, page, f"{page}/give", reward_id=str(scene.reward.id))
    assert "兑换成功" in manager.get(done.headers["Location"]).text
    assert (scene.stock(), scene.balance()) == ((4, 0), (80, 0))
    rewards.must_agree()


def test_what_the_rider_cannot_pay_is_refused_in_plain_words(
    scene: Scene, manager: FlaskClient, counter: str
) -> None:
    with transaction():
        dear = rewards.reward(scene.station, points=400, name_zh="头盔", name_en="Helmet")
    page = _scan(manager, counter, _rider_code(scene)).headers["Location"]
    assert "还差 300 分" in manager.get(page).text
    refused = send(manager, page, f"{page}/give", reward_id=str(dear.id))
    assert (refused.status_code, _tone(refused)) == (409, "bad")
    assert scene.balance() == (100, 0)


def test_the_two_minutes_after_a_scan_end(
    scene: Scene, manager: FlaskClient, counter: str, clock: StandingClock
) -> None:
    page = _scan(manager, counter, _rider_code(scene)).headers["Location"]
    form = form_on(manager.get(page), f"{page}/give")
    clock.advance(minutes=3)
    refused = manager.post(f"{page}/give", data=form.fields | {"reward_id": str(scene.reward.id)})
    assert (refused.status_code, _tone(refused)) == (410, "warn")
    assert scene.stock() == (5, 0)


def test_a_voucher_is_looked_at_confirmed_and_taken_back(
    scene: Scene, manager: FlaskClient, counter: str
) -> None:
    voucher = scene.reserve()
    page = _scan(manager, counter, voucher_code.make(voucher.serial)).headers["Location"]
    assert page == f"{counter}/vouchers/{voucher.id}"
    assert "data-confirm" in manager.get(page).text
    assert scene.stock() == (5, 1)  # scanning alone hands nothing over
    form = form_on(manager.get(page), f"{page}/confirm")
    first, again = (manager.post(f"{page}/confirm", data=form.fields) for _ in range(2))
    assert first.headers["Location"] == again.headers["Location"] == page
    assert 'data-result="ok"' in manager.get(page).text
    assert (scene.stock(), scene.balance()) == ((4, 0), (80, 0))
    assert send(manager, page, f"{page}/undo").status_code == 303
    assert 'data-result="warn"' in manager.get(page).text
    assert (scene.stock(), scene.balance()) == ((5, 0), (100, 0))
    rewards.must_agree()


def test_the_counter_says_what_was_given_and_not_to_whom(
    scene: Scene, manager: FlaskClient, counter: str
) -> None:
    voucher = scene.reserve()
    scene.hand_over(voucher)
    front, behind = manager.get(counter).text, manager.get(f"{counter}/vouchers/{voucher.id}").text
    assert f'href="{counter}/vouchers/{voucher.id}"' in front
    assert ("王*明" in front, "王*明" in behind) == (False, True)
    with transaction(write=False):
        assert session.query(AuditRecord).filter_by(action="voucher.seen").count() == 1


def test_the_number_under_a_voucher_can_be_typed(scene: Scene, manager: FlaskClient, counter: str) -> None:
    voucher = scene.reserve()
    typed = f"{voucher.serial[:4]} {voucher.serial[4:8]} {voucher.serial[8:]}"
    assert _scan(manager, counter, typed).headers["Location"] == f"{counter}/vouchers/{voucher.id}"
    wide = "".join(chr(0xFEE0 + ord(each)) for each in voucher.serial)  # an input method in its wide mode
    assert _scan(manager, counter, f"{wide}　").headers["Location"] == f"{counter}/vouchers/{voucher.id}"


def test_a_used_voucher_is_yellow_and_the_next_scan_starts_there(
    scene: Scene, manager: FlaskClient, counter: str
) -> None:
    voucher = scene.reserve()
    scene.hand_over(voucher)
    refused = _scan(manager, counter, voucher_code.make(voucher.serial))
    assert (refused.status_code, _tone(refused)) == (409, "warn")
    assert "已经领过" in refused.text
    form_on(refused, f"{counter}/scan")


def test_a_voucher_of_another_station_is_red_and_says_where_it_is_good(
    scene: Scene, manager: FlaskClient, counter: str
) -> None:
    with transaction():
        next_door = make.station("隔壁驿站")
        other = rewards.reward(next_door, name_zh="雨衣", name_en="Raincoat")
    with transaction():
        voucher = rewards.reserve(other, next_door, scene.rider)
    refused = _scan(manager, counter, voucher_code.make(voucher.serial))
    assert (refused.status_code, _tone(refused)) == (409, "bad")
    assert "隔壁驿站" in refused.text
    assert manager.get(f"{counter}/vouchers/{voucher.id}").status_code in (404, 409)


def test_an_expired_voucher_is_red(
    app: Flask, scene: Scene, counter: str, manager: FlaskClient, clock: StandingClock
) -> None:
    voucher = scene.reserve()
    clock.advance(days=60)
    late = browser(app, _person(scene.manager))
    refused = _scan(late, counter, voucher_code.make(voucher.serial))
    assert (refused.status_code, _tone(refused)) == (409, "bad")
    assert "到期" in refused.text


def test_nonsense_is_red_and_says_what_to_do(scene: Scene, manager: FlaskClient, counter: str) -> None:
    refused = _scan(manager, counter, "hello")
    assert (refused.status_code, _tone(refused)) == (400, "bad")


def test_a_photo_without_a_code_says_so(scene: Scene, manager: FlaskClient, counter: str) -> None:
    form = form_on(manager.get(counter), f"{counter}/scan/photo")
    sent = manager.post(f"{counter}/scan/photo", data=form.fields | {"photo": (io.BytesIO(b""), "x.jpg")})
    assert sent.status_code == 422


def test_a_delivery_is_written_down_and_a_loss_needs_a_reason(
    scene: Scene, manager: FlaskClient, counter: str
) -> None:
    page = f"{counter}/stock"
    reward = str(scene.reward.id)
    assert send(manager, page, page, what="delivery", reward_id=reward, quantity="7").status_code == 303
    assert scene.stock() == (12, 0)
    refused = send(manager, page, page, what="write-off", reward_id=reward, quantity="3")
    assert refused.status_code == 422
    told = {
        attributes.get("name"): attributes for tag, attributes in read(refused.text).tags if tag == "input"
    }
    assert told["quantity"]["value"] == "3"
    assert told["reason"]["aria-invalid"] == "true"
    assert scene.stock() == (12, 0)
    assert (
        send(manager, page, page, what="write-off", reward_id=reward, quantity="3", reason="破了").status_code
        == 303
    )
    assert scene.stock() == (9, 0)


def test_what_never_came_here_is_told_at_the_reward(scene: Scene, manager: FlaskClient, counter: str) -> None:
    with transaction():
        new = str(rewards.reward().id)
    page = f"{counter}/stock"
    refused = send(manager, page, page, what="count", reward_id=new, quantity="3", reason="数过")
    assert refused.status_code == 404
    assert wrong_fields(refused.text) == {"reward_id"}


def test_nothing_delivered_or_lost_is_no_movement_but_nothing_may_be_counted(
    scene: Scene, manager: FlaskClient, counter: str
) -> None:
    page, about = f"{counter}/stock", {"reward_id": str(scene.reward.id), "quantity": "0", "reason": "空"}
    for what in ("delivery", "write-off"):
        refused = send(manager, page, page, what=what, **about)
        assert refused.status_code == 422
        assert "不能小于 1" in refused.text
    assert scene.stock() == (5, 0)
    assert send(manager, page, page, what="count", **about).status_code == 303
    assert scene.stock() == (0, 0)


def test_every_movement_has_its_word() -> None:
    for kind in MOVEMENTS:
        assert i18n.say(f"web.stock.{kind.replace('_', '-')}")


def test_an_invitation_shows_its_pin_once(scene: Scene, manager: FlaskClient, counter: str) -> None:
    page = f"{counter}/invite"
    made = send(manager, page, page)
    assert made.status_code == 200
    assert "<svg" in made.text
    assert 'class="key"' in made.text
    assert 'class="key"' not in manager.get(page).text
