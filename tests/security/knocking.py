"""One request of everybody at every route, none of which leaves a trace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from app.kernel import limits
from app.kernel.http import edge_of
from tests.security.filling import filled
from tests.security.world import ANONYMOUS, World
from tests.web.make import browser

KEY = "0198f000-0000-7000-8000-000000000001"
LINKS = ("/S/", "/T/", "/I/")


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

    with monkeypatch.context() as patch:
        patch.setattr(Session, "commit", end)
        patch.setattr(limits, "count", lambda *_: None)
        yield


def clients(app: Flask, world: World) -> dict[str, FlaskClient]:
    """A browser for everybody, with cookies that open the API as well."""
    people = {name: browser(app, someone) for name, someone in world.people.items()}
    return {ANONYMOUS: browser(app), **people}


def knock(
    client: FlaskClient, app: Flask, route: Route, world: World, own: Mapping[str, Any]
) -> TestResponse:
    """The request that a well-made client would send here. `own` overrides path values and fields of this route."""
    edge = edge_of(app.view_functions[route.rule.endpoint])
    values = {name: _path_value(name, route, world, own) for name in route.rule.arguments}
    with app.test_request_context():
        path = app.url_map.bind("").build(route.rule.endpoint, values, route.method)
    given = {name: value for name, value in own.items() if name not in values}
    query = filled(edge.query, world)
    token = client.get_cookie("csrf_access_token")
    csrf = token.value if token else ""
    if route.is_api:
        body = filled(edge.body, world) | given if edge.body is not None else None
        headers = {"Idempotency-Key": KEY, "X-CSRF-TOKEN": csrf}
        files = (
            {"data": filled(edge.form, world) | given}
            if edge.files
            else {"json": body}
            if body is not None
            else {}
        )
        return client.open(path, method=route.method, query_string=query, headers=headers, **files)
    form = {"csrf_token": csrf, "idempotency_key": KEY} | filled(edge.form, world) | given
    sent = {"data": form} if route.method == "POST" else {}
    return client.open(path, method=route.method, query_string=query, **sent)


def _path_value(name: str, route: Route, world: World, own: Mapping[str, Any]) -> Any:
    if name in own:
        return own[name]
    if name == "token":
        return world.ids.get(next(link for link in LINKS if route.rule.rule.startswith(link)), "none")
    return world.ids.get(name, "none")


def let_in(answer: TestResponse) -> bool:
    """Whether the door opened: anything but "who are you", "not you" and "there is no such thing"."""
    if answer.status_code == 303:
        return not answer.headers["Location"].startswith("/sign-in")
    return answer.status_code not in (401, 403, 404)
