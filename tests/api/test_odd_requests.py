"""Odd values in the places every operation shares: the key of a request, the cursor and the limit of a list."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.kernel.db import transaction
from tests import make
from tests.web.make import browser


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    with transaction():
        rider = make.rider()
    return make.signed_in(app, rider)


@pytest.mark.parametrize("key", ["", "a b", "\u00e9", "x" * 256, "\x7f", "a\tb"])
def test_a_key_that_is_not_visible_ascii_is_refused(client: FlaskClient, key: str):
    answer = client.post("/api/v1/scans", json={"text": "x"}, headers={"Idempotency-Key": key})
    assert (answer.status_code, answer.json["code"]) == (400, "idempotency-key-missing")


@pytest.mark.parametrize("cursor", ["", "AAAA", "%E4%B8%AD", "%ED%A0%80", "x" * 65])
def test_a_cursor_nobody_gave_out_is_refused(client: FlaskClient, cursor: str):
    answer = client.get(f"/api/v1/notices?cursor={cursor}")
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "cursor")


@pytest.mark.parametrize("limit", ["0", "101", "1_0", "1e1", "-1", "NaN", "9" * 5000])
def test_a_limit_that_is_no_whole_number_in_bounds_is_refused(client: FlaskClient, limit: str):
    answer = client.get(f"/api/v1/notices?limit={limit}")
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "limit")


@pytest.mark.parametrize("address", ["notices?cursor=%00", "me%00", "facts/%00/x/award"])
def test_a_nul_in_an_address_is_a_bad_request(client: FlaskClient, address: str):
    assert client.get(f"/api/v1/{address}").status_code == 400


@pytest.mark.parametrize("number", [0, 1, 2**31, 2**63, 10**30])
def test_a_number_that_no_seal_can_have_is_unknown(client: FlaskClient, number: int):
    assert client.get(f"/api/v1/seals/{number}").status_code == 404


def test_a_stray_slash_is_an_unknown_address(client: FlaskClient):
    answer = client.get("/api/v1//me")
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")


@pytest.mark.parametrize("asked", ["en", "zh"])
def test_a_language_that_nobody_chose_is_no_choice(app: Flask, asked: str):
    visitor = app.test_client(use_cookies=False)
    told = [
        visitor.get("/api/v1/nowhere", headers={"Cookie": cookie, "Accept-Language": asked}).json["detail"]
        for cookie in (f"lang={asked}", "lang=xx", "lang=../..", "lang=")
    ]
    assert len(set(told)) == 1


@pytest.mark.parametrize("value", ["\u00ff", ""])
def test_a_csrf_value_that_is_no_ascii_is_not_ours(app: Flask, value: str):
    with transaction():
        rider = make.rider()
    phone = browser(app, rider)
    answer = phone.put("/api/v1/me", json={}, headers={"X-CSRF-TOKEN": value})
    assert (answer.status_code, answer.json["code"]) == (403, "csrf-missing")
    assert phone.post("/me/code/not-me", data={"csrf_token": value}).status_code == 403
