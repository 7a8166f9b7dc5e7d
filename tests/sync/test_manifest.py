"""What a device is given for a day: enough to verify codes, nothing that tells who a rider is."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta

import pytest
from sqlalchemy import update

from app.codes import macs
from app.codes.enrolling import revoke_handles
from app.codes.models import PersonalHandle
from app.identity import queries as people
from app.identity.profile import close_account
from app.kernel.clock import city_day
from app.kernel.db import session, transaction
from app.sync import chain, manifest, queries
from app.sync.models import Lease
from tests import make as base
from tests.codes.make import phone
from tests.sync import make


def made(scene, clock):
    with transaction():
        return manifest.manifest_for(session.get_one(Lease, scene.here.lease_id), at=clock())


def test_a_device_verifies_the_eight_digits_of_the_day(app, clock):
    scene = make.scene()
    (rider,) = made(scene, clock)["riders"]
    code = scene.rider.phone.code()
    step = int(clock().timestamp()) // 30
    mac = hmac.digest(
        chain.unpacked(rider["keys"][0]), f"stn|{rider['handle']}|{step}".encode(), hashlib.sha256
    )
    assert code[24:32] == macs.as_digits(mac, 8)
    assert code[2:12] == rider["handle"]


def test_no_name_no_phone_number_no_voucher_that_could_be_shown(app, clock):
    scene = make.scene()
    _, voucher = make.reserve(scene, scene.rider)
    text = json.dumps(made(scene, clock), default=str, ensure_ascii=False)
    with transaction():
        someone = people.person(scene.rider.rider.id)
        for secret in (someone.name, str(someone.id), voucher, voucher[2:15], scene.rider.phone.key.hex()):
            assert secret not in text
    assert manifest.digest_of(voucher) in text


def test_only_riders_of_the_district_and_those_seen_lately(app, clock):
    scene = make.scene(riders=2)
    with transaction():
        stranger = base.actor(base.rider(name="外地", home_region_code=base.QINHUAI))
        theirs = phone(stranger)
    handles = {each["handle"] for each in made(scene, clock)["riders"]}
    assert handles == {each.phone.handle for each in scene.riders}
    visitor = make.Handset(stranger, theirs)
    visitor.keep(scene.here.station)
    visitor.send()
    assert theirs.handle in {each["handle"] for each in made(scene, clock)["riders"]}
    with transaction():  # the phones go on being heard of
        session.execute(update(PersonalHandle).values(expires_at=clock() + timedelta(days=60)))
    clock.advance(days=30)
    assert theirs.handle in {each["handle"] for each in made(scene, clock)["riders"]}
    clock.advance(microseconds=1)
    handles = {each["handle"] for each in made(scene, clock)["riders"]}
    assert handles == {each.phone.handle for each in scene.riders}


@pytest.mark.once
def test_whoever_was_seen_at_another_station_only_is_not_in_it(app, clock):
    scene = make.scene(tablets=2)
    with transaction():
        stranger = base.actor(base.rider(name="外地", home_region_code=base.QINHUAI))
        theirs = phone(stranger)
    visitor = make.Handset(stranger, theirs)
    visitor.keep(scene.there.station)
    assert make.states(visitor.send()) == ["counted"]
    assert [each["handle"] for each in made(scene, clock)["riders"]] == [scene.rider.phone.handle]


def test_what_was_revoked_is_not_in_it(app, clock):
    scene = make.scene()
    with transaction():
        revoke_handles(person_id=scene.rider.rider.id, at=clock())
    assert made(scene, clock)["riders"] == []


def test_who_closed_their_account_is_not_in_it(app, clock):
    scene = make.scene(riders=2)
    gone, there = scene.riders
    with transaction():
        close_account(by=gone.rider, at=clock())
    assert [each["handle"] for each in made(scene, clock)["riders"]] == [there.phone.handle]


def test_who_left_and_who_never_joined_are_no_riders_of_a_station(app, clock):
    scene = make.scene(riders=2)
    gone, there = scene.riders
    gone.keep(scene.station)
    gone.send()  # seen here, whatever becomes of the account
    with transaction():
        close_account(by=gone.rider, at=clock())
    with transaction():
        base.staff("dispatcher", region_code=base.CITY).home_region_code = base.COMMUNITY
    with transaction(write=False):
        assert set(session.scalars(queries.riders_of(scene.station, clock()))) == {there.rider.id}


def test_in_the_evening_the_keys_of_tomorrow_come_along(app, clock):
    scene = make.scene()
    today = city_day(clock())
    assert made(scene, clock)["days"] == [today]
    clock.advance(hours=6)  # 20:02
    found = made(scene, clock)
    assert found["days"] == [today, today + timedelta(days=1)]
    assert len(found["riders"][0]["keys"]) == 2


def test_trust_is_bounded_by_the_wallet_and_the_lease(app, clock):
    scene = make.scene(points=1_000)
    assert made(scene, clock)["riders"][0]["spend"] == 200
    with transaction():
        poor = base.rider(name="新人", home_region_code=base.COMMUNITY)
        phone(base.actor(poor))
    assert {each["spend"] for each in made(scene, clock)["riders"]} == {200, 0}
