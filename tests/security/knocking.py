"""One request of everybody at every route, none of which leaves a trace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.routing import IntegerConverter, Rule
from werkzeug.test import TestResponse

from app.identity.edge import ACCESS_COOKIE, REFRESH_COOKIE
from app.identity.models import Person
from app.kernel import limits, messages
from app.kernel.answering import edge_of
from tests.rules.make import rule
from tests.security.filling import filled
from tests.security.world import ANONYMOUS, HERE, World
from tests.web.make import browser

KEY = "0198f000-0000-7000-8000-000000000001"
LINKS = ("/S/", "/T/", "/I/")
CSRF_COOKIE = "csrf_access_token"
# What the schemas cannot say: values of single routes, by their names.
OWN: dict[str, dict[str, Any]] = {
    "POST /api/v1/appointments": {"region_code": HERE},
    "POST /api/v1/redemptions/preview": {"code": "{code}"},
    "POST /api/v1/rule-sets/<uuid:rule_set_id>/versions": {"rules": [rule()]},
    "GET /honours/status/<int:number>": {"number": 0},
    "GET /desk/people/<uuid:person_id>": {"person_id": "{staff}"},
    "POST /desk/people/<uuid:person_id>/roles": {"person_id": "{staff}", "region_code": HERE},
    "POST /api/v1/rider-returns": {"nickname": "苗师傅", "joined_on": None},
    "POST /station/<uuid:station_id>/help/return": {"nickname": "苗师傅", "joined_on": ""},
    "POST /desk/people/<uuid:person_id>/password/reset": {"person_id": "{staff}"},
    "POST /desk/people/<uuid:person_id>/second-step/reset": {"person_id": "{staff}"},
    "GET /desk/rules/<uuid:version_id>/new/<fact>": {"version_id": "{draft}"},
    "POST /desk/rules/<uuid:version_id>/new/<fact>": {"version_id": "{draft}"},
    "GET /desk/rules/<uuid:version_id>/rules/<key>": {"version_id": "{draft}"},
    "POST /desk/rules/<uuid:version_id>/rules/<key>": {"version_id": "{draft}"},
    "POST /desk/rules/<uuid:version_id>/rules/<key>/remove": {"version_id": "{draft}"},
    "PUT /api/v1/rule-set-versions/<uuid:version_id>": {"rules": [rule()]},
}


class Route(NamedTuple):
    """A door of the house."""

    method: str
    rule: Rule

    @property
    def name(self) -> str:
        return f"{self.method} {self.rule.rule}"

    @property
    def is_api(self) -> bool:
        return self.rule.rule.startswith("/api/")


def routes(app: Flask) -> list[Route]:
    """Every route, by address."""
    found = [
        Route(method, rule)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]
    return sorted(found, key=lambda each: (each.rule.rule, each.method))


@contextmanager
def traceless(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Units of work end as they would, and are then taken back; limits do not count."""

    def end(self: Session) -> None:
        self.flush()
        self.rollback()

    send = messages.send

    def send_and_take_back(writes: Any, connection: Any, dialect: Any, **_: Any) -> None:
        send(writes, connection, dialect, end=connection.rollback)

    with monkeypatch.context() as patch:
        patch.setattr(Session, "commit", end)
        patch.setattr(messages, "send", send_and_take_back)
        patch.setattr(limits, "count", lambda *_: None)
        yield


class Visitor(NamedTuple):
    """Somebody's browser, which forgets nothing between two requests: who signs out stays signed in."""

    client: FlaskClient
    csrf: str


def visitors(app: Flask, world: World) -> dict[str, Visitor]:
    """Everybody in the world and one nobody knows, with cookies that open the API as well as the pages."""
    return {name: _visitor(app, world.people.get(name)) for name in (ANONYMOUS, *world.people)}


def _visitor(app: Flask, someone: Person | None) -> Visitor:
    signed_in = browser(app, someone)
    kept = [signed_in.get_cookie(name) for name in (ACCESS_COOKIE, REFRESH_COOKIE, CSRF_COOKIE)]
    cookies = {each.key: each.value for each in kept if each is not None}
    client = app.test_client(use_cookies=False)
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "zh-CN"
    client.environ_base["HTTP_COOKIE"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    return Visitor(client, cookies.get(CSRF_COOKIE, ""))


class Knock(NamedTuple):
    """What everybody sends at a door, besides who they are."""

    method: str
    path: str
    is_api: bool
    query: dict[str, Any]
    body: dict[str, Any] | None
    form: dict[str, Any] | None


def knock_at(app: Flask, route: Route, world: World, *, empty: bool = False) -> Knock:
    """The request that a well-made client would send here; or a form with nothing filled in."""
    edge, own = edge_of(app.view_functions[route.rule.endpoint]), _own(route, world)
    values = {name: _path_value(name, route, world, own) for name in route.rule.arguments}
    with app.test_request_context():
        path = app.url_map.bind("").build(route.rule.endpoint, values, route.method)
    given = {name: value for name, value in own.items() if name not in values}
    body = form = None
    if route.is_api and edge.body is not None:
        body = filled(edge.body, world) | given
    elif route.method == "POST":
        form = {} if empty else filled(edge.form, world) | given
    return Knock(route.method, path, route.is_api, filled(edge.query, world), body, form)


def answered(visitor: Visitor, sent: Knock) -> TestResponse:
    """What this visitor is answered."""
    more: dict[str, Any] = {"query_string": sent.query}
    if sent.is_api:
        more["headers"] = {"Idempotency-Key": KEY, "X-CSRF-TOKEN": visitor.csrf}
    if sent.body is not None:
        more["json"] = sent.body
    elif sent.form is not None:
        hidden = {} if sent.is_api else {"csrf_token": visitor.csrf, "idempotency_key": KEY}
        more["data"] = hidden | sent.form
    return visitor.client.open(sent.path, method=sent.method, **more)


def _own(route: Route, world: World) -> dict[str, Any]:
    given = OWN.get(route.name, {})
    return {
        name: world.ids[value[1:-1]] if isinstance(value, str) and value.startswith("{") else value
        for name, value in given.items()
    }


def _path_value(name: str, route: Route, world: World, own: Mapping[str, Any]) -> Any:
    if name in own:
        return own[name]
    if isinstance(route.rule._converters[name], IntegerConverter):
        return 1
    if name == "token":
        return world.ids.get(next((link for link in LINKS if route.rule.rule.startswith(link)), ""), "none")
    return world.ids.get(name, "none")


def let_in(answer: TestResponse) -> bool:
    """Whether the door opened: anything but "who are you", "not you" and "there is no such thing"."""
    if answer.status_code == 303:
        return not answer.headers["Location"].startswith("/sign-in?next=")
    return answer.status_code not in (401, 403, 404)
