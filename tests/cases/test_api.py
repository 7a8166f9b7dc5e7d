from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.cases.models import Case
from app.kernel.db import session, transaction
from tests import make as city
from tests.cases.make import POTHOLE, Town

WHERE = {"lat": POTHOLE.lat, "lng": POTHOLE.lng}
GOOD: dict[str, Any] = {"category": "pothole", "position": WHERE, "description": "右车道一个坑"}


@pytest.fixture
def rider(app: Flask, town: Town) -> FlaskClient:
    return city.signed_in(app, town.rider)


@pytest.fixture
def desk(app: Flask, town: Town) -> FlaskClient:
    return city.signed_in(app, town.dispatcher)


def post(client: FlaskClient, path: str, key: str | None = None, /, **body: Any) -> TestResponse:
    post.count += 1
    return client.post(f"/api/v1{path}", json=body, headers={"Idempotency-Key": key or f"key-{post.count}"})


post.count = 0


def test_a_report_lives_end_to_end(rider: FlaskClient, desk: FlaskClient):
    sent = post(rider, "/reports", **GOOD)
    assert sent.status_code == 201
    assert sent.json["words"] == f"收到！编号 {sent.json['number']}，24 小时内有人看。"
    case = f"/cases/{sent.json['id']}"

    assert desk.get("/api/v1/cases").json["items"][0]["number"] == sent.json["number"]
    assert desk.get("/api/v1/cases/counts").json == {"waiting": 1, "working": 0, "overdue": 0, "disputed": 0}
    assert post(desk, f"{case}/accept", grade="urgent").json["state"] == "accepted"
    assert post(desk, f"{case}/start").json["state"] == "in_progress"
    assert post(desk, f"{case}/resolve", note="补好了。").json["state_words"] == "已办结，请你看看"

    mine = rider.get(f"/api/v1{case}").json
    assert (mine["mine"], mine["reporter"], mine["can"]) == (True, None, ["confirm", "answer", "reopen"])
    assert mine["steps"][-1]["words"] == "补好了。"
    assert post(rider, f"{case}/rate", answer="not_solved").json["state"] == "resolved"
    reopened = post(rider, f"{case}/reopen", reason="还在")
    assert (reopened.json["state"], reopened.json["reopened"]) == ("reopened", 1)
    refused = post(desk, f"{case}/accept")
    assert (refused.status_code, refused.json["code"]) == (403, "case-needs-another")
    assert rider.get("/api/v1/reports/mine").json["items"][0]["state"] == "reopened"


def test_the_same_request_again_is_answered_the_same(rider: FlaskClient, desk: FlaskClient):
    first, again = (post(rider, "/reports", "once", **GOOD) for _ in range(2))
    assert first.json == again.json
    assert again.headers["Idempotent-Replayed"] == "true"
    case = f"/cases/{first.json['id']}"

    assert post(desk, f"{case}/accept", "twice", grade="urgent").json["grade"] == "urgent"
    assert post(desk, f"{case}/accept", "twice", grade="urgent").status_code == 200
    slow = post(desk, f"{case}/accept", grade="urgent")
    assert (slow.status_code, slow.json["code"]) == (409, "case-moved-on")
    assert "已受理" in slow.json["detail"]


