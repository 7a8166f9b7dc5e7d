"""Where the public address is https, nothing is answered that came in the clear."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from werkzeug.test import Client, TestResponse

from app.kernel import settings
from app.main import doors


@pytest.fixture
def outside(app: Flask) -> Client:
    """The product as `main` puts it together there, behind one proxy."""
    there = replace(settings.current(), public_url="https://bees.example.cn", trusted_proxies=1)
    return Client(doors(app.wsgi_app, there))


def asked(outside: Client, path: str, came_by: str | None, method: str = "GET") -> TestResponse:
    headers = {} if came_by is None else {"X-Forwarded-Proto": came_by}
    return outside.open(path, method=method, headers=headers)


@pytest.mark.parametrize("came_by", [None, "http", "HTTPS ", "ftp"])
@pytest.mark.parametrize(
    ("path", "method"), [("/welcome", "GET"), ("/sign-in", "POST"), ("/api/v1/wallet", "GET")]
)
def test_what_came_in_the_clear_is_refused(
    outside: Client, came_by: str | None, path: str, method: str
) -> None:
    answer = asked(outside, path, came_by, method)
    assert answer.status_code == 403
    assert "https" in answer.get_data(as_text=True)
    assert "Location" not in answer.headers
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    if path.startswith("/api/"):
        assert (answer.mimetype, answer.json["code"]) == ("application/problem+json", "only-tls")  # type: ignore[index]


def test_over_tls_all_is_as_ever(outside: Client) -> None:
    answer = asked(outside, "/welcome", "https")
    assert answer.status_code == 200
    assert answer.headers["Strict-Transport-Security"]
    assert asked(outside, "/api/v1/wallet", "https").status_code == 401


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_the_machine_next_door_may_ask_whether_it_lives(outside: Client, path: str) -> None:
    assert asked(outside, path, None).status_code == 200
