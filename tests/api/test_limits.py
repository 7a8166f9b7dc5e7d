"""What looks different but is the same shares its tries: nothing a caller may vary buys more of them."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.identity.api import TRIES_PER_USERNAME
from app.kernel.db import transaction
from app.scans.api import PHOTOS
from tests import make
from tests.web.make import browser, form_on

DISGUISES = ["admin", "ADMIN", " admin", "admin\n", " " * 90 + "Admin"]


def test_spaces_capitals_and_claimed_addresses_buy_no_passwords(client: FlaskClient):
    answers = [
        client.post(
            "/api/v1/sign-in/password",
            json={"username": DISGUISES[number % len(DISGUISES)], "password": "guess"},
            headers={"X-Forwarded-For": f"10.0.0.{number}", "Forwarded": f"for=10.0.0.{number}"},
        ).status_code
        for number in range(TRIES_PER_USERNAME.tries + 2)
    ]
    assert answers[-2:] == [429, 429]
    assert 429 not in answers[:-2]


def test_nor_do_they_on_the_page(app: Flask):
    someone = browser(app)
    form = form_on(someone.get("/sign-in/staff"), "/sign-in/staff")
    for number in range(TRIES_PER_USERNAME.tries + 1):
        given = {"username": DISGUISES[number % len(DISGUISES)], "password": "guess"}
        answer = someone.post("/sign-in/staff", data=form.fields | given)
    assert answer.status_code == 429


@pytest.mark.parametrize(
    "varied", ["Bearer {token}, Basic {number}", "Bearer   {token}", "Basic {number}, Bearer {token}"]
)
def test_a_token_dressed_up_is_the_same_caller(app: Flask, varied: str):
    with transaction():
        rider = make.rider()
    client = make.signed_in(app, rider)
    token = client.environ_base.pop("HTTP_AUTHORIZATION").removeprefix("Bearer ")
    for number in range(PHOTOS.tries + 1):
        headers = {"Authorization": varied.format(token=token, number=number)}
        answer = client.post("/api/v1/scans/photo", headers=headers, data={})
    assert answer.status_code == 429
