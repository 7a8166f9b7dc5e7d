"""What was cut off on the way, is no proper chunks or too long is refused, and nothing of it is done."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import EnvironBuilder, TestResponse, run_wsgi_app

from app.identity.models import Person
from app.kernel.answering import MOST
from app.kernel.bodies import WholeBodies
from app.kernel.db import session, transaction
from app.main import MAX_BODY_BYTES
from app.sync.api import MOST as MOST_OF_A_BATCH
from tests import make
from tests.web.make import browser


class Chunks:
    """What a server reads chunks from: it gives what there is, and fails where they are none."""

    def __init__(self, data: bytes, *, broken: bool = False) -> None:
        self._data = BytesIO(data)
        self._broken = broken

    def read(self, size: int = -1) -> bytes:
        if self._broken:
            raise RuntimeError("InvalidChunkSize")
        return self._data.read(size)


@pytest.fixture
def rider(app: Flask) -> Person:
    with transaction():
        return make.rider()


def sent(app: Flask, path: str, data: bytes, *, method: str = "PUT", **environ: Any) -> TestResponse:
    """As a server that cuts bodies off itself hands it over."""
    media = environ.pop("media", "application/json")
    builder = EnvironBuilder(path=path, method=method, data=data, content_type=media)
    given = {**builder.get_environ(), "wsgi.input_terminated": True, **environ}
    told, status, headers = run_wsgi_app(app.wsgi_app, given)
    return TestResponse(told, status, headers, request=None)  # type: ignore[arg-type]


def nickname_of(person: Person) -> str | None:
    with transaction(write=False):
        return session.get_one(Person, person.id).nickname


def signed(app: Flask, person: Person) -> dict[str, str]:
    client = make.signed_in(app, person)
    return {"HTTP_AUTHORIZATION": client.environ_base["HTTP_AUTHORIZATION"]}


def test_a_body_that_was_cut_off_changes_nothing(app, rider):
    whole = json.dumps({"nickname": "王师傅二"}).encode()
    length = {"CONTENT_LENGTH": str(len(whole) + 20)}
    assert sent(app, "/api/v1/me", whole, **signed(app, rider), **length).status_code == 400
    assert nickname_of(rider) == "王师傅"


def test_a_form_that_was_cut_off_changes_nothing(app, rider):
    client = browser(app, rider)
    cookies = "; ".join(f"{each.key}={each.value}" for each in client._cookies.values())
    token = next(each.value for each in client._cookies.values() if each.key == "csrf_access_token")
    form = f"csrf_token={token}&nickname=Half".encode()
    answer = sent(
        app, "/me/profile", form, method="POST", media="application/x-www-form-urlencoded",
        HTTP_COOKIE=cookies, CONTENT_LENGTH=str(len(form) + 4),
    )  # fmt: skip
    assert answer.status_code == 400
    assert nickname_of(rider) == "王师傅"


def test_what_a_refusal_leaves_unread_is_taken_off_the_line(app):
    left = BytesIO(b"x" * 200_000)
    length = {"CONTENT_LENGTH": "200000", "wsgi.input": left}
    assert sent(app, "/api/v1/nowhere", b"", method="POST", **length).status_code == 404
    assert left.read() == b""


CHUNKED = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""}


def test_what_comes_in_chunks_counts_like_any_other(app, rider):
    body = Chunks(json.dumps({"nickname": "李师傅"}).encode())
    answer = sent(app, "/api/v1/me", b"", **signed(app, rider), **CHUNKED, **{"wsgi.input": body})
    assert (answer.status_code, nickname_of(rider)) == (200, "李师傅")


def test_chunks_that_are_none_are_no_error_of_ours(app, rider):
    body = {"wsgi.input": Chunks(b"", broken=True)}
    assert sent(app, "/api/v1/me", b"", **signed(app, rider), **CHUNKED, **body).status_code == 400
    assert sent(app, "/sign-in", b"", method="POST", **CHUNKED, **body).status_code in (400, 403)


def test_chunks_of_which_more_come_than_may_are_refused_whole(app, rider):
    start = json.dumps({"nickname": "trunc"}).encode()
    body = {"wsgi.input": Chunks(start + b" " * (MAX_BODY_BYTES - len(start)) + b"\xff")}
    answer = sent(app, "/api/v1/me", b"", **signed(app, rider), **CHUNKED, **body)
    assert (answer.status_code, nickname_of(rider)) == (413, "王师傅")


@pytest.mark.parametrize(("comes", "length"), [(9, "9"), (10, "10"), (11, "11"), (1_000, "11")])
def test_it_stays_seen_that_more_came_than_may(comes, length):
    seen = []
    doors = WholeBodies(lambda environ, _start: seen.append(environ["CONTENT_LENGTH"]) or [], most=10)
    doors({"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": Chunks(b"x" * comes)}, lambda *_: None)
    assert seen == [length]


@pytest.mark.parametrize(
    ("path", "method", "most"),
    [
        ("/api/v1/sign-in", "POST", MOST),
        ("/api/v1/sign-in/codes", "POST", MOST),
        ("/api/v1/me", "PUT", MOST),
        ("/api/v1/sync/batches", "POST", MOST_OF_A_BATCH),
    ],
)
def test_json_is_not_read_into_memory_however_long_it_is(app, path, method, most):
    assert sent(app, path, b"[" + b" " * most + b"]", method=method).status_code == 413
    assert sent(app, path, b"[" + b" " * (most - 2) + b"]", method=method).status_code != 413
