"""The API: the same key counts once, the code goes to its own rider only, and places are checked."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from app.codes.models import PersonalHandle, ScanSession
from app.identity import queries as people
from app.kernel.db import session, transaction
from tests import make as common
from tests.rewards import make

KEY = {"Idempotency-Key": "one"}


@pytest.fixture
def scene(app):
    return make.scene()


@pytest.fixture
def rider(app, scene):
    return sign_in(app, scene.rider)


@pytest.fixture
def manager(app, scene):
    return sign_in(app, scene.manager)


def sign_in(app, someone):
    with transaction():
        person = people.person(someone.id)
    return common.signed_in(app, person)


def order(scene):
    return {"reward_id": str(scene.reward.id), "station_id": str(scene.station.id)}


def reserved(client, scene, key="reserve"):
    answer = client.post("/api/v1/vouchers", json=order(scene), headers={"Idempotency-Key": key})
    assert answer.status_code == 201, answer.json
    return answer.json


def test_anybody_may_look_at_the_shop(client, scene):
    answer = client.get(
        "/api/v1/rewards?lat=32.05&lng=118.8&region_code=320102", headers={"Accept-Language": "en"}
    )
    item = answer.json["items"][0]
    assert (item["reward"]["name"], item["free"], item["short_by"]) == ("Water", 5, None)
    assert item["places"][0]["distance_m"] > 0
    one = client.get(f"/api/v1/rewards/{scene.reward.id}")
    assert (one.status_code, one.json["reward"]["name"]) == (200, "矿泉水")


def test_half_a_position_is_refused(client, scene):
    answer = client.get("/api/v1/rewards?lat=32.05")
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "lng")


def test_the_whole_way_from_shop_to_undo(rider, manager, scene):
    voucher = reserved(rider, scene)
    where = str(scene.station.id)
    seen = manager.post("/api/v1/redemptions/preview", json={"code": voucher["code"], "station_id": where})
    assert (seen.status_code, seen.json["reward"], seen.json["rider"]) == (200, "矿泉水", "王*明")
    body = {"voucher_id": seen.json["voucher_id"], "station_id": where}
    done = manager.post("/api/v1/redemptions", json=body, headers=KEY)
    assert (done.status_code, done.json["state"]) == (201, "handed_over")
    again = manager.post("/api/v1/redemptions", json=body, headers={"Idempotency-Key": "another"})
    assert (again.status_code, again.json["code"]) == (409, "voucher-handed-over")
    assert "14:02" in again.json["detail"]
    day = manager.get(f"/api/v1/stations/{where}/day").json
    assert (day["handed_over"], day["points"]) == (1, 20)
    undone = manager.post(
        f"/api/v1/redemptions/{body['voucher_id']}/undo", headers={"Idempotency-Key": "undo"}
    )
    assert (undone.status_code, undone.json["state"]) == (200, "undone")
    assert scene.balance() == (100, 0)


def test_the_same_key_reserves_once(rider, scene):
    first = rider.post("/api/v1/vouchers", json=order(scene), headers=KEY)
    again = rider.post("/api/v1/vouchers", json=order(scene), headers=KEY)
    assert (again.status_code, again.data) == (201, first.data)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (scene.balance(), scene.stock()) == ((80, 20), (5, 1))


def test_what_moves_points_needs_a_key(rider, scene):
    answer = rider.post("/api/v1/vouchers", json=order(scene))
    assert (answer.status_code, answer.json["code"]) == (400, "idempotency-key-missing")


def test_the_same_key_cancels_once(rider, scene):
    path = f"/api/v1/vouchers/{reserved(rider, scene)['id']}/cancel"
    answers = [rider.post(path, headers=KEY) for _ in range(2)]
    assert [each.json["state"] for each in answers] == ["cancelled", "cancelled"]
    assert scene.balance() == (100, 0)


def test_the_code_goes_to_its_own_rider_only(app, rider, manager, scene):
    voucher = reserved(rider, scene)
    path = f"/api/v1/vouchers/{voucher['id']}"
    assert len(rider.get(path).json["code"]) == 26
    assert rider.get(voucher["code_svg"]).content_type.startswith("image/svg+xml")
    assert manager.get(path).json["code"] is None
    assert manager.get(f"{path}/code.svg").status_code == 404
    with transaction():
        stranger = make.a_rider("陌生人")
    assert sign_in(app, stranger).get(path).status_code == 404
    assert [each["id"] for each in rider.get("/api/v1/vouchers/mine").json["items"]] == [voucher["id"]]


def test_a_cancelled_voucher_has_no_code_any_more(rider, scene):
    voucher = reserved(rider, scene)
    rider.post(f"/api/v1/vouchers/{voucher['id']}/cancel", headers=KEY)
    assert rider.get(f"/api/v1/vouchers/{voucher['id']}").json["code"] is None
    assert rider.get(voucher["code_svg"]).status_code == 409


def test_a_voucher_has_a_code_until_its_time_is_over_and_no_longer(app, rider, scene, clock):
    voucher = reserved(rider, scene)
    clock.at = datetime.fromisoformat(voucher["expires_at"]) - timedelta(microseconds=1)
    rider = sign_in(app, scene.rider)
    assert len(rider.get(f"/api/v1/vouchers/{voucher['id']}").json["code"]) == 26
    clock.advance(microseconds=1)
    assert rider.get(f"/api/v1/vouchers/{voucher['id']}").json["code"] is None
    assert rider.get(voucher["code_svg"]).status_code == 409


def test_typed_digits_and_a_wrong_kind_of_code(rider, manager, scene):
    voucher = reserved(rider, scene)
    where = str(scene.station.id)
    for code, status in ((voucher["code"][2:15], 200), ("12345", 400), ("0" * 13, 404)):
        answer = manager.post("/api/v1/redemptions/preview", json={"code": code, "station_id": where})
        assert answer.status_code == status, answer.json


def test_a_rider_cannot_stand_behind_the_counter(rider, scene):
    voucher = reserved(rider, scene)
    body = {"voucher_id": voucher["id"], "station_id": str(scene.station.id)}
    assert rider.post("/api/v1/redemptions", json=body, headers=KEY).status_code == 403


def scanned(scene):
    with transaction():
        at = make.clock.now()
        handle = PersonalHandle(
            person_id=scene.rider.id, maker="phone", device_name="x", handle="0123456789", alg="1", epoch=1,
            created_at=at, expires_at=at,
        )  # fmt: skip
        session.add(handle)
        session.flush()
        made = ScanSession(
            handle_id=handle.id, step=1, person_id=scene.rider.id, station_id=scene.station.id, opened_at=at
        )
        session.add(made)
        session.flush()
        return str(made.id)


def test_the_counter_needs_a_fresh_scan_of_the_rider(app, clock, scene, manager):
    body = order(scene) | {"scan_session_id": scanned(scene)}
    done = manager.post("/api/v1/redemptions/counter", json=body, headers=KEY)
    assert (done.status_code, done.json["state"]) == (201, "handed_over")
    clock.advance(seconds=120)
    late = manager.post("/api/v1/redemptions/counter", json=body, headers={"Idempotency-Key": "late"})
    assert (late.status_code, late.json["code"]) == (410, "scan-session-over")
    assert scene.owed() == 20


def test_a_scan_at_one_station_is_no_proof_at_another(app, scene):
    scan = scanned(scene)
    with transaction():
        other = common.station("新街口驿站", position=make.NEXT_DOOR)
        staff = common.staff("station-manager", station_id=other.id)
    body = order(scene) | {"scan_session_id": scan, "station_id": str(other.id)}
    answer = common.signed_in(app, staff).post("/api/v1/redemptions/counter", json=body, headers=KEY)
    assert (answer.status_code, answer.json["code"]) == (410, "scan-session-over")


def test_the_shelf_through_the_api(app, manager, scene):
    where, reward = f"/api/v1/stations/{scene.station.id}/stock", str(scene.reward.id)
    delivery = {"reward_id": reward, "quantity": 3}
    for _ in range(2):
        answer = manager.post(f"{where}/deliveries", json=delivery, headers=KEY)
        assert (answer.status_code, answer.json["on_hand"]) == (201, 8)
    count = manager.post(
        f"{where}/counts", json={"reward_id": reward, "counted": 7}, headers={"Idempotency-Key": "c"}
    )
    assert (count.status_code, count.json["errors"][0]["field"]) == (422, "reason")
    gone = {"reward_id": reward, "quantity": 1, "reason": "破损"}
    assert (
        manager.post(f"{where}/write-offs", json=gone, headers={"Idempotency-Key": "w"}).json["on_hand"] == 7
    )
    assert [item["free"] for item in manager.get(where).json] == [7]
    moved = manager.get(f"{where}/movements").json["items"]
    assert [each["quantity"] for each in moved] == [-1, 3, 5]
    with transaction():
        other = common.station("新街口驿站", position=make.NEXT_DOOR)
        staff = common.staff("station-manager", station_id=other.id)
    stranger = common.signed_in(app, staff)
    for path in (where, f"{where}/movements", f"/api/v1/stations/{scene.station.id}/day"):
        assert stranger.get(path).status_code == 403


def test_the_department_offers_and_withdraws(app, scene):
    with transaction():
        staff = common.staff("department", region_code=common.CITY)
    department = common.signed_in(app, staff)
    body = {
        "name_zh": "雨衣",
        "name_en": "Raincoat",
        "kind": "goods",
        "points": 300,
        "region_code": common.CITY,
    }
    offered = department.post("/api/v1/rewards", json=body, headers=KEY)
    assert (offered.status_code, offered.json["points"]) == (201, 300)
    free = department.post("/api/v1/rewards", json=body | {"points": 0}, headers={"Idempotency-Key": "free"})
    assert (free.status_code, free.json["errors"][0]["field"]) == (422, "points")
    gone = department.post(f"/api/v1/rewards/{offered.json['id']}/withdraw")
    assert (gone.status_code, gone.json["active"]) == (200, False)
