from __future__ import annotations

import io
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy.exc import OperationalError
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from app.kernel import clock
from app.kernel.answering import edge_of
from app.kernel.db import session, transaction
from app.media import storing
from app.media.accepting import MAX_AN_HOUR, accept_photo
from app.media.api import send_photo
from app.media.attaching import attach_photos, move_photos
from app.media.errors import PhotoNotFree
from app.media.models import Media
from tests import make
from tests.conftest import StandingClock
from tests.media import make as photos


def send(client: FlaskClient, data: bytes | None = None, name: str = "p.jpg", **fields: Any) -> TestResponse:
    photo = {} if data is None else {"photo": FileStorage(io.BytesIO(data), filename=name)}
    boundary, body = encode_multipart(fields | photo)
    return client.post("/api/v1/media", data=body, content_type=f"multipart/form-data; boundary={boundary}")


@pytest.fixture
def people(app: Flask) -> dict[str, Any]:
    with transaction():
        make.regions()
        return {
            "rider": make.rider(),
            "other": make.rider("李师傅"),
            "dispatcher": make.staff("dispatcher", region_code=make.XUANWU),
            "elsewhere": make.staff("dispatcher", region_code=make.QINHUAI),
            "mediator": make.staff("mediator", region_code=make.CITY),
            "manager": make.staff("reviewer", region_code=make.CITY),
        }


def test_it_takes_a_photo_and_shows_it_to_its_owner(app: Flask, people: dict[str, Any]):
    client = make.signed_in(app, people["rider"])

    sent = send(client, photos.from_phone())
    shown = client.get(f"/api/v1/media/{sent.json['id']}")

    assert sent.status_code == 201
    assert (shown.status_code, shown.content_type) == (200, "image/jpeg")
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert shown.headers["Content-Disposition"].startswith("inline")
    assert not Image.open(io.BytesIO(shown.data)).getexif()


@pytest.mark.parametrize("size", ["whole", "thumb"])
def test_no_browser_keeps_a_photo_neither_at_a_shared_desk_nor_on_a_phone(
    app: Flask, people: dict[str, Any], size: str
):
    media_id = send(make.signed_in(app, people["rider"]), photos.jpeg()).json["id"]
    _attach(media_id, people, "case.triage")

    answers = [
        make.signed_in(app, people[who]).get(f"/api/v1/media/{media_id}?size={size}")
        for who in ("rider", "dispatcher")
    ]

    assert [(each.status_code, each.headers["Cache-Control"]) for each in answers] == [(200, "no-store")] * 2


def test_it_shows_a_thumbnail(app: Flask, people: dict[str, Any]):
    client = make.signed_in(app, people["rider"])
    media_id = send(client, photos.jpeg()).json["id"]

    thumb = client.get(f"/api/v1/media/{media_id}?size=thumb")

    assert Image.open(io.BytesIO(thumb.data)).size == (320, 240)


