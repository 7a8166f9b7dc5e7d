"""The auditor's desk: the book on a day, an account, what is owed, files and proofs."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from app.identity.actors import SYSTEM
from app.kernel import clock
from app.kernel.db import session, transaction
from app.ledger import proofs, sealing
from app.ledger.accounts import issuance_of, wallet_of
from app.ledger.models import Entry
from app.ledger.posting import Leg, post
from tests import make
from tests.web.make import browser, send


@pytest.fixture
def wallet(city, wang):
    """A wallet with one entry of 100, sealed."""
    with transaction():
        found = wallet_of(wang.id)
        legs = [Leg(issuance_of(make.CITY, "2026Q4").id, -100), Leg(found.id, 100)]
        words = {"slug": "ledger.told", "text": {"zh": "首次到站签到", "en": "First check-in"}}
        post(kind="given", source="test:1", legs=legs, words=words, by=SYSTEM, at=clock.now())
        sealing.seal_new(at=clock.now())
    return found


@pytest.fixture
def desk(app, wallet):
    with transaction():
        auditor = make.staff("auditor", region_code=make.CITY)
    return browser(app, auditor)


def test_the_book_of_a_past_moment_is_asked_for_by_the_minute(desk):
    assert ">100<" in desk.get("/desk/ledger").text
    before, then = "2026-11-24T14:01", "2026-11-24T14:02"  # the entry is of 14:02 in the city
    assert f'value="{before}"' in desk.get(f"/desk/ledger?at={before}").text
    assert '<td class="number">100</td>' not in desk.get(f"/desk/ledger?at={before}").text
    assert '<td class="number">100</td>' in desk.get(f"/desk/ledger?at={then}").text
    assert '<td class="number">0</td>' in desk.get(f"/desk/ledger/accounts?kind=wallet&at={before}").text
    assert '<td class="number">100</td>' in desk.get(f"/desk/ledger/accounts?kind=wallet&at={then}").text


@pytest.mark.parametrize("never", ["0001-01-01T00:00", "9999-12-31T23:59", "1999-12-31T23:59"])
def test_a_moment_before_or_after_all_records_is_named(desk, never):
    answer = desk.get(f"/desk/ledger?at={never}")
    assert answer.status_code == 422


def test_an_account_is_found_and_read_line_by_line(desk, wallet):
    assert f"/desk/ledger/accounts/{wallet.id}" in desk.get("/desk/ledger/accounts?kind=wallet").text
    shown = desk.get(f"/desk/ledger/accounts/{wallet.id}").text
    assert "首次到站签到" in shown
    assert "首次到站签到" in desk.get(f"/desk/ledger/accounts/{wallet.id}?at=2026-11-24T14:02").text
    assert "首次到站签到" not in desk.get(f"/desk/ledger/accounts/{wallet.id}?at=2026-11-24T14:01").text


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_files_are_taken_away(desk, wallet, form):
    for address in (
        f"/desk/ledger/trial-balance.{form}",
        f"/desk/ledger/accounts/{wallet.id}/statement.{form}",
    ):
        answer = desk.get(address)
        assert answer.status_code == 200
        assert "attachment" in answer.headers["Content-Disposition"]
        assert answer.data.startswith({"csv": "\ufeff".encode(), "xlsx": b"PK"}[form])


def test_a_proof_from_the_desk_holds(desk, wallet):
    with transaction(write=False):
        entry_id = session.scalar(select(Entry.id).where(Entry.account_id == wallet.id))
        published = sealing.last_seal().hash
    proof = json.loads(desk.get(f"/desk/ledger/entries/{entry_id}/proof.json").data)
    assert proofs.why_wrong(proof, published) is None


def test_what_is_owed_is_shown(desk):
    assert "100" in desk.get("/desk/ledger/liability").text


def test_a_district_sees_its_budgets_and_no_sum_of_the_city(app, wallet):
    with transaction():
        department = make.staff("department", region_code=make.XUANWU)
    desk = browser(app, department)
    send(desk, "/desk/ledger", "/desk/ledger/budgets", region_code=make.XUANWU, points="1234567")
    shown = desk.get("/desk/ledger").text
    assert "1,234,567" in shown
    assert "trial-balance" not in shown
    assert '<td class="number">100</td>' not in shown
    assert desk.get("/desk/ledger/liability").status_code == 403


def test_a_rider_keeps_the_proof_of_an_own_entry_only(app, wallet, wang, client):
    with transaction():
        entry_id = session.scalar(select(Entry.id).where(Entry.account_id == wallet.id))
        stranger = make.rider(phone="13900000009")
        published = sealing.last_seal().hash
    address = f"/points/{entry_id}/proof.json"
    assert proofs.why_wrong(json.loads(browser(app, wang).get(address).data), published) is None
    assert browser(app, stranger).get(address).status_code == 404
    assert published in client.get("/seals").text
