"""Giving and taking points on the desk: a reason the rider reads, a second person above the limit, never one's own."""

from __future__ import annotations

import pytest

from app.kernel.db import transaction
from app.ledger.accounts import wallet_of
from app.ledger.queries import balance_of
from tests import make
from tests.ledger import make as points
from tests.web.make import browser, send, wrong_fields

HERE = "/desk/ledger/corrections"
PHONE = "13800138077"


@pytest.fixture
def colleagues(app, city):
    with transaction():
        two = [make.staff("department", region_code=make.CITY, name=name) for name in ("孙部门", "周部门")]
    return [browser(app, each) for each in two]


@pytest.fixture
def li(city):
    with transaction():
        someone = make.rider("李师傅", name="李小明", phone=f"+86{PHONE}")
        points.give(someone.id, 30)
        return someone


def usable(someone):
    with transaction(write=False):
        return balance_of(someone.id).usable


def ask(client, **form):
    given = {"phone": PHONE, "way": "give", "points": "40", "reason": "上周签到漏记了"} | form
    return send(client, HERE, HERE, **given)


def test_points_are_given_by_phone_number_and_the_rider_reads_why(app, colleagues, li):
    first, _ = colleagues
    assert ask(first).headers["Location"].startswith(HERE)
    assert usable(li) == 70
    shown = first.get(HERE).text
    assert ("李*明" in shown, "李小明" in shown, PHONE in shown) == (True, False, False)
    rider = browser(app, li)
    assert "上周签到漏记了" in rider.get("/points").text
    assert "少记了 40 分" in rider.get("/inbox").text


def test_above_the_limit_another_agrees(colleagues, li):
    first, second = colleagues
    assert ask(first, points="500").status_code == 303
    assert usable(li) == 30
    mine, theirs = first.get(HERE).text, second.get(HERE).text
    assert ('value="agree"' in mine, 'value="agree"' in theirs) == (False, True)
    assert "同意后骑手有 530 分可用" in theirs
    decision = next(part.split('"')[0] for part in theirs.split('action="') if part.startswith(HERE + "/"))
    assert send(second, HERE, decision, decision="agree").status_code == 303
    assert usable(li) == 530
    assert "已记账" in first.get(HERE).text


def test_taking_leaves_nobody_below_none_and_what_was_typed_stays(colleagues, li):
    first, second = colleagues
    wrong = ask(first, way="take", points="31")
    assert (wrong.status_code, wrong_fields(wrong.text)) == (409, {"points"})
    assert "上周签到漏记了" in wrong.text
    assert ask(first, way="take", points="30").status_code == 303
    assert usable(li) == 0
    assert ask(first, way="take", points="300").status_code == 303
    theirs = second.get(HERE).text
    assert "不够扣" in theirs
    assert 'value="agree"' not in theirs


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"phone": "13900000000"}, 404, "phone"),
        ({"phone": ""}, 422, "phone"),
        ({"points": "0"}, 422, "points"),
        ({"reason": "错"}, 422, "reason"),
    ],
)
def test_a_mistake_in_the_form_is_told_at_its_field(colleagues, li, change, status, field):
    wrong = ask(colleagues[0], **change)
    assert (wrong.status_code, wrong_fields(wrong.text)) == (status, {field})
    assert usable(li) == 30


def test_from_a_wallets_statement_the_rider_is_known(app, colleagues, li):
    first, _ = colleagues
    with transaction():
        wallet_id = wallet_of(li.id).id
    address = f"{HERE}?person_id={li.id}"
    assert f"{address}#correct" in first.get(f"/desk/ledger/accounts/{wallet_id}").text
    shown = first.get(address).text
    assert "李*明" in shown
    assert 'name="phone"' not in shown
    assert send(first, address, address, way="give", points="5", reason="少了一次签到").status_code == 303
    assert usable(li) == 35
    with transaction():
        elsewhere = make.staff("department", region_code=make.XUANWU)
    assert browser(app, elsewhere).get(address).status_code == 403
