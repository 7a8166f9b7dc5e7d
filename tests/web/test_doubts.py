"""Second looks in pages: the desk says what does not go together, not whose it is; the rider reads why, and answers."""

from __future__ import annotations

import pytest

from app.identity.models import Person
from app.kernel.db import session, transaction
from tests import make as people
from tests.doubts import make
from tests.web.make import browser, send, wrong_fields

DESK = "/desk/doubts"


@pytest.fixture
def town(app, clock):
    return make.town()


@pytest.fixture
def doubted(town, clock):
    town.check_in(town.here)
    clock.advance(minutes=3)
    town.check_in(town.there)
    return make.look(clock)


@pytest.fixture
def desk(app, town):
    with transaction(write=False):
        someone = session.get_one(Person, town.first.id)
    return browser(app, someone)


@pytest.fixture
def phone(app, town):
    return browser(app, town.rider)


def test_the_desk_says_what_and_not_whose(desk, doubted):
    page = desk.get(DESK).text
    assert "梅园驿站" in page
    assert "江北驿站" in page
    assert "15.0 公里" in page
    assert "王小明" not in page
    assert "王师傅" not in page
    assert f'href="{DESK}"' in page


def test_one_tap_sets_it_free(desk, town, doubted):
    assert send(desk, DESK, f"{DESK}/{doubted[0].id}/in-order", words="站长两处都见过他").status_code == 303
    assert "已记下，照常算" in desk.get(DESK).text
    assert (town.balance().usable, town.balance().held) == (5, 5)


def test_what_does_not_hold_needs_a_reason_and_a_second_person(desk, town, doubted):
    path = f"{DESK}/{doubted[0].id}/wanting"
    assert wrong_fields(send(desk, DESK, path, words="").text) == {"words"}
    assert send(desk, DESK, path, words="站长说那天是别人拿截图来刷的").status_code == 303
    assert "等第二个人定" in desk.get(DESK).text
    assert "站长说那天是别人拿截图来刷的" in desk.get("/desk/unwinding").text
    assert town.balance().usable == 0


def test_the_rider_reads_why_until_when_and_can_say_how_it_was(phone, doubted):
    wallet = phone.get("/points").text
    assert "另有 10 分正在核实" in wallet
    page = phone.get("/points/doubts").text
    assert page.count("15.0 公里") == 2
    assert page.count("11月26日 周四") == 2
    assert page.count("#question") == 2
    assert "Points being looked at" in phone.get("/points/doubts", headers={"Accept-Language": "en"}).text


def test_a_rider_sees_whether_the_first_or_a_second_person_has_still_to_look(phone, town, doubted):
    page = phone.get("/points/doubts").text
    assert (page.count("最晚有人看"), page.count("第二个人最晚")) == (2, 0)
    make.wanting(doubted[0], town.first)
    page = phone.get("/points/doubts").text
    assert (page.count("最晚有人看"), page.count("第二个人最晚")) == (1, 1)


def test_a_message_leads_there(phone, doubted):
    assert "/points/doubts" in phone.get("/inbox").text


def test_what_came_of_it_stays_to_be_read(phone, town, doubted):
    make.in_order(doubted[0], town.first)
    page = phone.get("/points/doubts").text
    assert "核实过，没问题" in page
    assert "站长说两处都见过他" in page
    assert "另有 5 分正在核实" in phone.get("/points").text


def test_somebody_elses_are_not_shown(app, doubted, town):
    with transaction():
        other = people.rider("李师傅", name="李大力")
    assert "公里" not in browser(app, other).get("/points/doubts").text
