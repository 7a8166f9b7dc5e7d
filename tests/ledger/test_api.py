"""The wallet and the auditor's pages over HTTP."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from app.kernel.db import session, transaction
from app.kernel.idempotency import MAX_KEY_LENGTH
from app.ledger.accounts import correction_account, pending_of
from app.ledger.models import LedgerTransaction
from app.ledger.posting import Leg
from tests import make as build
from tests.ledger import make


@pytest.fixture
def rider(app):
    with transaction():
        build.regions()
        someone = build.rider(home_region_code=build.COMMUNITY)
        for points in (5, 7, 11):
            make.give(someone.id, points)
        make.held(someone.id, 3)
    return someone


@pytest.fixture
def wallet(app, rider):
    return build.signed_in(app, rider)


def office(app, role, region_code=build.CITY):
    with transaction():
        someone = build.staff(role, region_code=region_code)
    return build.signed_in(app, someone)


def key(name="a"):
    return {"Idempotency-Key": name}


def test_i_see_my_balance(wallet, client):
    assert wallet.get("/api/v1/wallet").json == {"usable": 20, "pending": 0, "held": 3}
    assert client.get("/api/v1/wallet").status_code == 401


def test_my_balance_is_one_statement(wallet, statements):
    wallet.get("/api/v1/wallet")
    assert len([each for each in statements if "FROM accounts" in each]) == 1


def test_i_see_every_entry_and_why(wallet):
    first = wallet.get("/api/v1/wallet/entries?limit=2").json
    assert [each["amount"] for each in first["items"]] == [11, 7]
    assert first["items"][0]["explanation"] == "首次到站签到 +5"
    assert first["items"][0]["account"] == "wallet"
    rest = wallet.get(f"/api/v1/wallet/entries?limit=2&cursor={first['next_cursor']}").json
    assert [each["amount"] for each in rest["items"]] == [5]
    assert rest["next_cursor"] is None
    one = wallet.get(
        f"/api/v1/wallet/entries/{rest['items'][0]['id']}", headers={"Accept-Language": "en"}
    ).json
    assert one["explanation"] == "First check-in, +5"


@pytest.mark.once
def test_points_that_wait_stand_in_the_statement_and_open_too(rider, wallet):
    with transaction():
        legs = [Leg(correction_account().id, -9), Leg(pending_of(rider.id).id, 9)]
        make.give(rider.id, 9, legs=legs)
    newest = wallet.get("/api/v1/wallet/entries").json["items"][0]
    assert (newest["amount"], newest["account"]) == (9, "pending")
    assert wallet.get(f"/api/v1/wallet/entries/{newest['id']}").json["amount"] == 9


def test_each_of_my_entries_opens_as_itself(wallet):
    listed = wallet.get("/api/v1/wallet/entries").json["items"]
    assert [wallet.get(f"/api/v1/wallet/entries/{each['id']}").json for each in listed] == listed


def test_nobody_else_sees_my_entries(app, wallet):
    entry_id = wallet.get("/api/v1/wallet/entries").json["items"][0]["id"]
    with transaction():
        other = build.rider("李师傅")
    other_wallet = build.signed_in(app, other)
    assert other_wallet.get(f"/api/v1/wallet/entries/{entry_id}").status_code == 404
    assert other_wallet.get("/api/v1/wallet/entries").json["items"] == []
    assert office(app, "auditor").get(f"/api/v1/wallet/entries/{entry_id}").status_code == 404


def test_the_auditor_sees_that_it_sums_to_zero(app, wallet):
    rows = office(app, "auditor").get("/api/v1/ledger/trial-balance").json
    assert sum(each["balance"] for each in rows) == 0
    assert wallet.get("/api/v1/ledger/trial-balance").status_code == 403


def test_a_district_is_refused_the_sums_of_the_city(app, wallet):
    for asked in ("trial-balance", "trial-balance.csv", "liability"):
        answers = [
            office(app, "auditor", where).get(f"/api/v1/ledger/{asked}")
            for where in (build.CITY, build.XUANWU)
        ]
        assert [each.status_code for each in answers] == [200, 403]


def test_the_department_funds_a_budget_once(app, rider):
    department = office(app, "department")
    body = {"region_code": build.XUANWU, "period": "2026Q4", "points": 1000}
    for _ in range(2):
        answer = department.post("/api/v1/ledger/budgets", json=body, headers=key())
        assert (answer.status_code, answer.json["funded"], answer.json["level"]) == (201, 1000, "ok")
    assert department.post("/api/v1/ledger/budgets", json=body).status_code == 400
    assert department.post("/api/v1/ledger/budgets", json=body, headers=key("b")).json["funded"] == 2000
    assert [each["left"] for each in department.get("/api/v1/ledger/budgets").json] == [2000]
    for query, count in (("region=3201", 1), (f"region={build.QINHUAI}", 0), ("period=2026Q3", 0)):
        assert len(department.get(f"/api/v1/ledger/budgets?{query}").json) == count
    assert office(app, "auditor", build.QINHUAI).get("/api/v1/ledger/budgets").json == []


def test_a_key_as_long_as_may_be_funds_a_budget_once_and_a_short_one_stands_in_the_book_as_it_is(app, rider):
    department = office(app, "department")
    body = {"region_code": build.XUANWU, "period": "2026Q4", "points": 1000}
    longest = "k" * MAX_KEY_LENGTH
    for name, funded in ((longest, 1000), (longest, 1000), (longest[1:] + "l", 2000), ("a", 3000)):
        answer = department.post("/api/v1/ledger/budgets", json=body, headers=key(name))
        assert (answer.status_code, answer.json["funded"]) == (201, funded)
    with transaction(write=False):
        book = LedgerTransaction.__table__.c
        sources = session.scalars(
            sa.select(book.source).where(book.kind == "funding").order_by(book.id)
        ).all()
    assert max(map(len, sources)) <= book.source.type.length  # SQLite would take any length
    assert sources[-1].endswith(":a")


@pytest.mark.parametrize(
    "change", [{"points": 0}, {"points": 1.5}, {"period": "1970Q1"}, {"region_code": "x"}, {"extra": 1}]
)
def test_a_budget_of_nonsense_names_the_field(app, rider, change):
    body = {"region_code": build.XUANWU, "period": "2026Q4", "points": 1000} | change
    answer = office(app, "department").post("/api/v1/ledger/budgets", json=body, headers=key())
    assert answer.status_code == 422
    assert [each["field"] for each in answer.json["errors"]] == list(change)


def test_a_correction_above_the_limit_is_asked_for_and_decided(app, rider, wallet):
    first, second = office(app, "admin"), office(app, "admin")
    body = {"person_id": str(rider.id), "points": 150, "reason": "漏记了上周的签到"}
    asked = first.post("/api/v1/ledger/corrections", json=body, headers=key())
    assert (asked.status_code, asked.json["state"]) == (201, "waiting")
    decision = f"/api/v1/ledger/corrections/{asked.json['id']}/decision"
    refused = first.post(decision, json={"approved": True}, headers=key("b"))
    assert (refused.status_code, refused.json["code"]) == (409, "needs-second-approver")
    assert second.get("/api/v1/ledger/corrections?state=waiting").json["items"] == [asked.json]
    assert second.post(decision, json={"approved": True}, headers=key("c")).json["state"] == "posted"
    assert wallet.get("/api/v1/wallet").json["usable"] == 170
    told = wallet.get("/api/v1/wallet/entries").json["items"][0]["explanation"]
    assert told == "少记了 150 分，已补上：漏记了上周的签到。有疑问？可以来问。"


def test_a_correction_is_made_once_per_key(app, rider, wallet):
    admin = office(app, "admin")
    body = {"person_id": str(rider.id), "points": -5, "reason": "记了两遍"}
    for _ in range(2):
        assert admin.post("/api/v1/ledger/corrections", json=body, headers=key()).status_code == 201
    assert wallet.get("/api/v1/wallet").json["usable"] == 15
    short = admin.post("/api/v1/ledger/corrections", json=body | {"points": -16}, headers=key("b"))
    assert (short.status_code, short.json["code"]) == (409, "points-short")
    assert short.json["facts"]["short_by"] == 1
    nothing = admin.post("/api/v1/ledger/corrections", json=body | {"points": 0}, headers=key("c"))
    assert nothing.status_code == 422


def test_an_unexplained_transaction_is_not_an_error_page(app, rider, wallet):
    with transaction():
        make.give(rider.id, 1, words={"slug": "no.such.words"})
    assert "没有说明" in wallet.get("/api/v1/wallet/entries").json["items"][0]["explanation"]


def test_an_entry_is_foreseen_asked_for_and_taken_back(app, rider, wallet):
    first, second = office(app, "department"), office(app, "department")
    with transaction():
        make.give(rider.id, 150, kind="correction")
    entry_id = wallet.get("/api/v1/wallet/entries").json["items"][0]["id"]
    seen = first.get(f"/api/v1/ledger/entries/{entry_id}/reversal").json
    assert (seen["missing"], seen["needs_second"]) == (0, True)
    assert {each["account"]: each["points"] for each in seen["moves"]} == {"wallet": -150, "correction": 150}
    body = {"entry_id": entry_id, "reason": "同一次签到记了两遍"}
    for _ in range(2):
        asked = first.post("/api/v1/ledger/reversals", json=body, headers=key())
        assert (asked.status_code, asked.json["state"]) == (201, "waiting")
    decision = f"/api/v1/ledger/reversals/{asked.json['id']}/decision"
    assert (
        first.post(decision, json={"approved": True}, headers=key("b")).json["code"]
        == "needs-second-approver"
    )
    assert second.get("/api/v1/ledger/reversals?state=waiting").json["items"] == [asked.json]
    assert second.post(decision, json={"approved": True}, headers=key("c")).json["state"] == "posted"
    told = wallet.get("/api/v1/wallet/entries").json["items"][0]
    assert (told["amount"], told["kind"]) == (-150, "reversal")
    assert told["explanation"].startswith("这笔记错了，收回 150 分：同一次签到记了两遍。")


@pytest.mark.parametrize("reason", ["", "错", None])
def test_taking_back_wants_a_reason(app, rider, wallet, reason):
    entry_id = wallet.get("/api/v1/wallet/entries").json["items"][0]["id"]
    body = {"entry_id": entry_id, "reason": reason}
    answer = office(app, "department").post("/api/v1/ledger/reversals", json=body, headers=key())
    assert answer.status_code == 422
    assert [each["field"] for each in answer.json["errors"]] == ["reason"]


def test_a_debt_policy_is_proposed_by_one_and_agreed_to_by_another(app, rider, wallet):
    first, second = office(app, "department"), office(app, "department")
    body = {"region_code": "3201", "share_percent": 20, "starts_on": "2026-12-01", "reason": "公示过了"}
    asked = first.post("/api/v1/ledger/debt-policies", json=body, headers=key())
    assert (asked.status_code, asked.json["state"]) == (201, "waiting")
    assert "20%" in asked.json["in_words"]
    decision = f"/api/v1/ledger/debt-policies/{asked.json['id']}/decision"
    own = first.post(decision, json={"approved": True}, headers=key("b"))
    assert (own.status_code, own.json["code"]) == (409, "policy-needs-another")
    assert second.post(decision, json={"approved": True}, headers=key("c")).json["state"] == "agreed"
    (listed,) = second.get("/api/v1/ledger/debt-policies").json
    assert (listed["share_percent"], listed["state"]) == (20, "agreed")
