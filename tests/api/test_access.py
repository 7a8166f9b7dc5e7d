"""Every route keeps its door: whoever is not signed in, or does not hold what it asks for, is turned away."""

from __future__ import annotations

from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from app.identity.permissions import ALL, SELF
from app.kernel.answering import PUBLIC
from app.kernel.db import transaction
from tests import make

NOBODYS = UUID(int=7)
KINDS = {"UUIDConverter": NOBODYS, "IntegerConverter": 1}


def _doors(app: Flask) -> list[tuple[str, Rule, str]]:
    """(method, rule, what it asks for) of every route."""
    return [
        (method, rule, getattr(app.view_functions[rule.endpoint], "__access__", ""))
        for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def _unknown(app: Flask) -> list[str]:
    return [
        f"{method} {rule.rule}: {asks!r}" for method, rule, asks in _doors(app) if asks not in ALL | {PUBLIC}
    ]


def _knock(client: FlaskClient, app: Flask, method: str, rule: Rule) -> TestResponse:
    values = {name: KINDS.get(type(kind).__name__, "x") for name, kind in rule._converters.items()}
    with app.test_request_context():
        address = app.url_map.bind("").build(rule.endpoint, values, method)
    body = {"json": {}} if rule.rule.startswith("/api/") and method in ("POST", "PUT") else {}
    return client.open(address, method=method, **body)


def _turned_away(answer: TestResponse, rule: Rule) -> bool:
    if rule.rule.startswith("/api/"):
        return answer.status_code == 401 and answer.json is not None
    return answer.status_code == 303 and answer.headers["Location"].startswith("/sign-in?next=")


def test_every_route_asks_for_something_known(built_app: Flask):
    assert not _unknown(built_app)


@pytest.mark.parametrize("asks", [None, "", "station.scann"])
def test_an_unknown_door_is_noticed(asks: str | None):
    toy = Flask("toy", static_folder=None)

    def view():
        return "in you come"

    view.__access__ = asks
    toy.add_url_rule("/open", view_func=view)
    assert len(_unknown(toy)) == 1


def test_nobody_gets_in_without_signing_in(app: Flask, client: FlaskClient):
    closed = [(method, rule) for method, rule, asks in _doors(app) if asks != PUBLIC]
    assert len(closed) > 150
    opened = {
        f"{method} {rule.rule}": answer.status_code
        for method, rule in closed
        if not _turned_away(answer := _knock(client, app, method, rule), rule)
    }
    assert not opened


def test_a_rider_stays_out_of_what_staff_do(app: Flask):
    with transaction():
        rider = make.rider()
    client = make.signed_in(app, rider)
    staffs = [(method, rule) for method, rule, asks in _doors(app) if asks not in (PUBLIC, SELF)]
    assert len(staffs) > 80
    opened = {
        f"{method} {rule.rule}": answer.status_code
        for method, rule in staffs
        if (answer := _knock(client, app, method, rule)).status_code not in (403, 404)
    }
    assert not opened
