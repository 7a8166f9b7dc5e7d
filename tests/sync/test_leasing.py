"""A station's one lease: who gets it, when it goes on and when another begins; and whose day a gift counts in."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.audit.models import AuditRecord
from app.codes.models import GRACE, PersonalHandle
from app.kernel import randomness
from app.kernel.clock import city_day, day_bounds
from app.kernel.db import in_transaction, session, transaction
from app.rewards import catalogue
from app.sync import bounding, enrolling, manifest, settling
from app.sync.errors import DeviceRevoked, LeaseTaken
from app.sync.models import Lease, SaidPosition
from tests import make as base
from tests.sync import make
from tests.sync.test_goods import give_away

pytestmark = pytest.mark.once


@pytest.fixture
def scene(app, clock):
    return make.scene()


def trail() -> list[tuple[str, str]]:
    with transaction(write=False):
        rows = session.query(AuditRecord).filter(AuditRecord.action.like("device.%")).order_by(AuditRecord.id)
        return [(each.action, each.subject) for each in rows]


def test_whoever_makes_a_device_the_stations_or_takes_it_away_is_written_down(scene, clock):
    subject = f"device:{scene.here.device_id}"
    in_transaction(lambda: enrolling.revoke_device(device_id=scene.here.device_id, by=scene.boss, at=clock()))
    assert trail() == [("device.enrolled", subject), ("device.revoked", subject)]


def test_a_code_is_read_however_it_is_typed(scene, clock, monkeypatch):
    monkeypatch.setattr(randomness, "crockford", lambda _length: "0A11B0C1")
    station, by = scene.here.station, scene.here.manager
    in_transaction(lambda: enrolling.make_enrolment_code(station_id=station.id, by=by, at=clock()))
    more = {"name": "平板", "public_key": make.public_key(77), "by": by, "at": clock()}
    typed = "oa1l-b0 cI"
    made = in_transaction(lambda: enrolling.enrol_device(station_id=station.id, code=typed, **more))
    assert made.station_id == station.id


def test_a_device_that_was_taken_away_gets_no_lease(scene, clock):
    in_transaction(lambda: enrolling.revoke_device(device_id=scene.here.device_id, by=scene.boss, at=clock()))
    with pytest.raises(DeviceRevoked):
        make.renew(scene.here.device_id, scene.here.manager)


def test_an_unused_lease_goes_on_awake_and_for_whoever_asked(scene, clock):
    scene.here.send(mood="asleep")
    with transaction():
        another = base.actor(base.staff("station-manager", station_id=scene.here.station.id))
    clock.advance(hours=1)
    again = make.renew(scene.here.device_id, another)
    assert again.id == scene.here.lease_id
    assert (again.granted_to, again.asleep_at, again.heard_at) == (another.person_id, None, clock())


def test_with_the_citys_day_another_lease_begins(scene, clock):
    clock.at = datetime(2026, 11, 25, 15, 30, tzinfo=UTC)  # half past eleven at night
    first = make.renew(scene.here.device_id, scene.here.manager)
    clock.advance(hours=1)
    assert make.renew(scene.here.device_id, scene.here.manager).id != first.id


def test_another_device_waits_until_the_lease_is_over(scene, clock):
    clock.advance(seconds=1)
    with pytest.raises(LeaseTaken):
        make.tablet(7, scene.here.station)
    clock.at = make.lease_of(scene.here).ends_at
    other = make.tablet(8, scene.here.station)
    assert make.lease_of(other).granted_at == clock()


def test_what_is_given_at_midnight_is_of_the_day_that_begins(scene, clock):
    _, midnight = day_bounds(city_day(clock()))
    clock.at = midnight
    scene.here.lease_id = make.renew(scene.here.device_id, scene.here.manager).id
    give_away(scene, scene.rider)
    assert make.states(scene.here.send()) == ["counted"]
    with transaction(write=False):
        before = clock().replace(microsecond=0) - make.HOUR
        given = [bounding.given_on(scene.here.station.id, at) for at in (before, clock())]
    assert given == [0, scene.water.points]


def known(scene, clock):
    with transaction(write=False):
        return manifest.manifest_for(session.get_one(Lease, scene.here.lease_id), at=clock())


def test_a_device_knows_handles_in_their_grace_and_rewards_on_offer(scene, clock):
    assert [each["id"] for each in known(scene, clock)["rewards"]] == [scene.water.id]
    with transaction():
        ends_at = session.query(PersonalHandle).one().expires_at
        catalogue.withdraw(reward_id=scene.water.id, by=scene.boss, at=clock())
    assert known(scene, clock)["rewards"] == []
    clock.at = ends_at + GRACE / 2
    assert len(known(scene, clock)["riders"]) == 1
    clock.at = ends_at + GRACE
    assert known(scene, clock)["riders"] == []


def test_posters_that_waited_and_are_settled_together_leave_no_position(app, clock, monkeypatch):
    """Together indeed: a wave that breaks is settled one by one, with nothing lost but the time."""
    monkeypatch.setattr(settling, "settle", lambda item, **_: pytest.fail("one by one"))
    scene = make.scene(riders=4, tablets=2)
    for rider in scene.riders:
        clock.advance(seconds=1)
        rider.keep(scene.station)
        assert make.states(rider.send()) == ["waiting"]
    with transaction(write=False):
        assert session.query(SaidPosition).count() == 4
    for each in scene.tablets:
        each.send(mood="asleep")
    assert {each.state for each in make.items()} == {"counted"}
    with transaction(write=False):
        assert session.query(SaidPosition).count() == 0
