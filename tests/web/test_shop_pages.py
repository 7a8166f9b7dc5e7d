"""The shop shows what things look like and where they are; a voucher goes on paper, also for those without a phone."""

from __future__ import annotations

import io
from typing import Any

import pypdf
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.audit.models import AuditRecord
from app.identity.actors import SYSTEM
from app.kernel import clock as clock_module
from app.kernel.db import transaction
from app.kernel.geo import Position
from app.notices.models import Notice
from app.rewards import catalogue, stocking
from app.rewards.models import Voucher
from tests import make
from tests.media.make import jpeg
from tests.rewards import make as rewards
from tests.rewards.make import Scene
from tests.web.make import browser, one, person, read, send, staff, wrong_fields

PHONE = "13800138000"


@pytest.fixture
def scene(app: Flask) -> Scene:
    return rewards.scene()


@pytest.fixture
def rider(app: Flask, scene: Scene) -> FlaskClient:
    return browser(app, person(scene.rider))


def test_a_photo_is_shown_in_the_list_and_on_the_page(scene: Scene, rider: FlaskClient) -> None:
    photo = f"/api/v1/rewards/{scene.reward.id}/photo"
    assert photo not in rider.get("/shop").text
    with transaction():
        department = make.actor(make.staff("department", region_code=make.CITY))
        catalogue.picture(reward_id=scene.reward.id, photo=jpeg(), by=department, at=clock_module.now())
    assert f"{photo}?size=thumb" in rider.get("/shop").text
    assert photo in rider.get(f"/shop/{scene.reward.id}").text
    assert rider.get(f"{photo}?size=thumb").data.startswith(b"\xff\xd8")


def test_where_a_station_has_none_the_nearest_that_has_some_is_named(
    scene: Scene, rider: FlaskClient
) -> None:
    page = f"/shop/{scene.reward.id}"
    assert "现在没货的驿站" not in rider.get(page).text
    with transaction():
        bare = make.station("南站驿站")
        where: dict[str, Any] = {"reward_id": scene.reward.id, "station_id": bare.id}
        why: dict[str, Any] = {"quantity": 2, "reason": "受潮", "by": SYSTEM, "at": clock_module.now()}
        stocking.deliver(**where, **why)
        stocking.write_off(**where, **why)
        far = make.station("远驿站", position=Position(32.3, 118.8))
        stocking.deliver(reward_id=scene.reward.id, station_id=far.id, **why)
    shown = rider.get(page).text
    assert "现在没货的驿站" in shown
    assert f"最近有货：{scene.station.name}" in shown


def test_hours_are_said_where_a_reward_has_its_own(app: Flask) -> None:
    scene = rewards.scene(pick_up_hours=[[["10:00", "14:00"]], *[[] for _ in range(6)]])
    shown = browser(app, person(scene.rider)).get(f"/shop/{scene.reward.id}").text
    assert ("10:00–14:00" in shown, shown.count("不发")) == (True, 6)


def test_a_waiting_voucher_is_printed_by_its_rider(scene: Scene, rider: FlaskClient) -> None:
    voucher = scene.reserve()
    paper = f"/vouchers/{voucher.id}/paper.pdf"
    assert paper in rider.get(f"/vouchers/{voucher.id}").text
    words = pypdf.PdfReader(io.BytesIO(rider.get(paper).data)).pages[0].extract_text()
    assert scene.station.name in words
    assert voucher.serial in words.replace(" ", "")  # typed where no scanner reads it
    scene.hand_over(voucher)
    assert paper not in rider.get(f"/vouchers/{voucher.id}").text


def test_a_station_reserves_for_a_rider_without_a_phone_and_prints_it(app: Flask, scene: Scene) -> None:
    with transaction():
        plain = rewards.a_rider("老陈", points=50, phone=f"+86{PHONE}")
    manager = browser(app, person(scene.manager))
    counter = f"/station/{scene.station.id}"
    page = f"{counter}/on-behalf"
    assert page in manager.get(counter).text
    assert read(manager.get(page).text).inline == []
    what = {"reward_id": str(scene.reward.id), "reason": "用老人机"}
    unknown = send(manager, page, page, phone="13900139000", **what)
    assert (unknown.status_code, wrong_fields(unknown.text)) == (422, {"phone"})
    made = send(manager, page, page, phone=PHONE, **what)
    voucher = one(Voucher)
    assert made.headers["Location"] == f"{counter}/vouchers/{voucher.id}"
    assert (voucher.person_id, voucher.reserved_by) == (plain.id, scene.manager.id)
    paper = f"/vouchers/{voucher.id}/paper.pdf"
    assert paper in manager.get(made.headers["Location"]).text
    assert manager.get(paper).data.startswith(b"%PDF")
    logged = one(AuditRecord, action="voucher.reserved-on-behalf")
    assert (logged.actor_id, logged.facts["reason"]) == (scene.manager.id, "用老人机")
    assert one(Notice, person_id=plain.id, about_id=voucher.id).slug
    assert rewards.balance_of(plain) == (30, 20)


def test_nobody_else_reserves_on_a_riders_behalf(app: Flask, scene: Scene) -> None:
    page = f"/station/{scene.station.id}/on-behalf"
    with transaction():
        next_door = make.station("隔壁驿站")
        others = make.staff("station-manager", station_id=next_door.id)
    for someone in (person(scene.rider), others, staff("department")):
        assert browser(app, someone).get(page).status_code == 403