@pytest.mark.parametrize(
    "change, field",
    [
        ({"description": "字" * 10_001}, "description"),
        ({"place_words": "字" * 201}, "place_words"),
        ({"category": "person"}, "category"),
        ({"category": None}, "category"),
        ({"position": {"lat": 91, "lng": 118}}, "position.lat"),
        ({"position": {"lat": "32", "lng": 118}}, "position.lat"),
        ({"position": {"lat": 0, "lng": 0}}, "position"),
        ({"position": {"lat": 32}}, "position.lng"),
        ({"position": {**WHERE, "datum": "mars"}}, "position.datum"),
        ({"position": None}, "place_words"),
        ({"description": "找 13912341204"}, "description"),
        ({"description": "x\u0007"}, "description"),
        ({"happened_at": "1970-01-01T00:00:00Z"}, "happened_at"),
        ({"happened_at": "2099-01-01T00:00:00Z"}, "happened_at"),
        ({"happened_at": "2026-11-25T06:02:00Z"}, "happened_at"),
        ({"happened_at": "2026-11-24T06:02:00"}, "happened_at"),
        ({"photo_ids": ["nonsense"]}, "photo_ids.0"),
        ({"photo_ids": ["00000000-0000-7000-8000-000000000000"]}, "photo_ids"),
        ({"photo_ids": ["00000000-0000-7000-8000-000000000000"] * 7}, "photo_ids"),
        ({"client_ref": "x" * 37}, "client_ref"),
        ({"client_ref": "a b"}, "client_ref"),
        ({"reporter_id": "x"}, "reporter_id"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_written(
    rider: FlaskClient, change: dict[str, Any], field: str
):
    answer = post(rider, "/reports", **(GOOD | change))

    assert answer.status_code == 422
    assert [each["field"] for each in answer.json["errors"]] == [field]
    with transaction(write=False):
        assert session.query(Case).count() == 0


@pytest.mark.parametrize(
    "verb, body",
    [
        ("reject", {}),
        ("reject", {"reason": ""}),
        ("reject", {"reason": "  "}),
        ("resolve", {"note": "字" * 10_001}),
        ("rate", {"answer": "maybe"}),
        ("rate", {"answer": "solved", "stars": 6}),
        ("rate", {"answer": "solved", "stars": "5"}),
        ("accept", {"grade": "whenever"}),
        ("reassign", {"note": "x", "unit_region_code": "%"}),
        ("merge", {"into_id": 1}),
    ],
)
def test_moves_name_what_is_wrong(rider: FlaskClient, desk: FlaskClient, verb: str, body: dict[str, Any]):
    case_id = post(rider, "/reports", **GOOD).json["id"]

    answer = post(desk, f"/cases/{case_id}/{verb}", **body)

    assert answer.status_code == 422
    assert answer.json["errors"]


def test_gcj02_is_turned_into_wgs84(rider: FlaskClient):
    sent = post(rider, "/reports", **(GOOD | {"position": WHERE | {"datum": "gcj02"}}))

    case = rider.get(f"/api/v1/cases/{sent.json['id']}").json
    assert case["lng"] < POTHOLE.lng - 0.003


def test_others_learn_nothing(app: Flask, town: Town, rider: FlaskClient, client: FlaskClient):
    case_id = post(rider, "/reports", **GOOD).json["id"]

    for someone in (town.other, town.elsewhere, town.mediator):
        theirs = city.signed_in(app, someone)
        assert theirs.get(f"/api/v1/cases/{case_id}").status_code == 404
        assert post(theirs, f"/cases/{case_id}/accept").status_code == 404
    assert client.get(f"/api/v1/cases/{case_id}").status_code == 401
    assert post(client, "/reports", **GOOD).status_code == 401
    assert city.signed_in(app, town.other).get("/api/v1/cases").status_code == 403


def test_staff_get_no_name_phone_or_id_of_the_reporter(town: Town, rider: FlaskClient, desk: FlaskClient):
    case_id = post(rider, "/reports", **GOOD).json["id"]

    seen = desk.get(f"/api/v1/cases/{case_id}")

    assert seen.json["reporter"] == "王*明"
    for secret in ("王小明", "王师傅", "1204", str(town.rider.id)):
        assert secret not in seen.get_data(as_text=True)


def test_a_neighbour_sees_the_thing_and_seconds_it(app: Flask, town: Town, rider: FlaskClient):
    post(rider, "/reports", **(GOOD | {"place_words": "珠江路口"}))
    other = city.signed_in(app, town.other)

    [near] = other.get("/api/v1/reports/similar", query_string={"category": "pothole", **WHERE}).json
    assert (near["distance_m"], near["place_words"]) == (0, "珠江路口")
    assert set(near) == {
        "id",
        "number",
        "category",
        "state",
        "state_words",
        "place_words",
        "created_at",
        "distance_m",
    }
    assert post(other, f"/cases/{near['id']}/me-too").status_code == 200
    assert len(other.get("/api/v1/reports/followed").json["items"]) == 1
    assert rider.get(f"/api/v1/cases/{near['id']}").json["me_toos"] == 1


def test_anybody_sees_the_categories_in_their_language(client: FlaskClient):
    chinese = client.get("/api/v1/reports/categories").json
    english = client.get("/api/v1/reports/categories", headers={"Accept-Language": "en"}).json

    assert chinese[1] == {
        "code": "manhole",
        "words": "井盖",
        "prompt": "没盖、破了还是松动？在车道上吗？",
        "grade": "urgent",
        "within": "2 小时",
    }
    assert english[1]["words"] == "Manhole cover"


def test_asking_by_the_api(rider: FlaskClient):
    for path, body in (
        ("suggestions", {"words": "多放一台微波炉", "category": "station"}),
        ("points-queries", {"words": "昨天的没到"}),
        ("appeals", {"words": "少算了三单", "category": "pay"}),
    ):
        assert post(rider, f"/cases/{path}", **body).status_code == 201
        assert post(rider, f"/cases/{path}", **(body | {"words": ""})).status_code == 422
    assert len(rider.get("/api/v1/reports/mine?kind=appeal").json["items"]) == 1


def test_the_desk_filters_by_query(rider: FlaskClient, desk: FlaskClient):
    number = post(rider, "/reports", **GOOD).json["number"]

    assert len(desk.get(f"/api/v1/cases?number={number}").json["items"]) == 1
    assert desk.get("/api/v1/cases?overdue=true&state=submitted").json["items"] == []
    for wrong in ("state=lost", "cursor=x", "limit=101", "number=%25", "kind=x", "unknown=1"):
        assert desk.get(f"/api/v1/cases?{wrong}").status_code == 422


def test_withdrawing_and_merging_by_the_api(app: Flask, town: Town, rider: FlaskClient, desk: FlaskClient):
    first, second = (post(rider, "/reports", **GOOD).json["id"] for _ in range(2))
    assert post(rider, f"/cases/{first}/withdraw").json["state"] == "withdrawn"
    other = post(city.signed_in(app, town.other), "/reports", **GOOD).json["id"]

    merged = post(desk, f"/cases/{second}/merge", into_id=other).json
    assert (merged["state"], merged["duplicate_of"]) == ("merged", other)
    assert (
        post(desk, f"/cases/{other}/reassign", note="去秦淮", unit_region_code=city.QINHUAI).status_code
        == 200
    )
    assert desk.get(f"/api/v1/cases/{other}").status_code == 404


def test_handing_back_and_rejecting_by_the_api(rider: FlaskClient, desk: FlaskClient):
    case = f"/cases/{post(rider, '/reports', **GOOD).json['id']}"
    post(desk, f"{case}/accept")

    handed = post(desk, f"{case}/hand-back", reason="不归我们").json
    assert (handed["state"], handed["steps"][-1]["note"]) == ("returned", "不归我们")
    assert post(desk, f"{case}/reject", reason="不在本市").json["can"] == []


def test_what_may_earn_points_never_goes_without_a_key(rider: FlaskClient):
    answer = rider.post("/api/v1/reports", json=GOOD)

    assert (answer.status_code, answer.json["code"]) == (400, "idempotency-key-missing")
