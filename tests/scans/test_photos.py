"""A photo of a code, for browsers without a camera."""

from __future__ import annotations

import io

import pytest
from flask.testing import FlaskClient

from app.codes import drawing
from app.kernel.db import transaction
from tests import make


@pytest.fixture
def rider(app, clock) -> FlaskClient:
    with transaction():
        someone = make.rider()
    return make.signed_in(app, someone)


def send(client: FlaskClient, data: bytes | None):
    form = {} if data is None else {"photo": (io.BytesIO(data), "code.png")}
    return client.post("/api/v1/scans/photo", data=form, content_type="multipart/form-data")


def test_a_photo_is_read_and_nothing_else_happens(rider):
    answer = send(rider, drawing.png("1234567890"))
    assert (answer.status_code, answer.json) == (200, {"texts": ["1234567890"]})


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (None, 422, "code-photo-missing"),
        (b"", 422, "code-photo-missing"),
        (b"no photo", 415, "code-photo-unreadable"),
    ],
)
def test_what_is_no_photo_is_refused_with_words(rider, data, status, code):
    answer = send(rider, data)
    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_too_many_photos_have_to_wait(rider):
    photo = drawing.png("1")
    answers = [send(rider, photo).status_code for _ in range(61)]
    assert answers == [200] * 60 + [429]
