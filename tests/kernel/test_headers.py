"""What every answer of the API tells a browser: data and nothing that runs, for one caller, kept by nobody."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.kernel.db import transaction
from tests import make

KEY = {"Idempotency-Key": "k"}


def note(toy: FlaskClient, **body: object) -> TestResponse:
    return toy.post("/api/v1/toy/notes", json=body, headers=KEY)


def often(toy: FlaskClient) -> TestResponse:
    return [toy.post("/api/v1/toy/often") for _ in range(4)][-1]


ANSWERS: dict[str, tuple[int, Callable[[FlaskClient], TestResponse]]] = {
    "read": (200, lambda toy: toy.get("/api/v1/toy/marks")),
    "made": (201, lambda toy: note(toy, text="hello")),
    "not signed in": (401, lambda toy: toy.get("/api/v1/wallet")),
    "an unknown address": (404, lambda toy: toy.get("/api/v1/nowhere")),
    "another method": (405, lambda toy: toy.delete("/api/v1/toy/notes")),
    "a refusal": (409, lambda toy: note(toy, text="refuse")),
    "too large": (413, lambda toy: note(toy, text="x" * 300_000)),
    "another media type": (415, lambda toy: toy.post("/api/v1/toy/notes", data="text=x", headers=KEY)),
    "a bad value": (422, lambda toy: note(toy, text=5)),
    "too often": (429, often),
    "a bug": (500, lambda toy: note(toy, text="break")),
}


def must_be_careful(answer: TestResponse) -> None:
    told = answer.headers
    policy = [part.strip() for part in told["Content-Security-Policy"].split(";")]
    assert {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(policy)
    assert "unsafe-inline" not in told["Content-Security-Policy"]
    assert "'unsafe-eval'" not in told["Content-Security-Policy"]
    assert told["X-Content-Type-Options"] == "nosniff"
    assert told["Referrer-Policy"] == "same-origin"
    assert "microphone=()" in told["Permissions-Policy"]
    assert told["Cache-Control"] == "no-store"
    assert not [name for name, _ in told if name.lower().startswith("access-control-")]


@pytest.mark.parametrize("name", ANSWERS)
def test_each_answer_of_the_api_is_careful_refusals_too(toy: FlaskClient, name: str) -> None:
    status, ask = ANSWERS[name]
    answer = ask(toy)
    assert answer.status_code == status
    must_be_careful(answer)


def test_what_is_one_persons_own_is_kept_by_nobody(app: Flask) -> None:
    with transaction():
        make.regions()
        rider = make.rider()
    answer = make.signed_in(app, rider).get("/api/v1/wallet")
    assert answer.status_code == 200
    must_be_careful(answer)


def test_a_download_is_a_file_with_its_own_type_and_kept_by_nobody(app: Flask) -> None:
    with transaction():
        make.regions()
        auditor = make.staff("auditor", region_code=make.CITY)
    answer = make.signed_in(app, auditor).get("/api/v1/ledger/trial-balance.csv")
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    must_be_careful(answer)


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
@pytest.mark.parametrize("path", ["/api/v1/wallet", "/api/v1/sign-in/password", "/api/v1/places/stations"])
def test_no_page_from_elsewhere_is_let_in(app: Flask, client: FlaskClient, method: str, path: str) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    told = client.open(path, method=method, headers=asked).headers
    assert not [name for name, _ in told if name.lower().startswith("access-control-")]
