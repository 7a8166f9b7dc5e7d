"""Reporting from a browser without script, and following it."""

from __future__ import annotations

import io

from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import func, select

from app.cases.models import Case
from app.kernel.db import session, transaction
from app.web.looks import STATIC
from tests.cases import make as cases
from tests.web.make import browser, form_on, one, send


def _photo(colour: str = "#888888") -> tuple[io.BytesIO, str]:
    data = io.BytesIO()
    Image.new("RGB", (640, 480), colour).save(data, "JPEG")
    data.seek(0)
    return data, "hole.jpg"


def _count() -> int:
    with transaction(write=False):
        return session.scalar(select(func.count()).select_from(Case)) or 0


def test_a_photo_a_category_and_a_place(rider: FlaskClient) -> None:
    response = send(
        rider,
        "/report",
        "/report",
        category="pothole",
        photo=_photo(),
        lat="32.0435",
        lng="118.798",
        accuracy_m="12",
    )
    assert response.status_code == 303
    assert response.headers["Location"].endswith("/sent")
    assert rider.get(response.headers["Location"]).status_code == 200
    page = rider.get(response.headers["Location"].removesuffix("/sent")).text
    assert "/photos/" in page


def test_after_a_refusal_it_is_said_that_the_photo_has_to_be_chosen_again(rider: FlaskClient) -> None:
    again = "照片要重新选一次"
    assert again in send(rider, "/report", "/report", category="pothole", photo=_photo()).text
    assert again not in send(rider, "/report", "/report", category="pothole").text


def test_a_photo_that_arrives_empty_was_not_left_out(rider: FlaskClient) -> None:
    told = {"category": "pothole", "place_words": "北门桥东"}
    refused = send(rider, "/report", "/report", **told, photo=(io.BytesIO(b""), "IMG_2.jpg"))
    assert refused.status_code == 422
    assert 'id="e-photo"' in refused.text
    assert _count() == 0
    assert (
        send(rider, "/report", "/report", **told, photo=(io.BytesIO(b""), "")).status_code == 303
    )  # none chosen


def test_a_place_in_words_is_enough(rider: FlaskClient) -> None:
    assert send(rider, "/report", "/report", category="pothole", place_words="北门桥东").status_code == 303


def test_what_is_told_in_two_lines_is_kept_in_two_lines(rider: FlaskClient) -> None:
    told = {"category": "pothole", "place_words": "北门桥东", "description": "很深的坑\n晚上看不见"}
    assert send(rider, "/report", "/report", **told).status_code == 303
    assert one(Case).description == "很深的坑\n晚上看不见"


def test_what_was_written_in_lines_is_shown_in_lines(rider: FlaskClient) -> None:
    told = {"category": "pothole", "place_words": "北门桥东", "description": "很深的坑\n晚上看不见"}
    send(rider, "/report", "/report", **told)
    assert '<p class="lines">很深的坑\n晚上看不见</p>' in rider.get(f"/reports/{one(Case).id}").text
    assert ".lines, .facts dd { white-space: pre-line; }" in (STATIC / "fengxing.css").read_text("utf-8")


def test_a_reason_of_spaces_is_told_at_its_field_which_stays_open(app: Flask) -> None:
    with transaction():
        town = cases.town()
        case = cases.report_in("resolved", town)
    rider = browser(app, town.rider)
    refused = send(rider, f"/reports/{case.id}", f"/reports/{case.id}/reopen", reason=" \u3000\n")
    assert refused.status_code == 422
    assert '<details class="ask" id="reopen" open>' in refused.text


def test_without_a_place_it_asks_for_one_and_keeps_the_rest(rider: FlaskClient) -> None:
    response = send(rider, "/report", "/report", category="pothole", description="很深的坑")
    assert response.status_code == 422
    assert 'href="#f-place_words"' in response.text
    assert "很深的坑" in response.text
    assert _count() == 0


def test_the_same_draft_is_one_report(rider: FlaskClient) -> None:
    fields = form_on(rider.get("/report"), "/report").fields | {
        "category": "pothole",
        "place_words": "北门桥东",
    }
    answers = [rider.post("/report", data=fields) for _ in range(3)]
    assert {each.headers["Location"] for each in answers} == {answers[0].headers["Location"]}
    assert _count() == 1


def test_another_photo_is_another_report_and_is_not_lost(rider: FlaskClient) -> None:
    fields = form_on(rider.get("/report"), "/report").fields | {
        "category": "pothole",
        "place_words": "北门桥东",
    }
    first, again = (rider.post("/report", data=fields | {"photo": _photo()}) for _ in range(2))
    assert (first.status_code, again.headers["Location"]) == (303, first.headers["Location"])
    other = rider.post("/report", data=fields | {"photo": _photo("#123456")})
    assert other.status_code == 422
    assert _count() == 1


def test_what_is_no_picture_is_named_at_the_photo(rider: FlaskClient) -> None:
    response = send(
        rider,
        "/report",
        "/report",
        category="pothole",
        place_words="桥",
        photo=(io.BytesIO(b"<svg/>"), "x.jpg"),
    )
    assert response.status_code in (415, 422)
    assert 'href="#f-photo"' in response.text
    assert _count() == 0


def test_a_place_on_the_other_side_of_the_earth_is_refused(rider: FlaskClient) -> None:
    response = send(rider, "/report", "/report", category="pothole", lat="1e999", lng="0")
    assert response.status_code == 422


def test_looking_at_the_form_writes_nothing(rider: FlaskClient) -> None:
    rider.get("/report?category=pothole&place_words=x")
    assert _count() == 0


def test_it_can_be_taken_back(rider: FlaskClient) -> None:
    sent = send(rider, "/report", "/report", category="pothole", place_words="北门桥东").headers["Location"]
    page = sent.removesuffix("/sent")
    assert send(rider, page, f"{page}/withdraw").status_code == 303
    assert "withdraw" not in rider.get(page).text


def test_a_suggestion_gets_a_number(rider: FlaskClient) -> None:
    response = send(rider, "/talk", "/talk", category="station", words="热水器坏了")
    assert rider.get(response.headers["Location"]).status_code == 200


def test_a_paper_that_calls_itself_a_photo_is_told_at_the_photo_of_every_form(app: Flask) -> None:
    with transaction():
        town = cases.town()
        case = cases.report_in("resolved", town)
    rider, page = browser(app, town.rider), f"/reports/{case.id}"
    told = {"reason": "还是坑", "photo": (io.BytesIO(b"%PDF-1.4"), "hole.jpg")}
    assert 'id="e-photo"' in send(rider, page, f"{page}/reopen", **told).text
