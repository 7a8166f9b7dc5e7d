"""Two who cross at a station's device, its lease, its log or a conflict: the second sees what the first has changed."""

from __future__ import annotations

import pytest

from app.checkins.checking_in import check_in_by_code
from app.identity.actors import ANONYMOUS, SYSTEM
from app.kernel import clock as clock_module
from app.kernel.db import in_transaction
from app.sync import deciding, enrolling, leasing
from app.sync.receiving import receive
from app.sync.settling import settle_ripe
from tests.crossing import crossed
from tests.rewards.make import must_agree
from tests.sync import make
from tests.sync.test_deciding import a_doubt, a_loss


@pytest.fixture
def scene(app, clock):
    return make.scene()


def renews(device_id, manager):
    return lambda: leasing.renew_lease(device_id=device_id, by=manager, at=clock_module.now()).id


def revokes(scene):
    return lambda: enrolling.revoke_device(
        device_id=scene.here.device_id, by=scene.boss, at=clock_module.now()
    )


def sends(batch):
    return lambda: receive(**batch, by=ANONYMOUS, at=clock_module.now())


def decides(scene, decision):
    (conflict,) = make.conflicts()
    return lambda: (
        deciding.decide(
            conflict_id=conflict.id, decision=decision, note=None, by=scene.boss, at=clock_module.now()
        ).decision
    )


def test_a_device_that_is_taken_away_meanwhile_gets_no_lease(scene):
    both = crossed(revokes(scene), renews(scene.here.device_id, scene.here.manager))
    assert both.then == "device-revoked"


def test_a_lease_that_is_used_meanwhile_does_not_go_on(scene):
    scene.here.note("scan", scene.rider.phone.code())
    both = crossed(sends(scene.here.batch()), renews(scene.here.device_id, scene.here.manager))
    assert both.then != scene.here.lease_id


def test_of_two_devices_that_ask_at_once_the_second_is_told_who_has_the_lease(scene):
    in_transaction(revokes(scene))
    first, second = (make.enrolled(number, scene.here.station) for number in (7, 8))
    both = crossed(*(renews(device.id, manager) for device, manager in (first, second)))
    assert both.then == "lease-taken"


def test_of_two_devices_that_ask_at_once_for_a_lease_that_is_over_too(scene, clock):
    clock.at = make.lease_of(scene.here).ends_at
    first, second = (make.enrolled(number, scene.here.station) for number in (7, 8))
    both = crossed(*(renews(device.id, manager) for device, manager in (first, second)))
    assert both.then == "lease-taken"


def test_an_older_message_that_comes_at_once_hides_nothing(scene):
    batches = []
    for _ in range(2):
        scene.here.note("scan", scene.rider.phone.code())
        batches.append(scene.here.batch([]))
    crossed(*map(sends, reversed(batches)))
    assert make.lease_of(scene.here).told == 2


def test_of_two_who_settle_at_once_the_second_finds_settled_what_the_first_has_settled(scene, clock):
    clock.advance(minutes=1)
    scene.rider.keep(scene.station)  # the tablet is silent, so the poster waits
    scene.rider.send()
    clock.advance(hours=96)
    both = crossed(lambda: settle_ripe(at=clock()), lambda: settle_ripe(at=clock()))
    assert (both.first, both.then) == (1, 0)


def test_of_two_who_decide_at_once_the_second_is_told_that_it_is_decided(app, clock):
    scene = a_doubt(clock)
    both = crossed(decides(scene, "refuse"), decides(scene, "count"))
    assert (both.first, both.then, make.usable(scene.rider)) == ("refuse", "conflict-decided", 100)


def test_what_is_spent_meanwhile_is_borne_by_the_programme(app, clock):
    scene = a_loss(50)
    both = crossed(lambda: make.give(scene.rider.rider.id, -45), decides(scene, "charge"))
    assert (both.then, make.usable(scene.rider), make.unmatched()) == ("charge", 0, 0)
    must_agree()


def test_a_presence_that_is_counted_at_the_counter_meanwhile_is_there_already(scene, clock):
    scene.here.send(mood="asleep")
    scene.rider.keep(scene.station)
    batch = scene.rider.batch()
    both = crossed(
        lambda: (
            check_in_by_code(
                person_id=scene.rider.rider.id, station_id=scene.station.id, by=scene.here.manager, at=clock()
            ).id
        ),
        lambda: [each.state for each in receive(**batch, by=scene.rider.rider, at=clock()).items],
    )
    assert both.then == ["already"]
    (item,) = make.items()
    assert item.checkin_id == both.first


def test_a_presence_that_is_counted_meanwhile_stands_when_a_doubt_is_settled(app, clock):
    scene = a_doubt(clock)
    (item,) = make.items()
    both = crossed(
        lambda: (
            check_in_by_code(
                person_id=scene.rider.rider.id,
                station_id=scene.station.id,
                happened_at=item.happened_at,
                by=SYSTEM,
                at=item.happened_at,
            ).id
        ),
        decides(scene, "count"),
    )
    assert both.then == "count"
    (item,) = make.items()
    assert item.checkin_id == both.first


def test_what_a_device_sends_while_it_is_taken_away_goes_to_a_person(scene):
    scene.here.note("scan", scene.rider.phone.code())
    crossed(revokes(scene), sends(scene.here.batch()))
    assert [each.slug for each in make.items()] == ["device-revoked"]
