"""A phone gets a handle and a key once, makes codes with them, and loses them."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.codes.enrolling import enrol_phone, renew_server_handle, revoke_handles
from app.codes.kinds import personal
from app.codes.models import PersonalHandle, ScanSession
from app.codes.queries import session_in_use
from app.identity import profile, sessions
from app.kernel import clock as clock_module
from app.kernel.db import session, transaction, violated
from app.kernel.errors import Problem
from app.kernel.idempotency import IdempotencyRecord
from app.kernel.ids import new_id
from tests import make as everyone
from tests.codes import make
from tests.crossing import crossed


def client_of(app, actor):
    with transaction():
        someone = session.get_one(everyone.Person, actor.person_id)
    return everyone.signed_in(app, someone)


def test_a_phone_makes_its_own_codes_with_what_it_was_given(app, clock):
    scene = make.scene()
    given = client_of(app, scene.rider).post("/api/v1/codes/device", json={"device_name": "红米"})
    assert given.status_code == 201
    told = given.json
    key = base64.urlsafe_b64decode(told["key"] + "=")
    assert len(key) == 32
    assert (told["alg"], told["step_s"]) == ("1", 30)
    assert datetime.fromisoformat(told["server_time"]) == clock()
    assert datetime.fromisoformat(told["valid_until"]) == clock() + timedelta(days=7)
    step = int(clock().timestamp()) // told["step_s"]
    digits = personal.make(key=key, handle=told["handle"], step=step, alg=told["alg"])
    assert make.verdict(digits, scene.station, scene.manager) == "accepted"


def test_the_key_is_kept_nowhere(app, clock):
    scene = make.scene()
    client = client_of(app, scene.rider)
    told = client.post(
        "/api/v1/codes/device", json={}, headers={"Idempotency-Key": "a-key-all-the-same"}
    ).json
    with transaction(write=False):
        kept = [
            str(vars(each))
            for model in (PersonalHandle, IdempotencyRecord)
            for each in session.scalars(select(model))
        ]
    raw = base64.urlsafe_b64decode(told["key"] + "=")
    assert kept
    assert not any(told["key"] in row or raw.hex() in row or repr(raw) in row for row in kept)


CLAIM = "c1a1" * 8


def enrolled_under(client, claim: str) -> dict:
    given = client.post("/api/v1/codes/device", json={"device_name": "红米", "claim": claim})
    assert given.status_code == 201
    return given.json


def test_a_phone_whose_answer_got_lost_gets_the_same_key_again(app, clock):
    scene = make.scene()
    client = client_of(app, scene.rider)
    first = enrolled_under(client, CLAIM)
    told = client.get("/api/v1/codes/device").json
    assert told["claimed"] == hashlib.sha256(CLAIM.encode()).hexdigest()
    clock.advance(minutes=5)
    again = enrolled_under(client, CLAIM)
    for name in ("handle", "alg", "key", "valid_until"):
        assert again[name] == first[name]


def test_another_claim_is_another_phone(app, clock):
    scene = make.scene()
    client = client_of(app, scene.rider)
    first, second = enrolled_under(client, CLAIM), enrolled_under(client, CLAIM.upper())
    assert first["key"] != second["key"]
    third = enrolled_under(client, CLAIM)  # the first phone is not the one in use any more
    assert third["key"] not in {first["key"], second["key"]}


def test_a_claim_is_worth_nothing_once_its_codes_have_ended(app, clock):
    scene = make.scene()
    client = client_of(app, scene.rider)
    lost = enrolled_under(client, CLAIM)
    client.delete("/api/v1/codes/device")
    assert enrolled_under(client, CLAIM)["key"] != lost["key"]
    old = enrolled_under(client, CLAIM)
    clock.advance(days=7)
    assert enrolled_under(client_of(app, scene.rider), CLAIM)["key"] != old["key"]


def test_a_claim_is_long_enough_that_nobody_guesses_it_and_is_kept_nowhere(app, clock):
    scene = make.scene()
    client = client_of(app, scene.rider)
    short = client.post("/api/v1/codes/device", json={"claim": "c" * 21})
    assert (short.status_code, short.json["errors"][0]["field"]) == (422, "claim")
    enrolled_under(client, CLAIM)
    with transaction(write=False):
        assert not any(CLAIM in str(vars(each)) for each in session.scalars(select(PersonalHandle)))


def test_a_second_phone_ends_the_first(app, clock):
    scene = make.scene()
    second = make.new_phone(scene.rider)
    assert make.verdict(scene.phone.code(), scene.station, scene.manager) == "handle-revoked"
    assert make.verdict(second.code(), scene.station, scene.manager) == "accepted"


def test_a_lost_phone_is_ended_by_its_owner(app, clock):
    scene = make.scene()
    assert client_of(app, scene.rider).delete("/api/v1/codes/device").status_code == 204
    assert make.verdict(scene.phone.code(), scene.station, scene.manager) == "handle-revoked"


def test_a_closed_account_has_no_codes(app, clock):
    scene = make.scene()
    with transaction():
        profile.close_account(by=scene.rider, at=clock())
    assert make.verdict(scene.phone.code(), scene.station, scene.manager) == "handle-revoked"


@pytest.mark.parametrize(("days", "said"), [(6, "accepted"), (20, "accepted"), (21, "handle-expired")])
def test_a_phone_without_a_connection_lasts_its_grace(app, clock, days, said):
    scene = make.scene()
    clock.advance(days=days)
    assert make.verdict(scene.phone.code(), scene.station, scene.manager) == said


def test_two_phones_that_enrol_at_once_leave_one_in_use(app, clock):
    scene = make.scene()

    def enrol():
        return enrol_phone(device_name="手机", by=scene.rider, at=clock_module.now())[0].id

    made = make.at_once(app, [enrol] * 4)
    assert len(set(made)) == 4
    with transaction(write=False):
        in_use = (
            session.query(PersonalHandle).filter_by(person_id=scene.rider.person_id, revoked_at=None).count()
        )
    assert in_use == 1


@pytest.fixture
def stolen(app, clock):
    """A rider, and the rider on a phone that somebody else has in their hands."""
    scene = make.scene()
    with transaction():
        person = session.get_one(everyone.Person, scene.rider.id)
        family_id = sessions.open_session(person=person, device="stolen", at=clock.at).family_id
    return scene.rider, replace(scene.rider, family_id=family_id)


def ends_all(rider, clock):
    def end():
        sessions.end_all_sessions(person_id=rider.id, at=clock.at)
        return revoke_handles(person_id=rider.id, at=clock.at)

    return end


def enrols(thief, clock):
    return lambda: enrol_phone(device_name="红米", by=thief, at=clock.at)[0].person_id


def test_a_phone_that_is_being_enrolled_makes_no_codes_once_it_is_ended(stolen, clock):
    rider, thief = stolen
    both = crossed(enrols(thief, clock), ends_all(rider, clock))
    assert (both.first, both.then) == (rider.id, 1)


def test_a_phone_that_is_being_ended_is_not_enrolled(stolen, clock):
    rider, thief = stolen
    both = crossed(ends_all(rider, clock), enrols(thief, clock))
    assert both.then == "session-ended"


def test_the_database_itself_allows_one_phone_in_use(app, clock):
    scene = make.scene()
    with pytest.raises(IntegrityError) as refused, transaction():
        first = session.get_one(PersonalHandle, scene.phone.handle_id)
        values = {
            name: getattr(first, name)
            for name in ("person_id", "maker", "device_name", "alg", "epoch", "created_at", "expires_at")
        }
        session.add(PersonalHandle(handle="0000000000", **values))
        session.flush()
    assert violated(refused.value, "personal_handles")


def test_the_database_itself_takes_a_step_once(app, clock):
    scene = make.scene()
    with pytest.raises(IntegrityError), transaction():
        for _ in range(2):
            session.add(
                ScanSession(
                    handle_id=scene.phone.handle_id, step=7, person_id=scene.rider.id,
                    station_id=scene.station.id, opened_by=scene.manager.id, opened_at=clock(),
                )
            )  # fmt: skip
            session.flush()


def test_only_riders_have_codes(app, clock):
    scene = make.scene()
    refused = client_of(app, scene.manager).post("/api/v1/codes/device", json={})
    assert (refused.status_code, refused.json["code"]) == (409, "not-a-rider")


def test_a_taken_number_is_drawn_again(app, clock, monkeypatch):
    scene = make.scene()
    drawn = iter([scene.phone.handle, scene.phone.handle, "1111111111"])
    monkeypatch.setattr("app.kernel.randomness.digits", lambda n: next(drawn))
    with transaction():
        other = everyone.actor(everyone.rider("李师傅"))
        assert make.phone(other).handle == "1111111111"


def test_the_servers_code_is_renewed_each_step_and_its_handle_each_week(app, clock):
    scene = make.scene()
    client = client_of(app, scene.rider)
    first = client.get("/api/v1/codes/personal").json
    assert (
        datetime.fromisoformat(first["valid_from"]) <= clock() < datetime.fromisoformat(first["valid_until"])
    )
    assert make.verdict(first["digits"], scene.station, scene.manager) == "accepted"
    clock.advance(seconds=30)
    second = client.get("/api/v1/codes/personal").json
    assert second["digits"] != first["digits"]
    assert second["digits"][2:12] == first["digits"][2:12]
    assert "<svg" in second["svg"]
    clock.advance(days=7)
    later = client_of(app, scene.rider).get("/api/v1/codes/personal").json
    assert later["digits"][2:12] != first["digits"][2:12]
    assert (
        make.verdict(scene.phone.code(), scene.station, scene.manager) == "accepted"
    )  # the phone's own goes on


def test_two_pages_that_are_opened_at_once_show_codes_of_one_handle(app, clock):
    scene = make.scene()
    both = crossed(*[lambda: renew_server_handle(by=scene.rider, at=clock.at).id] * 2)
    assert both.first == both.then


def test_the_servers_code_is_a_picture_too(app, clock):
    scene = make.scene()
    answer = client_of(app, scene.rider).get("/api/v1/codes/personal.svg")
    assert answer.mimetype == "image/svg+xml"
    assert "viewBox" in answer.text


def test_a_poster_is_for_the_stations_own_staff(app, clock):
    scene = make.scene()
    url = f"/api/v1/codes/stations/{scene.station.id}/poster.svg"
    assert scene.station.name in client_of(app, scene.manager).get(url).text
    assert client_of(app, scene.other_manager).get(url).status_code == 403
    assert client_of(app, scene.rider).get(url).status_code == 403
    assert (
        client_of(app, scene.manager).get(url.replace(str(scene.station.id), str(new_id()))).status_code
        == 404
    )


def test_a_scan_session_lasts_two_minutes_at_its_station(app, clock):
    scene = make.scene()
    opened = make.present(scene.phone.code(), scene.station, scene.manager).session

    def use(station):
        with transaction(write=False):
            try:
                return session_in_use(opened.id, station_id=station.id, at=clock()).person_id
            except Problem as problem:
                return problem.slug

    clock.advance(seconds=-1)  # a server whose clock is behind: what is not yet cannot be used
    assert use(scene.station) == "scan-session-over"
    clock.advance(seconds=120)
    assert use(scene.station) == scene.rider.person_id
    assert use(scene.other_station) == "scan-session-over"
    clock.advance(seconds=1)
    assert use(scene.station) == "scan-session-over"


def test_revoking_ends_every_handle(app, clock):
    scene = make.scene()
    make.server_phone(scene.rider)
    with transaction():
        assert revoke_handles(person_id=scene.rider.id, at=clock()) == 2
        assert revoke_handles(person_id=scene.rider.id, at=clock()) == 0
