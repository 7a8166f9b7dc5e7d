"""What looks different but is the same shares its tries: nothing a caller may vary buys more of them.

And nobody uses up the tries of others: not at the same address, and not with what names nobody.
"""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.identity.api import CODES_PER_PHONE, TRIES_PER_PASSWORD, TRIES_PER_USERNAME
from app.identity.models import Person
from app.identity.moving_api import HELPED
from app.identity.passing_api import GIVEN as PASSING_GIVEN
from app.identity.second_factor_api import SECOND_STEPS
from app.kernel.answering import PUBLIC, Edge
from app.kernel.db import transaction
from app.kernel.limits import Limit
from app.scans.api import PHOTOS
from tests import make
from tests.web.make import Form, browser, form_on

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


HERE, THERE = ({"REMOTE_ADDR": each} for each in ("10.0.0.1", "10.0.0.2"))


@pytest.fixture
def li(app: Flask) -> Person:
    with transaction():
        make.regions()
        someone = make.staff("station-manager", station_id=make.station().id)
        someone.password_hash = "kept"
        return someone


@pytest.fixture
def zhang(li: Person) -> Person:
    with transaction():
        someone = make.staff("department", region_code=make.CITY)
        someone.password_hash = "kept"
        return someone


@pytest.mark.parametrize(
    ("method", "path", "limit"),
    [
        ("PUT", "/api/v1/me/password", TRIES_PER_PASSWORD),
        ("POST", "/api/v1/me/second-factor/confirmation", SECOND_STEPS),
        ("POST", "/api/v1/me/second-factor/paper-codes", SECOND_STEPS),
        ("POST", "/api/v1/me/second-factor/removal", SECOND_STEPS),
        ("POST", "/api/v1/number-moves/lost-phones", HELPED),
        ("POST", "/me/second-step/confirm", SECOND_STEPS),
        ("POST", "/api/v1/staff/00000000-0000-7000-8000-000000000000/password/reset", PASSING_GIVEN),
        ("POST", "/desk/people/00000000-0000-7000-8000-000000000000/password/reset", PASSING_GIVEN),
    ],
)
def test_tries_of_one_person_are_the_persons_wherever_they_come_from(
    app: Flask, li: Person, zhang: Person, method: str, path: str, limit: Limit
) -> None:
    one, other = make.signed_in(app, li), make.signed_in(app, zhang)

    def ask(client: FlaskClient, address: dict[str, str]) -> int:
        return client.open(path, method=method, json={}, environ_overrides=address).status_code

    assert 429 not in [ask(one, HERE) for _ in range(limit.tries)]
    assert ask(one, THERE) == 429
    assert ask(other, HERE) != 429


def test_so_are_they_in_a_browser(app: Flask, li: Person, zhang: Person) -> None:
    one, other = browser(app, li), browser(app, zhang)
    wrong = {"old": "a guess", "new": "a guess", "again": "another"}
    for _ in range(TRIES_PER_PASSWORD.tries):
        assert _fill(one, "/me/password", HERE, **wrong) == 422
    assert _fill(one, "/me/password", THERE, **wrong) == 429
    assert _fill(other, "/me/password", HERE, **wrong) == 422


def _fill(client: FlaskClient, page: str, address: dict[str, str], **typed: str) -> int:
    form: Form = form_on(client.get(page), page)
    return client.post(page, data=form.fields | typed, environ_overrides=address).status_code


BY_ADDRESS_ON_PURPOSE = {"photo-upload"}  # each rider has a limit of their own beside it
BY_PHONE = {"code-phone"}  # of whoever is helped; this request names none


def test_whoever_must_be_signed_in_is_counted_by_name(app: Flask, li: Person) -> None:
    token = make.signed_in(app, li).environ_base["HTTP_AUTHORIZATION"]
    views = [getattr(view, "__edge__", Edge()) for view in app.view_functions.values()]
    limits = [each for edge in views if edge.access not in (None, PUBLIC) for each in edge.limits]
    assert len(limits) > 20
    with app.test_request_context(headers={"Authorization": token}, environ_overrides=HERE):
        others = {limit.name for limit, subject in limits if subject() != (li.id.hex,)}
    assert others == BY_ADDRESS_ON_PURPOSE | BY_PHONE


UNREADABLE = [
    b'{"phone": "oops"}',
    b"{}",
    b'{"phone": null, "username": null}',
    b'{"username": [1]}',
    b"[]",
    b"{",
]


@pytest.mark.parametrize(
    ("path", "limit"),
    [("/api/v1/sign-in/codes", CODES_PER_PHONE), ("/api/v1/sign-in/password", TRIES_PER_USERNAME)],
)
@pytest.mark.parametrize("body", UNREADABLE)
def test_what_names_nobody_uses_up_the_tries_of_its_address_only(
    client: FlaskClient, path: str, limit: Limit, body: bytes
) -> None:
    def ask(body: bytes, address: dict[str, str]) -> int:
        sent = {"data": body, "content_type": "application/json"}
        return client.post(path, **sent, environ_overrides=address).status_code

    assert 429 not in [ask(body, HERE) for _ in range(limit.tries)]
    assert ask(body, HERE) == 429
    assert {ask(each, THERE) for each in UNREADABLE[: limit.tries]} <= {400, 422}


@pytest.mark.parametrize(
    ("page", "typed", "limit"),
    [
        ("/sign-in", {"phone": "oops, no number"}, CODES_PER_PHONE),
        ("/sign-in/staff", {"username": "", "password": "guess"}, TRIES_PER_USERNAME),
    ],
)
def test_nor_does_an_empty_or_unreadable_form(
    app: Flask, page: str, typed: dict[str, str], limit: Limit
) -> None:
    someone = browser(app)
    assert 429 not in [_fill(someone, page, HERE, **typed) for _ in range(limit.tries)]
    assert _fill(someone, page, HERE, **typed) == 429
    assert _fill(someone, page, THERE, **typed) == 422