@pytest.mark.parametrize(
    "data, status, code",
    [
        (None, 422, "photo-missing"),
        (b"", 422, "photo-missing"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "unsupported-photo"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", 415, "unsupported-photo"),
        (photos.jpeg()[:500], 422, "photo-unreadable"),
        (photos.jpeg() + b"\0" * 10_600_000, 413, "photo-too-large"),
        (photos.webp_bomb(), 422, "photo-too-many-pixels"),
    ],
)
def test_it_refuses_in_clear_words(
    app: Flask, people: dict[str, Any], data: bytes | None, status: int, code: str
):
    answer = send(make.signed_in(app, people["rider"]), data)

    assert (answer.status_code, answer.json["code"]) == (status, code)
    with transaction(write=False):
        assert session.query(Media).count() == 0


def test_it_refuses_unknown_purposes(app: Flask, people: dict[str, Any]):
    answer = send(make.signed_in(app, people["rider"]), photos.jpeg(), purpose="face-recognition")

    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == "purpose"


def test_visitors_neither_send_nor_see(app: Flask, client: FlaskClient, people: dict[str, Any]):
    media_id = send(make.signed_in(app, people["rider"]), photos.jpeg()).json["id"]

    assert send(client, photos.jpeg()).status_code == 401
    assert client.get(f"/api/v1/media/{media_id}").status_code == 401


def test_a_strangers_file_is_not_even_opened(
    client: FlaskClient, people: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    opened: list[bytes | None] = []
    monkeypatch.setitem(edge_of(send_photo).opens, "photo", opened.append)
    assert send(client, photos.jpeg()).status_code == 401
    assert opened == []


def test_the_same_photo_sent_again_is_the_same_photo(app: Flask, people: dict[str, Any]):
    client = make.signed_in(app, people["rider"])

    assert send(client, photos.jpeg()).json["id"] == send(client, photos.jpeg()).json["id"]


def test_the_same_photo_for_another_purpose_is_another(app: Flask, people: dict[str, Any]):
    client = make.signed_in(app, people["rider"])

    ids = [send(client, photos.jpeg(), purpose=each).json["id"] for each in ("report", "appeal")]

    with transaction(write=False):
        assert [session.get_one(Media, UUID(each)).purpose for each in ids] == ["report", "appeal"]


def test_a_photo_that_belongs_to_something_is_not_given_out_again(app: Flask, people: dict[str, Any]):
    client = make.signed_in(app, people["rider"])
    media_id = send(client, photos.jpeg()).json["id"]
    _attach(media_id, people, "case.triage")

    assert send(client, photos.jpeg()).json["id"] != media_id


def test_two_people_may_send_the_same_photo(app: Flask, people: dict[str, Any]):
    first = send(make.signed_in(app, people["rider"]), photos.jpeg())
    second = send(make.signed_in(app, people["other"]), photos.jpeg())

    assert first.json["id"] != second.json["id"]


def test_nobody_floods_the_storage(app: Flask, people: dict[str, Any]):
    with transaction():
        for _ in range(MAX_AN_HOUR):
            _row(people["rider"].id)

    answer = send(make.signed_in(app, people["rider"]), photos.jpeg())

    assert (answer.status_code, answer.json["code"]) == (429, "too-many-tries")
    assert answer.headers["Retry-After"] == "3600"
    assert send(make.signed_in(app, people["other"]), photos.jpeg()).status_code == 201


def test_an_hour_later_there_is_room_again(app: Flask, people: dict[str, Any], clock: StandingClock):
    with transaction():
        for _ in range(MAX_AN_HOUR):
            _row(people["rider"].id)
    clock.advance(hours=1)

    assert send(make.signed_in(app, people["rider"]), photos.jpeg()).status_code == 201


def test_a_busy_database_does_not_lose_the_photo(
    app: Flask, people: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    tries = []

    def first_locked(**arguments: Any) -> Media:
        tries.append(arguments["data"])
        if len(tries) == 1:
            raise OperationalError("INSERT", {}, Exception("database is locked"))
        return accept_photo(**arguments)

    monkeypatch.setattr("app.media.api.accept_photo", first_locked)

    assert send(make.signed_in(app, people["rider"]), photos.jpeg()).status_code == 201
    assert len(tries) == 2
    assert tries[0] == tries[1]


def test_a_lost_file_is_not_found(app: Flask, people: dict[str, Any]):
    client = make.signed_in(app, people["rider"])
    media_id = send(client, photos.jpeg()).json["id"]
    storing.set_storage(storing.NullStorage())
    try:
        assert client.get(f"/api/v1/media/{media_id}").status_code == 404
    finally:
        storing.set_storage(None)


def _row(owner_id: UUID, **more: Any) -> Media:
    values = {
        "purpose": "report",
        "digest": "0" * 64,
        "width": 1,
        "height": 1,
        "size_bytes": 1,
        "seen_with": [],
    } | more
    media = Media(owner_id=owner_id, created_at=clock.now(), **values)
    session.add(media)
    session.flush()
    return media


def _attach(media_id: str, people: dict[str, Any], *seen_with: str, region_code: str = make.MEIYUAN) -> None:
    with transaction():
        attach_photos(
            photo_ids=[UUID(media_id)],
            region_code=region_code,
            seen_with=seen_with,
            shown_to_id=None,
            by=make.actor(people["rider"]),
            at=clock.now(),
        )


def _sees(app: Flask, someone: Any, media_id: str) -> bool:
    status = make.signed_in(app, someone).get(f"/api/v1/media/{media_id}").status_code
    assert status in (200, 404)
    return status == 200


def test_nobody_else_sees_a_photo_before_it_belongs_to_something(app: Flask, people: dict[str, Any]):
    media_id = send(make.signed_in(app, people["rider"]), photos.jpeg()).json["id"]

    assert [who for who, person in people.items() if _sees(app, person, media_id)] == ["rider"]


def test_only_handlers_of_the_place_see_an_attached_photo(app: Flask, people: dict[str, Any]):
    media_id = send(make.signed_in(app, people["rider"]), photos.jpeg()).json["id"]

    _attach(media_id, people, "case.triage", "case.work")

    assert [who for who, person in people.items() if _sees(app, person, media_id)] == ["rider", "dispatcher"]


def test_a_private_photo_is_for_mediators_only(app: Flask, people: dict[str, Any]):
    media_id = send(make.signed_in(app, people["rider"]), photos.jpeg()).json["id"]

    _attach(media_id, people, "case.mediate")

    assert [who for who, person in people.items() if _sees(app, person, media_id)] == ["rider", "mediator"]


def test_a_photo_follows_its_case_to_another_place(app: Flask, people: dict[str, Any]):
    media_id = send(make.signed_in(app, people["rider"]), photos.jpeg()).json["id"]
    _attach(media_id, people, "case.triage")

    with transaction():
        move_photos(photo_ids=[UUID(media_id)], region_code=make.QINHUAI)

    assert [who for who, person in people.items() if _sees(app, person, media_id)] == ["rider", "elsewhere"]


def test_a_photo_belongs_to_one_thing_only(app: Flask, people: dict[str, Any]):
    media_id = send(make.signed_in(app, people["rider"]), photos.jpeg()).json["id"]
    _attach(media_id, people, "case.triage")

    with pytest.raises(PhotoNotFree):
        _attach(media_id, people, "case.triage")


def test_nobody_attaches_the_photo_of_somebody_else(app: Flask, people: dict[str, Any]):
    media_id = send(make.signed_in(app, people["other"]), photos.jpeg()).json["id"]

    with pytest.raises(PhotoNotFree):
        _attach(media_id, people, "case.triage")


@pytest.mark.once
def test_of_several_photos_all_are_attached_or_none(app: Flask, people: dict[str, Any]):
    client = make.signed_in(app, people["rider"])
    free, taken = (send(client, photos.jpeg(width)).json["id"] for width in (640, 320))
    _attach(taken, people, "case.triage")

    with pytest.raises(PhotoNotFree), transaction():
        attach_photos(
            photo_ids=[UUID(free), UUID(taken)],
            region_code=make.MEIYUAN,
            seen_with=["case.triage"],
            shown_to_id=None,
            by=make.actor(people["rider"]),
            at=clock.now(),
        )

    assert [who for who, person in people.items() if _sees(app, person, free)] == ["rider"]
