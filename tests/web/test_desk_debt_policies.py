"""The policy for debts on the desk: proposed by one, agreed to by another, and told to riders in plain words."""

from __future__ import annotations

from app.kernel.db import transaction
from tests import make
from tests.web.make import browser, send

HERE = "/desk/debt-policies"


def test_two_people_set_it_and_riders_read_it(app, city, rider):
    with transaction():
        people = [make.staff("department", region_code=make.CITY, name=name) for name in ("孙部门", "周部门")]
    first, second = (browser(app, each) for each in people)
    assert "由项目承担，不用骑手还" in rider.get("/rules").text
    filled = {"region_code": make.CITY, "share_percent": "30", "reason": "公示七天没有异议"}
    assert send(first, HERE, HERE, **filled).status_code == 303
    mine, theirs = first.get(HERE).text, second.get(HERE).text
    assert 'value="agree"' not in mine
    assert 'value="agree"' in theirs
    decision = next(part.split('"')[0] for part in theirs.split('action="') if part.startswith(f"{HERE}/"))
    assert send(second, HERE, decision, decision="agree").status_code == 303
    told = rider.get("/rules").text
    assert "以后每次得分拿出 30% 来补" in told
    assert "公示七天没有异议" in told
    assert "已定" in first.get(HERE).text


def test_agreed_to_late_it_begins_late_and_says_so(app, city, clock):
    with transaction():
        people = [make.staff("department", region_code=make.CITY, name=name) for name in ("孙部门", "周部门")]
    first, second = (browser(app, each) for each in people)
    filled = {
        "region_code": make.CITY,
        "share_percent": "30",
        "reason": "公示七天",
        "starts_on": "2026-11-24",
    }
    send(first, HERE, HERE, **filled)
    clock.advance(days=3)
    decision = next(
        part.split('"')[0] for part in second.get(HERE).text.split('action="') if part.startswith(f"{HERE}/")
    )
    assert send(second, HERE, decision, decision="agree").status_code == 303
    told = second.get(HERE).text
    assert "从哪天起</dt><dd>2026年11月27日</dd>" in told
    assert "决定</dt><dd>周部门 · 11月27日" in told


def test_a_share_of_nonsense_is_named_at_its_field(app, city):
    with transaction():
        someone = make.staff("department", region_code=make.CITY)
    filled = {"region_code": make.CITY, "share_percent": "130", "reason": "公示七天"}
    answer = send(browser(app, someone), HERE, HERE, **filled)
    assert answer.status_code == 422
    assert 'id="e-share_percent"' in answer.text
