"""Whatever is scanned, the right thing happens or the right words appear."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.checkins.models import Checkin, RefusedScan
from app.codes.kinds import invite, shift, station, voucher
from app.codes.models import ScanSession
from app.identity.actors import SYSTEM
from app.identity.appointing import appoint
from app.kernel.db import session, transaction
from app.kernel.geo import to_gcj02
from app.kernel.ids import new_id
from app.rewards.models import Voucher
from app.volunteering.models import Attendance
from tests import make as everyone
from tests.checkins.make import metres_north
from tests.codes import make
from tests.rewards import make as counter
from tests.rules import make as rules
from tests.volunteering import make as volunteers

HERE = {"position": {"lat": 32.0435, "lng": 118.798}, "accuracy_m": 10}


def client_of(app, actor) -> FlaskClient:
    with transaction():
        someone = session.get_one(everyone.Person, actor.person_id)
    return everyone.signed_in(app, someone)


def scan(client: FlaskClient, text: str, key: str | None = None, **body: Any) -> tuple[int, dict[str, Any]]:
    headers = {"Idempotency-Key": key or new_id().hex}
    answer = client.post("/api/v1/scans", json={"text": text, **body}, headers=headers)
    return answer.status_code, answer.json


def count(model: type) -> int:
    with transaction(write=False):
        return session.query(model).count()


def slugs() -> list[str]:
    with transaction(write=False):
        return [each.slug for each in session.query(RefusedScan).order_by(RefusedScan.id)]


@pytest.fixture
def scene(app, clock) -> make.Scene:
    return make.scene()


@pytest.fixture
def rider(app, scene) -> FlaskClient:
    return client_of(app, scene.rider)


@pytest.fixture
def manager(app, scene) -> FlaskClient:
    return client_of(app, scene.manager)


# --- a rider scans -----------------------------------------------------------------------------------------------


def test_a_rider_scans_a_poster_and_is_checked_in_with_points_and_the_reason(app, clock):
    made = rules.scene()
    with transaction():
        here = everyone.station()
        rider = everyone.actor(made.rider)
    status, told = scan(client_of(app, rider), station.make(here.short_code), **HERE)
    assert status == 200
    assert (told["kind"], told["outcome"]) == ("station", "done")
    assert told["points"] == made.points()[0] > 0
    assert "R-02" in told["why"]


def test_a_scanned_poster_without_a_place_asks_for_it(scene, rider):
    status, told = scan(rider, station.make(scene.station.short_code))
    assert (status, told["code"]) == (422, "location-needed")
    assert told["errors"][0]["field"] == "position"


def test_a_refusal_is_written_down_once_at_the_posters_station(scene, rider):
    far = metres_north(900)
    place = {"position": {"lat": far.lat, "lng": far.lng}, "accuracy_m": 10}
    status, told = scan(rider, station.make(scene.station.short_code), **place)
    assert (status, told["code"]) == (403, "too-far")
    with transaction():
        kept = session.query(RefusedScan).one()
    assert (kept.person_id, kept.station_id) == (scene.rider.person_id, scene.station.id)


def test_positions_in_the_chinese_datum_are_understood(scene, rider):
    lat, lng = to_gcj02(scene.station.position)
    place = {"position": {"lat": lat, "lng": lng, "datum": "gcj02"}, "accuracy_m": 5}
    assert scan(rider, station.make(scene.station.short_code), **place)[0] == 200


def test_a_rider_scans_a_shift_in_and_out(app, clock):
    made = volunteers.setting(starts_in=10, minutes=60)
    walker = volunteers.new_rider()
    clock.advance(minutes=10)
    _, first = scan(client_of(app, walker), shift.make(made.shift.short_code, clock()))
    clock.advance(minutes=60)
    _, second = scan(client_of(app, walker), shift.make(made.shift.short_code, clock()))
    assert first["kind"] == second["kind"] == "shift"
    assert first["attendance_id"] == second["attendance_id"] is not None
    assert [each["headline"] for each in (first, second)] == [
        "签到成功：路口文明劝导",
        "签退成功：路口文明劝导",
    ]


def test_whoever_stands_at_a_counter_is_not_signed_in_by_a_shift_that_is_scanned_there(app, clock):
    made = volunteers.setting(starts_in=0, minutes=60)
    with transaction():
        here = everyone.station("驿站")
        manager = everyone.actor(everyone.staff("station-manager", station_id=here.id))
    text = shift.make(made.shift.short_code, clock())
    status, told = scan(client_of(app, manager), text, station_id=str(here.id))
    assert (status, told["code"]) == (409, "code-not-for-scanning")
    assert count(Attendance) == 0


@pytest.mark.parametrize("text", ["personal", "voucher"])
def test_a_rider_is_told_to_show_such_a_code_at_the_counter(scene, rider, text):
    code = scene.phone.code() if text == "personal" else voucher.make("1234567890123")
    status, told = scan(rider, code)
    assert (status, told["code"]) == (409, "code-for-counter")
    assert count(ScanSession) == 0


def test_an_invitation_is_opened_in_another_way(scene, rider):
    status, told = scan(rider, invite.make("A1B2C3D4E5F6G7H8"))
    assert (status, told["code"]) == (409, "code-not-for-scanning")


def test_a_riders_own_bad_scan_stands_in_their_history(scene, rider):
    scan(rider, "http://evil.example/S/A1B2C3DDDDDDDD")
    seen = rider.get("/api/v1/checkins/refused").json["items"]
    assert [(each["code"], each["station_id"]) for each in seen] == [("code-foreign", None)]


def test_nobody_leaves_traces_at_a_station_that_is_not_theirs(scene, rider, manager):
    for client in (rider, manager):
        status, _ = scan(client, "rubbish", station_id=str(scene.other_station.id))
        assert status == 403
    status, _ = scan(rider, "rubbish", station_id=str(new_id()))
    assert status == 403
    assert slugs() == []


def test_a_station_that_does_not_exist_is_not_found(app, scene):
    with transaction():
        district = everyone.actor(everyone.staff("station-manager", region_code=everyone.CITY, name="片区"))
    status, told = scan(client_of(app, district), "rubbish", station_id=str(new_id()))
    assert (status, told["code"]) == (404, "station-not-found")


# --- a station scans ---------------------------------------------------------------------------------------------


def at_counter(client: FlaskClient, scene: make.Scene, text: str, **more: Any) -> tuple[int, dict[str, Any]]:
    return scan(client, text, station_id=str(scene.station.id), **more)


def test_a_station_scans_a_rider(scene, manager):
    status, told = at_counter(manager, scene, scene.phone.code())
    assert status == 200
    assert (told["kind"], told["outcome"], told["replayed"]) == ("personal", "done", False)
    assert (told["rider"], told["headline"]) == ("王*明", "签到成功")
    with transaction():
        opened = session.query(ScanSession).one()
        made = session.query(Checkin).one()
    assert (told["scan_session_id"], told["checkin_id"]) == (str(opened.id), str(made.id))
    assert (made.how, made.person_id) == ("scanned", scene.rider.person_id)


def test_the_same_code_again_is_the_same_answer(scene, manager):
    picture = scene.phone.code()
    _, first = at_counter(manager, scene, picture)
    _, second = at_counter(manager, scene, picture)
    assert second == first | {"replayed": True}
    assert (count(Checkin), count(ScanSession)) == (1, 1)


def test_the_same_code_again_is_no_second_check_in_when_the_hours_change(app, scene, clock):
    clock.at = clock.at.replace(hour=7, minute=59, second=40)  # 15:59:40; at 16:00 the next window begins
    manager = client_of(app, scene.manager)
    picture = scene.phone.code()
    _, first = at_counter(manager, scene, picture)
    clock.advance(seconds=40)
    _, second = at_counter(manager, scene, picture)
    assert second == first | {"replayed": True}
    assert count(Checkin) == 1


def test_a_later_code_opens_a_session_without_a_second_check_in(scene, manager, clock):
    at_counter(manager, scene, scene.phone.code())
    clock.advance(minutes=5)
    picture = scene.phone.code()
    _, told = at_counter(manager, scene, picture)
    assert (told["outcome"], told["points"]) == ("already", 0)
    assert "14:02" in told["headline"]
    assert at_counter(manager, scene, picture)[1] == told | {"replayed": True}
    assert (count(Checkin), count(ScanSession)) == (1, 2)


def test_points_are_told_where_they_were_given_and_not_again(app, clock):
    made = rules.scene()
    with transaction():
        here, rider = everyone.station(), everyone.actor(made.rider)
        manager = everyone.actor(everyone.staff("station-manager", station_id=here.id))
        phone = make.phone(rider)
    told = []
    for _ in range(2):
        told.append(scan(client_of(app, manager), phone.code(), station_id=str(here.id))[1])
        clock.advance(minutes=5)
    assert [each["points"] for each in told] == [made.points()[0], 0]
    assert made.points()[0] > 0
    assert told[0]["why"] == told[1]["why"] != ""


def test_the_code_at_another_station_is_refused_and_explained_to_its_rider(app, scene, manager, rider):
    picture = scene.phone.code()
    at_counter(manager, scene, picture)
    other = client_of(app, scene.other_manager)
    status, told = scan(other, picture, station_id=str(scene.other_station.id))
    assert (status, told["code"]) == (409, "code-replay")
    seen = rider.get("/api/v1/checkins/refused").json["items"]
    assert [(each["code"], each["station_id"]) for each in seen] == [
        ("code-replay", str(scene.other_station.id))
    ]


def test_a_forged_code_gets_into_nobodys_history(scene, manager, rider):
    real = scene.phone.code()
    forged = make.resealed(real[:20] + "0" * 12)
    assert at_counter(manager, scene, forged)[1]["code"] == "code-forged"
    assert slugs() == ["code-forged"]
    assert rider.get("/api/v1/checkins/refused").json["items"] == []


def test_a_station_has_to_say_which_one_it_is(app, scene, manager):
    with transaction():
        place = {"region_code": None, "station_id": scene.station.id}
        rides_too = everyone.rider("副站长")
        appoint(
            person_id=rides_too.id, role="station-manager", **place, by=SYSTEM, at=scene.station.opened_at
        )
    for by in (manager, everyone.signed_in(app, rides_too)):
        status, told = scan(by, scene.phone.code())
        assert (status, told["errors"][0]["field"]) == (422, "station_id")


def test_a_scanned_voucher_is_shown_and_never_handed_over(app, clock):
    made = counter.scene()
    promised = made.reserve()
    client = client_of(app, made.manager)
    before = made.stock()
    for _ in range(3):
        _, told = scan(client, voucher.make(promised.serial), station_id=str(made.station.id))
        assert (told["kind"], told["outcome"], told["voucher_id"]) == ("voucher", "preview", str(promised.id))
    assert made.stock() == before
    with transaction(write=False):
        assert session.get_one(Voucher, promised.id).state == "reserved"


def test_a_genuine_voucher_that_nobody_holds_is_unknown(scene, manager):
    status, told = at_counter(manager, scene, voucher.make("0000000000000"))
    assert (status, told["code"]) == (404, "voucher-unknown")


# --- the same again, and too often --------------------------------------------------------------------------------


def test_the_same_request_is_answered_the_same(scene, manager):
    first = at_counter(manager, scene, scene.phone.code(), key="one-scan-one-key")
    assert at_counter(manager, scene, scene.phone.code(), key="one-scan-one-key") == first


def test_a_refused_request_sent_again_is_refused_the_same(scene, rider):
    """Its refusal was kept, and the key with it: without an answer beside the key it would seem to run for ever."""
    first = scan(rider, "rubbish", key="refused-and-kept")
    assert first[1]["code"] == "code-format"
    assert scan(rider, "rubbish", key="refused-and-kept") == first
    assert slugs() == ["code-format"]


def test_five_guesses_a_minute_close_the_stations_door_for_a_while(app, scene, manager, clock):
    real = scene.phone.code()
    for number in range(5):
        guess = make.resealed(real[:14] + str(number) * 18)
        assert at_counter(manager, scene, guess)[1]["code"] == "code-forged"
        clock.advance(seconds=5)
    status, told = at_counter(manager, scene, scene.phone.code())
    assert (status, told["code"], told["facts"]["retry_after_s"]) == (429, "too-many-tries", 35)
    other = client_of(app, scene.other_manager)
    assert scan(other, scene.phone.code(), station_id=str(scene.other_station.id))[0] == 200
    clock.advance(seconds=35)
    assert at_counter(manager, scene, scene.phone.code())[0] == 200


def test_guesses_at_a_station_count_together_whoever_makes_them(app, scene, manager):
    with transaction():
        deputy = everyone.actor(everyone.staff("station-manager", station_id=scene.station.id, name="孙站长"))
    two = [manager, client_of(app, deputy)]
    real = scene.phone.code()
    for number in range(5):
        guess = make.resealed(real[:14] + str(number) * 18)
        assert at_counter(two[number % 2], scene, guess)[1]["code"] == "code-forged"
    for each in two:
        assert at_counter(each, scene, scene.phone.code())[0] == 429


def test_misread_codes_close_no_door(scene, manager):
    real = scene.phone.code()
    wrong = real[:-1] + str((int(real[-1]) + 1) % 10)
    for _ in range(8):
        assert at_counter(manager, scene, wrong)[1]["code"] == "code-checksum"
    assert at_counter(manager, scene, real)[0] == 200


def test_a_rider_who_guesses_posters_is_slowed_down(scene, rider):
    good = station.make(scene.station.short_code)
    for last in "01234":
        guess = good[:-8] + "ZZZZZZZ" + last
        assert scan(rider, guess, **HERE)[1]["code"] == "code-forged"
    assert scan(rider, good, **HERE)[0] == 429


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": ""},
        {"text": "x" * 513},
        {"text": 5},
        {"text": "x", "station_id": "no"},
        {"text": "x", "position": {"lat": 91, "lng": 0}},
        {"text": "x", "accuracy_m": -1},
        {"text": "x", "points": 5},
    ],
)
def test_a_body_of_the_wrong_shape_is_a_422(scene, rider, body):
    answer = rider.post("/api/v1/scans", json=body, headers={"Idempotency-Key": new_id().hex})
    assert answer.status_code == 422
    assert answer.json["errors"]


def test_a_scan_needs_a_key_and_a_person(app, scene, rider):
    assert rider.post("/api/v1/scans", json={"text": "x"}).json["code"] == "idempotency-key-missing"
    nobody = app.test_client().post(
        "/api/v1/scans", json={"text": "x"}, headers={"Idempotency-Key": "a" * 20}
    )
    assert nobody.status_code == 401


def test_sessions_end_by_themselves(scene, manager, clock):
    at_counter(manager, scene, scene.phone.code())
    with transaction(write=False):
        assert session.query(ScanSession).one().expires_at == clock() + timedelta(seconds=120)
