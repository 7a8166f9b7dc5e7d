"""The edge: what is public, what takes a role, and what wrong input is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.kernel import clock
from app.kernel.db import transaction
from tests import make as city
from tests.volunteering import make


@pytest.fixture
def here(app):
    return make.setting()


def test_anybody_sees_open_shifts(client, here):
    body = client.get("/api/v1/shifts").json
    assert [each["id"] for each in body["items"]] == [str(here.shift.id)]
    assert body["items"][0]["activity"]["title"] == "路口文明劝导"
    assert client.get(f"/api/v1/shifts/{here.shift.id}").json["places_left"] == 5
    assert client.get("/api/v1/shifts?lat=32").status_code == 422
    assert client.get("/api/v1/shifts?cursor=AAAAAAAAAAAAAAAAAAAAAA").json["code"] == "cursor-unknown"


def test_a_rider_signs_up_and_steps_back(app, here):
    with transaction():
        someone = city.rider()
    mine = city.signed_in(app, someone)
    assert mine.post(f"/api/v1/shifts/{here.shift.id}/sign-up").json["state"] == "active"
    assert mine.get(f"/api/v1/shifts/{here.shift.id}").json["signed_up"] is True
    assert len(mine.get("/api/v1/sign-ups/mine").json) == 1
    assert mine.delete(f"/api/v1/shifts/{here.shift.id}/sign-up").status_code == 204
    assert mine.get("/api/v1/sign-ups/mine").json == []


def test_an_organiser_plans_an_activity(app, here):
    with transaction():
        someone = city.staff("organiser", region_code=city.XUANWU)
    desk = city.signed_in(app, someone)
    words = {
        "title_zh": "敬老院探访",
        "category": "care",
        "region_code": city.COMMUNITY,
        "place_words": "敬老院",
    }
    made = desk.post(
        "/api/v1/activities", json=words | {"position": {"lat": 32.04, "lng": 118.79}}, headers=city.once()
    )
    assert made.status_code == 201, made.json
    activity_id = made.json["id"]
    starts_at = clock.now() + timedelta(days=1)
    span = {
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + timedelta(hours=2)).isoformat(),
        "places": 3,
    }
    assert (
        desk.post(f"/api/v1/activities/{activity_id}/shifts", json=span, headers=city.once()).status_code
        == 201
    )
    assert desk.get(f"/api/v1/activities/{activity_id}").status_code == 404
    assert desk.post(f"/api/v1/activities/{activity_id}/publication").json["state"] == "open"
    assert len(desk.get("/api/v1/activities").json["items"]) == 2
    assert desk.post(f"/api/v1/activities/{activity_id}/cancellation").json["state"] == "cancelled"
    wrong = desk.post("/api/v1/activities", json=words | {"category": "gossip"}, headers=city.once())
    assert wrong.status_code == 422
    assert wrong.json["errors"][0]["field"] == "category"


@pytest.mark.parametrize("elsewhere", [city.QINHUAI, city.MEIYUAN])
def test_an_activity_is_at_a_station_of_its_own_region(app, here, elsewhere):
    with transaction():
        someone = city.staff("organiser", region_code=city.XUANWU)
        there = city.station(region_code=elsewhere)
        inside = city.station("社区驿站")
    desk = city.signed_in(app, someone)
    words = {
        "title_zh": "敬老院探访",
        "category": "care",
        "place_words": "敬老院",
        "region_code": city.COMMUNITY,
    }
    refused = desk.post("/api/v1/activities", json=words | {"station_id": str(there.id)}, headers=city.once())
    assert (refused.status_code, refused.json["code"]) == (422, "activity-station-elsewhere")
    assert [each["field"] for each in refused.json["errors"]] == ["station_id"]
    for station, region_code in ((inside, city.COMMUNITY), (inside, city.XUANWU)):
        wider = words | {"station_id": str(station.id), "region_code": region_code}
        assert desk.post("/api/v1/activities", json=wider, headers=city.once()).status_code == 201


def test_hours_are_confirmed_through_the_desk_with_a_key(app, here):
    rider = make.new_rider()
    make.attend(here.shift, rider)
    with transaction():
        someone = city.staff("organiser", region_code=city.XUANWU)
    desk = city.signed_in(app, someone)
    (listed,) = desk.get(f"/api/v1/shifts/{here.shift.id}/attendance").json
    assert listed["name"] == "王师傅"
    (waiting,) = desk.get("/api/v1/hours/to-confirm").json["items"]
    path = f"/api/v1/hours/{waiting['id']}/confirm"
    assert desk.post(path).status_code == 400
    first = desk.post(path, headers={"Idempotency-Key": "k1"})
    again = desk.post(path, headers={"Idempotency-Key": "k1"})
    assert (first.status_code, again.json["state"]) == (200, "confirmed")
    late = desk.post(path, headers={"Idempotency-Key": "k2"})
    assert (late.status_code, late.json["code"]) == (409, "hours-decided")


def test_a_rider_reads_only_his_own_hours(app, here):
    with transaction():
        someone, other = city.rider(), city.rider("赵师傅")
    with transaction(write=False):
        acting = city.actor(someone)
    make.attend(here.shift, acting)
    assert city.signed_in(app, someone).get("/api/v1/hours/mine/totals").json["pending"] == 120
    assert city.signed_in(app, other).get("/api/v1/hours/mine").json["items"] == []
    assert city.signed_in(app, other).get("/api/v1/hours/to-confirm").status_code == 403


def test_what_is_sent_again_is_made_once(app, here):
    with transaction():
        someone = city.staff("organiser", region_code=city.XUANWU)
    desk = city.signed_in(app, someone)
    words = {
        "title_zh": "敬老院探访",
        "category": "care",
        "region_code": city.COMMUNITY,
        "place_words": "敬老院",
    }
    key = city.once()
    first, again = (desk.post("/api/v1/activities", json=words, headers=key) for _ in range(2))
    assert first.status_code == 201, first.json
    assert again.json == first.json
    listed = [each["title"] for each in desk.get("/api/v1/activities").json["items"]]
    assert listed.count(words["title_zh"]) == 1


def test_heads_are_counted_while_the_shift_runs_and_once_however_often_it_is_sent(app, clock):
    here, rider = make.setting(), make.new_rider()
    attended = make.scan(here.shift, rider, here.shift.starts_at)
    with transaction():
        someone = city.staff("organiser", region_code=city.XUANWU)
    path = f"/api/v1/shifts/{here.shift.id}/head-counts"
    body = {"here": 0, "heads": [{"attendance_id": str(attended.id), "seen": False}]}

    def count(key, **changed):
        desk = city.signed_in(app, someone)
        return desk.post(path, json=body | changed, headers={"Idempotency-Key": key})

    early = count("k1")
    assert (early.status_code, early.json["code"]) == (409, "shift-not-running")
    clock.at = here.shift.starts_at + timedelta(minutes=40)
    wrong = count("k2", here=1)
    assert (wrong.status_code, wrong.json["errors"][0]["field"]) == (422, "here")
    first, again = count("k3"), count("k3")
    assert (first.status_code, first.json["signed_in"], first.json["here"]) == (201, 1, 0)
    assert again.json == first.json
    (listed,) = city.signed_in(app, someone).get(f"/api/v1/shifts/{here.shift.id}/attendance").json
    assert listed["seen"] is False
