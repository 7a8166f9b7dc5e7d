"""The wallet and the shop in a browser without script."""

from __future__ import annotations

from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.codes.kinds import voucher as voucher_code
from app.identity.actors import SYSTEM
from app.identity.models import Person
from app.kernel import clock
from app.kernel.db import session, transaction
from app.ledger.accounts import issuance_of, wallet_of
from app.ledger.models import Entry
from app.ledger.posting import Leg, post
from app.places.models import Station
from app.rewards.models import Reward, Stock, StockMovement, Voucher
from tests import make
from tests.web.make import browser, form_on, read, send


@pytest.fixture
def points(wang: Person) -> None:
    with transaction():
        legs = [Leg(issuance_of(make.CITY, "2026Q4").id, -100), Leg(wallet_of(wang.id).id, 100)]
        words = {"slug": "ledger.told", "text": {"zh": "每天首次到站签到", "en": "First check-in"}}
        post(kind="given", source="test:1", legs=legs, words=words, by=SYSTEM, at=clock.now())


@pytest.fixture
def water(city: Station) -> Reward:
    with transaction():
        reward = Reward(
            name_zh="矿泉水",
            name_en="Water",
            kind="goods",
            points=20,
            region_code=make.CITY,
            offered_at=clock.now(),
        )
        session.add(reward)
        session.flush()
        stock = Stock(reward_id=reward.id, station_id=city.id)
        session.add(stock)
        session.flush()
        session.add(StockMovement(stock_id=stock.id, kind="delivery", quantity=2, at=clock.now()))
        session.flush()
    return reward


def test_every_line_says_why(rider: FlaskClient, points: None) -> None:
    page = rider.get("/points").text
    assert "每天首次到站签到" in page
    links = [attributes["href"] for tag, attributes in read(page).tags if tag == "a"]
    line = next(str(each) for each in links if str(each).startswith("/points/"))
    assert "每天首次到站签到" in rider.get(line).text
    assert send(rider, line, line, words="是不是记错了").status_code == 303


def test_what_runs_out_is_told_month_by_month_by_its_last_day(rider: FlaskClient, wang: Person) -> None:
    with transaction():
        for due_on, amount in ((date(2026, 12, 3), 5), (date(2026, 12, 20), 7), (date(2027, 2, 28), 11)):
            legs = [
                Leg(issuance_of(make.CITY, "2026Q4").id, -amount),
                Leg(wallet_of(wang.id).id, amount, expires_on=due_on),
            ]
            words = {"slug": "ledger.told", "text": {"zh": "首次", "en": "First"}}
            post(kind="given", source=f"test:{amount}", legs=legs, words=words, by=SYSTEM, at=clock.now())
    told = rider.get("/points").text.split("<details", 1)[1].split("</details>", 1)[0]
    assert [each.split(" 分", 1)[0] for each in told.split("<li>")[1:]] == ["12", "11"]
    assert "12月20日" in told


def test_a_second_question_about_a_line_is_not_said_to_be_taken(rider: FlaskClient, points: None) -> None:
    links = [attributes["href"] for tag, attributes in read(rider.get("/points").text).tags if tag == "a"]
    line = next(str(each) for each in links if str(each).startswith("/points/"))
    first = send(rider, line, line, words="是不是记错了")
    assert "收到" in rider.get(first.headers["Location"]).text
    second = send(rider, line, line, words="还有一件事")
    assert second.headers["Location"] == first.headers["Location"]
    assert "没有另外记下" in rider.get(second.headers["Location"]).text


def test_nobody_reads_anothers_line(rider: FlaskClient, points: None) -> None:
    with transaction():
        other = make.rider("李师傅")
    with transaction(write=False):
        entry_id = session.scalars(select(Entry.id).where(Entry.amount > 0)).one()
    assert browser(rider.application, other).get(f"/points/{entry_id}").status_code == 404


def test_it_reserves_once_and_shows_a_code(
    rider: FlaskClient, points: None, water: Reward, city: Station
) -> None:
    page = f"/shop/{water.id}"
    fields = form_on(rider.get(page), page).fields | {"station_id": str(city.id)}
    first, second = rider.post(page, data=fields), rider.post(page, data=fields)
    assert first.headers["Location"] == second.headers["Location"]
    with transaction(write=False):
        assert session.scalar(select(func.count()).select_from(Voucher)) == 1
        serial = session.scalars(select(Voucher.serial)).one()
    shown = rider.get(first.headers["Location"]).text
    assert 'class="qr"' in shown
    assert 'shape-rendering="crispEdges"' in shown
    assert voucher_code.make(serial)[:4] in shown


def test_it_says_how_far_it_is(rider: FlaskClient, water: Reward, city: Station) -> None:
    assert "还差 20 分" in rider.get("/shop").text
    page = f"/shop/{water.id}"
    response = send(rider, page, page, station_id=str(city.id))
    assert response.status_code == 409
    assert "20" in response.text


def test_giving_up_a_voucher_needs_a_form(
    rider: FlaskClient, points: None, water: Reward, city: Station
) -> None:
    page = f"/shop/{water.id}"
    voucher = send(rider, page, page, station_id=str(city.id)).headers["Location"]
    assert rider.get(f"{voucher}/cancel").status_code == 405
    assert send(rider, voucher, f"{voucher}/cancel").status_code == 303
    assert "已取消" in rider.get(voucher).text


def test_nobody_sees_anothers_voucher(rider: FlaskClient, points: None, water: Reward, city: Station) -> None:
    page = f"/shop/{water.id}"
    voucher = send(rider, page, page, station_id=str(city.id)).headers["Location"]
    with transaction():
        other = make.rider("李师傅")
    assert browser(rider.application, other).get(voucher).status_code == 404
