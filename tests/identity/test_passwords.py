"""Passwords of staff: hard to guess, changed by whoever knows the old one, and every other session ends."""

from __future__ import annotations

import subprocess
import sys

import pytest
from argon2 import Type, extract_parameters
from flask import Flask
from flask.testing import FlaskClient

from app.identity.actors import SYSTEM
from app.identity.appointing import add_staff
from app.identity.errors import PasswordEasy
from app.identity.models import Person
from app.identity.passwords import must_be_hard
from app.kernel import clock
from app.kernel.db import transaction
from tests import make
from tests.web.make import browser, send, wrong_fields

OLD, NEW = "three rainy days", "a wet glove, one bar"


@pytest.fixture
def li(app: Flask) -> Person:
    with transaction():
        make.regions()
        return add_staff(username="li", password=OLD, name="李同事", by=SYSTEM, at=clock.now())


def change(client: FlaskClient, old: str = OLD, new: str = NEW) -> int:
    return client.put("/api/v1/me/password", json={"old": old, "new": new}).status_code


def sign_in(client: FlaskClient, password: str) -> int:
    return client.post("/api/v1/sign-in/password", json={"username": "li", "password": password}).status_code


def test_what_is_kept_costs_a_guesser_memory_and_time_and_nobody_costs_the_same():
    """In a process of its own: here they are made cheap (tests/conftest.py)."""
    told = "from app.identity import secrets_kept as kept; print(kept.hash_password('x'), kept._NOBODY)"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    real, nobody = map(extract_parameters, done.stdout.split())
    assert (real.type, real.version) == (Type.ID, 19)
    assert real.memory_cost >= 47_104  # 46 MiB in one pass is the floor of OWASP; more passes come on top
    assert real.time_cost >= 1
    assert nobody == real


def test_it_is_changed_by_whoever_knows_the_old_one(app: Flask, client: FlaskClient, li: Person):
    here = make.signed_in(app, li)
    assert change(here, old="not it, surely") == 422
    assert sign_in(client, OLD) == 200
    assert change(here) == 204
    assert sign_in(client, OLD) == 401
    assert sign_in(client, NEW) == 200


def test_everywhere_else_is_signed_out(app: Flask, li: Person):
    here, elsewhere = make.signed_in(app, li), make.signed_in(app, li)
    assert change(here) == 204
    assert here.get("/api/v1/me").status_code == 200
    assert elsewhere.get("/api/v1/me").status_code == 401


def test_a_rider_has_none(app: Flask, li: Person):
    with transaction():
        rider = make.rider()
    assert change(make.signed_in(app, rider)) == 403
    assert browser(app, rider).get("/me/password").status_code == 403


@pytest.mark.parametrize(
    "easy", ["fengxing 2026 ok", "LI-department", "aaaaaaaaaaaaaaa", "1234561234567", "李同事的密码是这个呀"]
)
def test_easy_ones_are_refused(easy: str):
    with pytest.raises(PasswordEasy):
        must_be_hard(easy, "li", "李同事")


@pytest.mark.parametrize(
    "leaked",
    ["iloveyou1234", "p@ssw0rd2024", "monkey123456", "1q2w3e4r5t6y", "zhangwei1988", "Trustno1trustno1"],
)
def test_what_has_leaked_before_or_is_a_name_and_a_year_is_refused(leaked: str):
    with pytest.raises(PasswordEasy):
        must_be_hard(leaked, "li", "李同事")


@pytest.mark.parametrize(
    "hard",
    [
        "seven harbours and a wet glove, then north by night " + "7 ice" * 25,
        OLD,
        NEW,
        "correct horse battery staple",
        "下雨天骑车要慢一点儿呀",
    ],
)
def test_phrases_are_welcome(hard: str):
    must_be_hard(hard, "li", "李同事")


def test_the_page_says_what_is_wrong_where(app: Flask, li: Person):
    client = browser(app, li)
    assert "/me/password" in client.get("/me").text
    for filled, field in (
        ({"old": OLD, "new": NEW, "again": "something else"}, "again"),
        ({"old": "not it", "new": NEW, "again": NEW}, "old"),
        ({"old": OLD, "new": "fengxing for ever", "again": "fengxing for ever"}, "new"),
        ({"old": OLD, "new": "short", "again": "short"}, "new"),
    ):
        refused = send(client, "/me/password", "/me/password", **filled)
        assert (refused.status_code, wrong_fields(refused.text)) == (422, {field})
        assert OLD not in refused.text
    done = send(client, "/me/password", "/me/password", old=OLD, new=NEW, again=NEW)
    assert done.headers["Location"] == "/me"
