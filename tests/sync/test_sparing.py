"""A voucher is not given back while its silent station may have handed it over; nor does it wait for ever."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest

from app.kernel.db import in_transaction, session, transaction
from app.kernel.i18n import format_instant
from app.main import JOBS
from app.rewards import ordering
from app.rewards.models import Voucher
from app.sync import queries, sparing
from app.sync.models import LATEST
from app.sync.settling import Gate
from tests.rewards.make import at_once, must_agree, reward
from tests.sync import make
from tests.web.make import browser, person

SHORTLY = timedelta(minutes=10)


def sweep(at):
    """What the worker does every minute."""
    (job,) = (each for each in JOBS if each.name == "expire-vouchers")
    return in_transaction(lambda: job.does(at=at))


def kept_until(voucher, at):
    with transaction(write=False):
        return sparing.waits_until(session.get_one(Voucher, voucher.id), at=at)


@pytest.fixture
def out(app, clock):
    """A voucher whose station loses its signal ten minutes before it runs out: (scene, voucher, code)."""
    scene = make.scene(riders=2, tablets=2)
    for each in scene.tablets:
        each.send(mood="asleep")
    voucher, code = make.reserve(scene, scene.rider)
    clock.at = voucher.expires_at - SHORTLY
    scene.tablets[0] = make.tablet(9, scene.here.station)
    return scene, voucher, code


def test_what_a_silent_station_handed_over_in_time_is_not_given_back(out, clock):
    scene, _, code = out
    scene.here.note("voucher", code)
    clock.advance(hours=50)
    assert sweep(clock()) == 0
    assert make.states(scene.here.send()) == ["counted"]
    assert (make.usable(scene.rider), make.owed(scene.here), make.unmatched()) == (80, 20, 0)
    assert sweep(clock()) == 0
    must_agree()


def test_it_waits_no_longer_than_the_devices_word_counts(out, clock):
    scene, voucher, _ = out
    last = make.lease_of(scene.here).ends_at + LATEST
    assert sweep(last - timedelta(microseconds=1)) == 0
    assert kept_until(voucher, last - timedelta(hours=1)) == last
    assert sweep(last) == 1
    assert make.usable(scene.rider) == 100
    must_agree()


def test_its_rider_reads_why_and_until_when(out, app, clock):
    scene, voucher, _ = out
    rider = browser(app, person(scene.rider.rider))
    assert "驿站断网" not in rider.get(f"/vouchers/{voucher.id}").text
    clock.at = voucher.expires_at
    page = rider.get(f"/vouchers/{voucher.id}").text
    assert "驿站断网" in page
    assert format_instant(make.lease_of(scene.here).ends_at + LATEST, "zh") in page


@pytest.mark.parametrize("later_us", [0, 1])
def test_a_station_that_was_heard_when_it_ran_out_or_after_keeps_nothing(out, clock, later_us):
    scene, voucher, _ = out
    clock.at = voucher.expires_at + timedelta(microseconds=later_us)
    scene.here.send([])
    clock.advance(minutes=1)
    assert kept_until(voucher, clock()) is None
    assert sweep(clock()) == 1


@pytest.mark.parametrize("mood", ["awake", "asleep"])
def test_one_heard_before_it_ran_out_keeps_it_unless_it_was_put_away(out, clock, mood):
    scene, voucher, _ = out
    scene.here.send([], mood=mood)
    clock.at = voucher.expires_at
    assert sweep(clock()) == (mood == "asleep")


def test_a_tablet_that_was_taken_out_again_keeps_what_it_may_hand_over(out, clock):
    scene, _, code = out
    scene.here.send([], mood="asleep")
    clock.advance(minutes=1)
    scene.here.send([], mood="awake")
    scene.here.note("voucher", code)
    clock.advance(hours=5)
    assert sweep(clock()) == 0
    assert make.states(scene.here.send()) == ["counted"]


@pytest.mark.parametrize(("late_s", "left"), [(1, 0), (300, 0), (301, 1)])
def test_a_farewell_that_was_overtaken_puts_nothing_away(out, clock, late_s, left):
    scene, _, _code = out
    farewell = scene.here.batch([], mood="asleep")
    clock.advance(
        seconds=late_s
    )  # longer than five minutes nothing is on its way: then the clock was set back
    scene.here.send([], mood="awake")
    make.sent(farewell)
    clock.advance(hours=5)
    assert sweep(clock()) == left


def test_another_stations_silence_keeps_nothing(out, clock):
    scene, voucher, _ = out
    scene.here.send(mood="asleep")
    make.renew(scene.there.device_id, scene.there.manager)
    clock.at = voucher.expires_at
    assert sweep(clock()) == 1


def test_an_entry_that_waits_for_its_turn_keeps_it(out, clock):
    scene, voucher, code = out
    scene.tablets[1] = make.tablet(8, scene.there.station)
    clock.advance(minutes=2)
    scene.here.note("voucher", code)
    clock.at = voucher.expires_at + timedelta(minutes=1)
    assert make.states(scene.here.send()) == ["waiting"]  # the other station may have seen this rider before
    clock.advance(minutes=1)
    assert kept_until(voucher, clock()) is not None
    assert sweep(clock()) == 0
    scene.there.send()
    assert [each.state for each in make.items()] == ["counted"]
    assert (make.usable(scene.rider), make.owed(scene.here)) == (80, 20)


@pytest.mark.once
def test_another_riders_entry_that_waits_keeps_nothing(out, clock):
    scene, voucher, _ = out
    scene.tablets[1] = make.tablet(8, scene.there.station)
    _, code = make.reserve(scene, scene.riders[1])
    clock.advance(minutes=2)
    scene.here.note("voucher", code)
    clock.at = voucher.expires_at + timedelta(minutes=1)
    assert make.states(scene.here.send()) == ["waiting"]
    clock.advance(minutes=1)
    assert kept_until(voucher, clock()) is None
    assert sweep(clock()) == 1


@pytest.mark.once
def test_no_wait_is_told_of_while_it_can_be_picked_up(out, clock):
    _, voucher, _ = out
    last = voucher.expires_at
    kept = [kept_until(voucher, at) for at in (last - timedelta(minutes=1), last)]
    assert [each is None for each in kept] == [True, False]


@pytest.mark.once
def test_a_lease_that_had_ended_keeps_nothing_that_was_reserved_later(app, clock):
    scene = make.scene()
    with transaction():
        today = reward(scene.station, pick_up_days=1)
    clock.at = make.lease_of(scene.here).ends_at
    voucher = in_transaction(
        lambda: ordering.reserve(
            reward_id=today.id, station_id=scene.station.id, by=scene.rider.rider, at=clock.at
        )
    )
    assert voucher.expires_at < clock.at + LATEST
    assert kept_until(voucher, voucher.expires_at) is None
    assert sweep(voucher.expires_at) == 1


def test_a_sweep_and_the_log_at_the_same_moment_hand_over_once(out, app, clock):
    scene, _, code = out
    scene.here.note("voucher", code)
    clock.advance(hours=5)
    sweeps = [lambda: sparing.expire_due(at=clock())] * 4
    batches = [lambda: make.receive(**scene.here.batch(), by=make.ANONYMOUS, at=clock())] * 4
    done, refused = at_once(app, sweeps + batches)
    assert refused == []
    assert [each for each in done if isinstance(each, int) and each] == []
    assert (make.usable(scene.rider), make.owed(scene.here), make.unmatched()) == (80, 20, 0)
    must_agree()


def test_one_heard_a_moment_before_it_ran_out_keeps_it(out, clock):
    scene, voucher, _ = out
    clock.at = voucher.expires_at - timedelta(microseconds=1)
    scene.here.send([])
    clock.advance(minutes=1)
    assert sweep(clock()) == 0


@pytest.mark.parametrize("later_us, is_out", [(0, False), (1, True)])
def test_a_device_is_out_from_the_moment_after_it_was_heard(out, clock, later_us, is_out):
    scene, _, _ = out
    scene.here.send([])
    heard_at = make.lease_of(scene.here).heard_at
    assert heard_at == clock()
    at = heard_at + timedelta(microseconds=later_us)
    with transaction(write=False):
        assert (scene.here.station.id in {each.station_id for each in queries.leases_out(at)}) is is_out
        seen = SimpleNamespace(
            person_id=scene.rider.rider.person_id, lease_id=None, happened_at=at, arrived_at=at
        )
        gate = Gate(clock() + timedelta(hours=1), {seen.person_id})
        # Up to the moment in which it was heard the device has told everything: nothing that goes before can come.
        assert gate.holds_back(seen) is is_out
