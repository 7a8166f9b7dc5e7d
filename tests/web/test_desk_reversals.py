"""Taking back one entry on the desk: what will happen is said before, a second person decides, the rider reads why."""

from __future__ import annotations

import pytest

from app.kernel.db import transaction
from app.ledger.accounts import wallet_of
from app.ledger.posting import entry_of
from app.ledger.queries import balance_of
from tests import make
from tests.ledger import make as points
from tests.web.make import browser, send

LIST = "/desk/ledger/reversals"


@pytest.fixture
def colleagues(app, city):
    with transaction():
        two = [make.staff("department", region_code=make.CITY, name=name) for name in ("孙部门", "周部门")]
    return [browser(app, each) for each in two]


def mistake(wang, number):
    """A line in the rider's wallet that was booked by mistake, and its page."""
    with transaction():
        wallet_id = wallet_of(wang.id).id
        booked = points.give(wang.id, number, kind="correction", source=f"mistake:{number}")
        entry_id = entry_of(booked.source, wallet_id)
    return wallet_id, entry_id, f"/desk/ledger/entries/{entry_id}/reversal"


def usable(wang):
    with transaction(write=False):
        return balance_of(wang.id).usable


def test_a_small_mistake_is_taken_back_from_the_statement_and_the_rider_reads_why(colleagues, rider, wang):
    first, _ = colleagues
    wallet_id, entry_id, address = mistake(wang, 40)
    assert address in first.get(f"/desk/ledger/accounts/{wallet_id}").text
    seen = first.get(address).text
    assert "40 分从“可用积分”回到“更正”" in seen
    assert "收回后骑手还有 0 分可用" in seen
    assert "确认后马上记账" in seen
    assert send(first, address, address, reason="同一次签到记了两遍").status_code == 303
    assert usable(wang) == 0
    wallet = rider.get("/points").text
    assert "这笔记错了，收回 40 分：同一次签到记了两遍。" in wallet
    assert "#question" in wallet
    assert "收回了" in rider.get(f"/points/{entry_id}").text
    assert "收回 40 分：同一次签到记了两遍。" in rider.get("/inbox").text
    assert first.get(address).status_code == 409


def test_a_big_one_waits_for_another(colleagues, wang):
    first, second = colleagues
    _, _, address = mistake(wang, 300)
    assert "要另一位同事同意才记账" in first.get(address).text
    assert send(first, address, address, reason="记了两遍").headers["Location"] == LIST
    assert usable(wang) == 300
    assert "已经有人提出收回" in second.get(address).text
    mine, theirs = first.get(LIST).text, second.get(LIST).text
    assert 'value="agree"' not in mine
    assert "撤回我的申请" in mine
    assert 'value="agree"' in theirs
    assert "300 分从“可用积分”回到“更正”" in theirs
    decision = next(part.split('"')[0] for part in theirs.split('action="') if part.startswith(LIST))
    assert send(second, LIST, decision, decision="agree").status_code == 303
    assert usable(wang) == 0
    assert "已收回" in first.get(LIST).text


def test_what_was_spent_and_what_is_reserved_is_said_before(colleagues, wang):
    first, _ = colleagues
    _, _, address = mistake(wang, 50)
    with transaction():
        points.held(wang.id, 30)
    seen = first.get(address).text
    assert "其中 30 分骑手已经用掉或留着兑换：由项目承担" in seen
    assert "为兑换留着的 30 分不动" in seen
    assert send(first, address, address, reason="记了两遍").status_code == 303
    with transaction():
        assert (balance_of(wang.id).usable, balance_of(wang.id).held) == (0, 30)


def test_no_reason_is_named_at_its_field(colleagues, wang):
    first, _ = colleagues
    _, _, address = mistake(wang, 20)
    answer = send(first, address, address, reason="错")
    assert answer.status_code == 422
    assert 'id="e-reason"' in answer.text
    assert usable(wang) == 20


def test_who_only_reads_the_books_sees_no_way_to_change_them(app, city, wang):
    wallet_id, _, address = mistake(wang, 20)
    with transaction():
        someone = make.staff("auditor", region_code=make.CITY)
    auditor = browser(app, someone)
    assert address not in auditor.get(f"/desk/ledger/accounts/{wallet_id}").text
    assert auditor.get(address).status_code == 403
    assert auditor.get(LIST).status_code == 403
