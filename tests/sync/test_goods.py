"""Goods that were given without a signal: booked as of then, or borne by somebody, and never more than the lease."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.kernel.db import transaction
from app.rewards import stocking
from app.sync.models import LEASE_POINTS
from tests.rewards.make import expire, must_agree, stock_of
from tests.sync import make


def give_away(scene, rider, tablet=None):
    """A reward for a code alone, taken down in the log."""
    (tablet or scene.here).note("redeem", rider.phone.code(), reward_id=scene.water.id)


def test_a_reward_is_booked_as_of_when_it_was_given(app, clock):
    scene = make.scene()
    given_at = clock()
    give_away(scene, scene.rider)
    clock.advance(hours=5)
    assert make.states(scene.here.send()) == ["counted"]
    assert make.usable(scene.rider) == 80
    assert (make.owed(scene.here), make.unmatched()) == (20, 0)
    assert stock_of(scene.water, scene.here.station) == (49, 0)
    assert make.lease_of(scene.here).points_used == 20
    (item,) = make.items()
    with transaction():
        assert make.session.get_one(make.Voucher, item.voucher_id).handed_over_at == given_at


@pytest.mark.once
def test_whoever_was_scanned_or_picked_a_voucher_up_that_day_may_still_be_given_a_reward(app, clock):
    scene = make.scene()
    _, code = make.reserve(scene, scene.rider)
    scene.here.note("scan", scene.rider.phone.code())
    clock.advance(minutes=1)
    scene.here.note("voucher", code)
    clock.advance(minutes=1)
    give_away(scene, scene.rider)
    assert make.states(scene.here.send()) == ["counted"] * 3
    must_agree()


def test_a_voucher_put_aside_here_is_handed_over(app, clock):
    scene = make.scene()
    _, code = make.reserve(scene, scene.rider)
    scene.here.note("voucher", code)
    clock.advance(hours=5)
    assert make.states(scene.here.send()) == ["counted"]
    assert (make.usable(scene.rider), make.owed(scene.here)) == (80, 20)
    assert make.lease_of(scene.here).points_used == 0  # it was put aside with a signal: no trust was needed
    must_agree()


def test_a_voucher_twice_is_one_hand_over_and_one_conflict(app, clock):
    scene = make.scene()
    _, code = make.reserve(scene, scene.rider)
    scene.here.note("voucher", code)
    scene.here.note("voucher", code)
    assert make.states(scene.here.send()) == ["counted", "review: voucher-handed-over"]
    (conflict,) = make.conflicts()
    assert (conflict.points, conflict.loss, make.unmatched()) == (20, 20, -20)


def test_a_forged_voucher_is_refused_and_costs_nothing(app, clock):
    scene = make.scene()
    scene.here.note("voucher", "9" + "1" * 25)
    scene.here.note("redeem", "8" + "1" * 32, reward_id=scene.water.id)
    assert [each.split(":")[0] for each in make.states(scene.here.send())] == ["refused", "refused"]
    assert (make.owed(scene.here), make.unmatched(), make.conflicts()) == (0, 0, [])


def test_an_empty_wallet_is_a_loss_that_a_person_decides(app, clock):
    scene = make.scene()
    give_away(scene, scene.rider)
    make.spend_all(scene, scene.rider)
    assert make.states(scene.here.send()) == ["review: points-short"]
    assert (make.owed(scene.here), make.unmatched()) == (20, -20)
    lease = make.lease_of(scene.here)
    assert (lease.points_used, lease.points_lost) == (20, 20)
    must_agree()


def test_a_voucher_that_ran_out_before_is_a_loss(app, clock):
    scene = make.scene()
    _, code = make.reserve(scene, scene.rider)
    clock.advance(days=9)
    expire()
    scene.tablets[0] = make.tablet(9, scene.here.station)
    scene.here.note("voucher", code)
    assert make.states(scene.here.send()) == ["review: voucher-expired"]
    assert (make.usable(scene.rider), make.unmatched()) == (100, -20)


def test_a_voucher_given_in_time_counts_though_it_arrives_later(app, clock):
    scene = make.scene()
    voucher, code = make.reserve(scene, scene.rider)
    clock.at = voucher.expires_at
    clock.advance(minutes=-10)
    scene.tablets[0] = make.tablet(9, scene.here.station)
    scene.here.note("voucher", code)
    clock.advance(hours=1)
    assert make.states(scene.here.send()) == ["counted"]


def test_the_lease_bounds_the_loss_whatever_a_device_sends(app, clock):
    scene = make.scene(riders=15, points=0)
    for each in scene.riders:
        give_away(scene, each)
    short, beyond = ["review: points-short"], ["review: lease-exceeded"]
    assert make.states(scene.here.send()) == short * 10 + beyond * 5
    lease = make.lease_of(scene.here)
    assert lease.points_lost == lease.points_limit == LEASE_POINTS
    assert make.unmatched() == -LEASE_POINTS
    assert make.owed(scene.here) == LEASE_POINTS
    assert len(make.conflicts()) == 15


def test_more_than_the_lease_goes_to_a_person(app, clock):
    scene = make.scene(riders=11)
    for each in scene.riders:
        give_away(scene, each)
    assert make.states(scene.here.send()) == ["counted"] * 10 + ["review: lease-exceeded"]
    assert (make.usable(scene.riders[10]), make.unmatched()) == (100, 0)


def test_what_one_lease_gives_on_both_sides_of_midnight_stays_within_it(app, clock):
    clock.at = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)  # an hour to midnight in the city
    scene = make.scene(riders=11)
    for each in scene.riders[:5]:
        give_away(scene, each)
    clock.advance(hours=2)
    for each in scene.riders[5:]:
        give_away(scene, each)
    assert make.states(scene.here.send()) == ["counted"] * 10 + ["review: lease-exceeded"]


def test_a_new_lease_on_the_same_day_does_not_widen_the_bound(app, clock):
    scene = make.scene(riders=3)
    for each in scene.riders[:2]:
        give_away(scene, each)
    scene.here.send()
    lease = make.renew(scene.here.device_id, scene.here.manager)
    assert lease.id != scene.here.lease_id
    assert lease.points_limit == LEASE_POINTS - 40
    clock.advance(hours=20)
    assert make.renew(scene.here.device_id, scene.here.manager).points_limit == LEASE_POINTS


def go_on(tablet):
    """Another lease for this tablet, which begins its log anew."""
    lease = make.renew(tablet.device_id, tablet.manager)
    tablet.lease_id, tablet.log, tablet.head = lease.id, [], ""
    return lease


def test_what_was_told_and_waits_is_not_granted_again(app, clock):
    scene = make.scene(riders=12, points=0, tablets=2)  # the neighbours are silent, so all that is told waits
    clock.advance(minutes=1)
    for each in scene.riders[:7]:
        give_away(scene, each)
    assert make.states(scene.here.send()) == ["waiting"] * 7
    assert go_on(scene.here).points_limit == LEASE_POINTS - 7 * 20
    clock.advance(minutes=5)
    for each in scene.riders[7:]:
        give_away(scene, each)
    scene.here.send()
    scene.there.send(mood="asleep")
    scene.here.send()
    assert make.unmatched() == -LEASE_POINTS


def test_a_lease_of_the_evening_before_is_no_second_day(app, clock):
    clock.at = datetime(2026, 11, 24, 15, 50, tzinfo=UTC)  # ten to midnight in the city
    scene = make.scene(riders=12, points=0)
    give_away(scene, scene.riders[0])
    clock.advance(hours=10)
    for each in scene.riders[1:8]:
        give_away(scene, each)
    scene.here.send()
    assert go_on(scene.here).points_limit == LEASE_POINTS - 7 * 20
    clock.advance(minutes=5)
    for each in scene.riders[8:]:
        give_away(scene, each)
    scene.here.send()
    assert make.unmatched() == -20 - LEASE_POINTS  # one before midnight, ten after it


def test_two_devices_of_a_station_share_its_day(app, clock):
    clock.at = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)  # six in the morning
    scene = make.scene(riders=16, points=0)
    clock.advance(hours=23, minutes=30)  # half past five of the next day
    for each in scene.riders[:8]:
        give_away(scene, each)
    clock.advance(hours=3)
    other = make.tablet(9, scene.here.station)  # the first one is lost, and its lease has ended
    assert make.lease_of(other).points_limit == LEASE_POINTS
    for each in scene.riders[8:]:
        give_away(scene, each, other)
    other.send()
    scene.here.send()  # it was found
    assert make.unmatched() == -LEASE_POINTS
    slugs = [each.slug for each in make.conflicts()]
    assert sorted(slugs) == ["lease-exceeded"] * 6 + ["points-short"] * 10


def test_a_rider_gets_one_reward_a_day_on_trust(app, clock):
    scene = make.scene()
    give_away(scene, scene.rider)
    clock.advance(minutes=3)
    give_away(scene, scene.rider)
    assert make.states(scene.here.send()) == ["counted", "review: lease-rider-limit"]
    assert make.unmatched() == 0  # the device knew better, so nobody else pays before a person has looked


def test_the_next_day_brings_another_reward(app, clock):
    scene = make.scene()
    give_away(scene, scene.rider)
    clock.advance(hours=23)
    give_away(scene, scene.rider)
    assert make.states(scene.here.send()) == ["counted", "counted"]
    assert make.usable(scene.rider) == 60


@pytest.mark.once
@pytest.mark.parametrize(
    ("hour", "second"), [(15, "counted"), (23, "review: lease-rider-limit")]
)  # before midnight in the city, and at eight in the morning
def test_the_day_of_a_reward_on_trust_is_the_citys(app, clock, hour, second):
    clock.at = datetime(2026, 11, 24, hour, 50, tzinfo=UTC)
    scene = make.scene()
    give_away(scene, scene.rider)
    clock.advance(minutes=20)
    give_away(scene, scene.rider)
    assert make.states(scene.here.send()) == ["counted", second]


def test_a_reward_that_became_a_loss_was_the_one_of_its_day(app, clock):
    scene = make.scene(points=0)
    give_away(scene, scene.rider)
    clock.advance(minutes=3)
    give_away(scene, scene.rider)
    assert make.states(scene.here.send()) == ["review: points-short", "review: lease-rider-limit"]
    assert make.unmatched() == -20


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_stations_and_one_rider_end_the_same_in_either_order(app, clock, order):
    scene = make.scene(tablets=2)
    clock.advance(minutes=1)
    with transaction():
        stocking.deliver(
            reward_id=scene.water.id,
            station_id=scene.there.station.id,
            quantity=5,
            by=scene.there.manager,
            at=clock(),
        )
    for number in (1, 0):
        give_away(scene, scene.rider, scene.tablets[number])
        clock.advance(minutes=3)
    for number in order:
        scene.tablets[number].send()
    outcomes = {each.station_id: each.slug or each.state for each in make.items()}
    assert outcomes == {scene.there.station.id: "counted", scene.here.station.id: "lease-rider-limit"}


def test_points_put_aside_elsewhere_cannot_be_spent_twice(app, clock):
    scene = make.scene(points=20)
    give_away(scene, scene.rider)
    make.reserve(scene, scene.rider)
    assert make.states(scene.here.send()) == ["review: points-short"]
    must_agree()


@pytest.mark.parametrize("reward_id", ["missing", "00000000-0000-7000-8000-000000000000"])
def test_a_reward_nobody_knows_is_refused(app, clock, reward_id):
    scene = make.scene()
    more = {} if reward_id == "missing" else {"reward_id": reward_id}
    scene.here.note("redeem", scene.rider.phone.code(), **more)
    assert make.states(scene.here.send())[0].startswith("refused")
