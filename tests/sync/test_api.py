"""The API of what was done without a signal, over HTTP."""

from __future__ import annotations

from app.audit.models import AuditRecord
from app.identity.models import Person
from app.identity.queries import person
from app.kernel.db import session, transaction
from app.kernel.i18n import speaking
from app.kernel.ids import new_id
from app.sync import queries, receiving, schemas
from tests import make as base
from tests.sync import make
from tests.web.make import browser


def client_of(app, actor):
    with transaction():
        someone = person(actor.person_id)
    return base.signed_in(app, someone)


def plain(batch):
    """As a device writes it."""
    log = batch["log"] and {
        name: str(value) if name.endswith("_id") else value for name, value in batch["log"].items()
    }
    return batch | {"log": log}


def test_a_device_needs_no_session_to_send(app, clock, client):
    scene = make.scene()
    scene.here.note("scan", scene.rider.phone.code())
    answer = client.post("/api/v1/sync/batches", json=plain(scene.here.batch()))
    assert answer.status_code == 200
    assert (answer.json["have"], answer.json["missing"]) == (1, [])
    (item,) = answer.json["items"]
    assert (item["state"], item["points"], item["words"]) == ("counted", 5, "签到已补上，+5 分")


def test_a_phone_needs_its_rider_signed_in(app, clock, client):
    scene = make.scene()
    scene.rider.keep(scene.here.station)
    assert client.post("/api/v1/sync/batches", json=scene.rider.batch()).status_code == 401
    phone = client_of(app, scene.rider.rider)
    answer = phone.post("/api/v1/sync/batches", json=scene.rider.batch())
    assert [each["state"] for each in answer.json["items"]] == ["counted"]
    mine = phone.get("/api/v1/sync/items/mine").json["items"]
    assert [each["id"] for each in mine] == [scene.rider.outbox[0]["id"]]


def test_a_thousand_items_and_not_one_more(app, clock):
    scene = make.scene()
    phone = client_of(app, scene.rider.rider)
    body = scene.rider.batch([{}] * 1_000)
    answer = phone.post("/api/v1/sync/batches", json=body)
    assert {each["code"] for each in answer.json["items"]} == {"item-unreadable"}
    assert phone.post("/api/v1/sync/batches", json=body | {"items": [{}] * 1_001}).status_code == 422


def test_nothing_in_the_place_of_an_item_stops_none_of_the_others(app, clock, client):
    scene = make.scene(riders=2)
    scene.here.note("scan", scene.riders[1].phone.code())
    scene.rider.keep(scene.here.station)
    phone = client_of(app, scene.rider.rider)
    for sender, batch in ((client, plain(scene.here.batch())), (phone, scene.rider.batch())):
        answer = sender.post("/api/v1/sync/batches", json=batch | {"items": [None, *batch["items"], None]})
        assert answer.status_code == 200
        assert [each["state"] for each in answer.json["items"]] == ["refused", "counted", "refused"]


def test_from_enrolment_to_the_lease(app, clock):
    scene = make.scene()
    manager, rider = client_of(app, scene.here.manager), client_of(app, scene.rider.rider)
    at = f"/api/v1/sync/stations/{scene.here.station.id}"
    assert rider.post(f"{at}/enrolment-codes").status_code == 403
    code = manager.post(f"{at}/enrolment-codes").json["code"]
    wanted = {"code": code.lower(), "name": "柜台平板", "public_key": make.public_key(77)}
    made = manager.post(f"{at}/devices", json=wanted)
    assert made.status_code == 201
    assert manager.post(f"{at}/devices", json=wanted).json["code"] == "enrolment-code-wrong"
    taken = manager.post(f"/api/v1/sync/devices/{made.json['id']}/lease")
    assert taken.json["code"] == "lease-taken"  # the station's one lease is on the first device
    assert manager.delete(f"/api/v1/sync/devices/{scene.here.device_id}").status_code == 204
    given = manager.post(f"/api/v1/sync/devices/{made.json['id']}/lease")
    assert given.status_code == 200
    assert [each["revoked_at"] is None for each in manager.get(f"{at}/devices").json] == [True, False]


def test_the_department_sees_what_may_be_lost_and_decides(app, clock):
    scene = make.scene()
    boss = client_of(app, scene.boss)
    leases = boss.get("/api/v1/sync/leases").json
    assert (leases["worst_loss"], len(leases["stations"])) == (200, 1)
    scene.here.note("scan", scene.rider.phone.code())
    clock.advance(hours=73)
    scene.here.send()
    boss = client_of(app, scene.boss)  # the first session ran out
    (conflict,) = boss.get("/api/v1/sync/conflicts").json["items"]
    assert (conflict["words"], conflict["decisions"]) == ("超过 72 小时才补传", ["count", "refuse"])
    url = f"/api/v1/sync/conflicts/{conflict['id']}"
    assert boss.get(url).json["evidence"]["device"] == "平板0"
    assert boss.post(f"{url}/decision", json={"decision": "count"}).json["decision"] == "count"
    assert boss.get("/api/v1/sync/conflicts").json["items"] == []
    assert len(boss.get("/api/v1/sync/conflicts?show=decided").json["items"]) == 1


def test_who_looked_at_a_riders_conflict_is_kept(app, clock):
    scene = make.scene()
    scene.here.note("scan", scene.rider.phone.code())
    clock.advance(hours=73)
    scene.here.send()
    (conflict,) = make.conflicts()
    boss = client_of(app, scene.boss)
    assert boss.get("/api/v1/sync/conflicts").json["items"][0]["rider"] == "骑*0"
    boss.get(f"/api/v1/sync/conflicts/{conflict.id}")
    with transaction():
        someone = person(scene.boss.person_id)
    assert "骑*0" in browser(app, someone).get(f"/desk/conflicts/{conflict.id}").text
    with transaction(write=False):
        looks = session.query(AuditRecord).filter_by(action="conflict.seen").order_by(AuditRecord.id)
        assert [each.subject for each in looks] == ["list", *[f"conflict:{conflict.id}"] * 2]
    with transaction():
        nameless = session.get_one(Person, conflict.person_id)
        nameless.name, nameless.nickname = None, "小马哥"
    assert boss.get(f"/api/v1/sync/conflicts/{conflict.id}").json["rider"] == "小*哥"
    assert "小*哥" in browser(app, someone).get(f"/desk/conflicts/{conflict.id}").text


def test_a_batch_is_answered_in_the_words_of_its_items(app, clock):
    """The answer is written out for speed; it says what the schema of an item says."""
    full = queries.Told(
        new_id(),
        1,
        "scan",
        "counted",
        None,
        {"zh": "到了", "en": "There"},
        5,
        clock.at,
        clock.at,
        new_id(),
        None,
    )
    none = receiving.Unkept(None, "item-unreadable", {})
    for language in ("zh", "en"):
        with speaking(language):
            told = schemas.BatchRead().dump(
                {"server_time": clock.at, "have": 1, "missing": [], "items": [full, none]}
            )
            assert told["items"] == [schemas.ItemRead().dump(each) for each in (full, none)]
