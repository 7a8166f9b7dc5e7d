"""What a station took without a signal comes back: verified again, counted once, whatever is sent how often."""

from __future__ import annotations

import hmac
import os
import random
from dataclasses import replace
from datetime import timedelta

import pytest

from app.checkins.models import Checkin, RefusedScan
from app.checkins.refusing import refuse_guessing
from app.codes import damm, macs, steps
from app.codes.enrolling import revoke_handles
from app.kernel.db import session, transaction
from app.ledger.verify import verify
from app.sync import chain, enrolling, judging, manifest, receiving
from app.sync.errors import LogSignature
from app.sync.models import LATEST, Lease
from app.sync.settling import settle_ripe
from tests.sync import make

FORGED = int(os.environ.get("FENGXING_SYNC_FORGED", "300"))  # up to what fits into a batch


def test_it_counts_as_of_when_it_happened(app, clock):
    scene = make.scene()
    happened_at = clock()
    scene.here.note("scan", scene.rider.phone.code())
    clock.advance(hours=30)
    assert make.states(scene.here.send()) == ["counted"]
    with transaction(write=False):
        made = session.query(Checkin).one()
        assert (made.happened_at, made.arrived_at, made.how) == (happened_at, clock(), "scanned")
        assert made.recorded_by == scene.here.manager.person_id
    assert make.usable(scene.rider) == 105


def test_it_counts_once_however_often_it_is_sent(app, clock):
    scene = make.scene()
    scene.here.note("scan", scene.rider.phone.code())
    for _ in range(3):
        assert make.states(scene.here.send()) == ["counted"]
    assert len(make.items()) == 1
    assert make.usable(scene.rider) == 105


def test_entries_wait_until_the_log_is_whole(app, clock):
    scene = make.scene(riders=3)
    for rider in scene.riders:
        scene.here.note("scan", rider.phone.code())
    receipt = scene.here.send(scene.here.log[1:])
    assert make.states(receipt) == ["waiting", "waiting"]
    assert (receipt.have, receipt.missing) == (2, [1])
    receipt = scene.here.send(scene.here.log[:1])
    assert make.states(receipt) == ["counted"]
    assert [each.state for each in make.items()] == ["counted"] * 3


def test_what_is_still_to_come_is_waited_for(app, clock):
    scene = make.scene(riders=3)
    for rider in scene.riders:
        scene.here.note("scan", rider.phone.code())
    batch = scene.here.batch(scene.here.log[:2])
    assert make.states(make.sent(batch)) == ["waiting", "waiting"]
    with transaction():
        settle_ripe(at=clock.at)  # the worker comes by, and leaves them where they are
    assert [each.state for each in make.items()] == ["waiting"] * 2
    assert make.states(scene.here.send(scene.here.log[2:])) == ["counted"]
    assert [each.state for each in make.items()] == ["counted"] * 3


def test_an_older_message_that_comes_late_hides_no_gap(app, clock):
    scene = make.scene(riders=3)
    scene.here.note("scan", scene.riders[0].phone.code())
    older = scene.here.batch(scene.here.log[:])
    for rider in scene.riders[1:]:
        scene.here.note("scan", rider.phone.code())
    scene.here.send(scene.here.log[2:])
    receipt = make.sent(older)
    assert (receipt.have, receipt.missing) == (2, [2])
    assert [each.state for each in make.items()] == ["waiting"] * 2


def test_the_second_scan_in_a_window_is_the_first(app, clock):
    scene = make.scene()
    scene.here.note("scan", scene.rider.phone.code())
    clock.advance(minutes=2)
    scene.here.note("scan", scene.rider.phone.code())
    assert make.states(scene.here.send()) == ["counted", "already: checked-in-already"]
    assert make.usable(scene.rider) == 105


def test_nobody_can_invent_a_visit(app, clock):
    scene = make.scene()
    code = scene.rider.phone.code()
    invented = code[:14] + str((int(code[14]) + 1) % 10) + code[15:32]
    scene.here.note("scan", invented + damm.check_digit(invented))
    scene.here.note("scan", code, clock().replace(hour=3))  # the code of now, said to be of hours ago
    assert make.states(scene.here.send()) == ["refused: code-forged", "refused: code-forged"]
    assert make.usable(scene.rider) == 100
    for item in make.items():
        assert item.words["zh"] != item.words["en"]
        assert item.words["en"].isascii()
    with transaction(write=False):  # nor write into the history of whom the code names
        assert [each.person_id for each in session.query(RefusedScan)] == [None, None]


def test_a_stolen_tablet_makes_codes_for_its_day_and_none_of_them_is_credited(app, clock):
    """Its manifest verifies the eight digits of a station; the ten of the server it can only guess."""
    scene = make.scene(riders=4)
    with transaction():
        riders = manifest.manifest_for(session.get_one(Lease, scene.here.lease_id), at=clock.at)["riders"]
    chance = random.Random(1)
    for number in range(FORGED):
        at = clock.at + timedelta(seconds=40 * number)
        rider, step = chance.choice(riders), steps.step_at(at)
        mac = hmac.digest(
            chain.unpacked(rider["keys"][0]), f"stn|{rider['handle']}|{step}".encode(), "sha256"
        )
        guessed = str(chance.randrange(10**10)).zfill(10)
        body = f"81{rider['handle']}{steps.shown(step)}{guessed}{macs.as_digits(mac, 8)}"
        scene.here.note("scan", make.resealed(body), at)
    clock.advance(hours=6)
    assert set(make.states(scene.here.send())) == {"refused: code-forged"}
    assert [make.usable(each) for each in scene.riders] == [100] * 4


def test_a_refusal_says_when_it_happened_when_it_came_and_on_which_device(app, clock):
    scene = make.scene(riders=6)
    happened_at = clock.at
    for each in scene.riders:  # as many as are settled together
        code = each.phone.code()
        scene.here.note("scan", make.resealed(code[:14] + "0" * 18))
    clock.advance(hours=3)
    assert make.states(scene.here.send()) == ["refused: code-forged"] * 6
    with transaction(write=False):
        kept = session.query(RefusedScan).all()
        assert {(each.happened_at, each.at, each.device) for each in kept} == {
            (happened_at, clock.at, "平板0")
        }
        refuse_guessing(
            station_id=scene.here.station.id, by=scene.here.manager, at=clock.at
        )  # no guess at our door


def test_a_log_without_its_signature_is_not_heard(app, clock):
    scene = make.scene(tablets=2)
    scene.here.note("scan", scene.rider.phone.code())
    batch = scene.here.batch()
    batch["log"]["count"] = 0
    with pytest.raises(LogSignature):
        make.sent(batch)
    batch = scene.here.batch()
    batch["log"]["device_id"] = scene.there.device_id
    with pytest.raises(LogSignature):
        make.sent(batch)


def test_an_entry_that_was_changed_goes_to_a_person(app, clock):
    scene = make.scene()
    scene.here.note("scan", scene.rider.phone.code())
    entry = scene.here.log[0] | {"text": scene.here.log[0]["text"] + " "}
    assert make.states(scene.here.send([entry])) == ["review: log-broken"]
    assert make.states(scene.here.send()) == ["refused: item-changed"]
    assert make.usable(scene.rider) == 100


def test_a_log_with_two_versions_goes_to_a_person(app, clock):
    scene = make.scene(riders=2)
    scene.here.note("scan", scene.riders[0].phone.code())
    scene.here.send()
    scene.here.log, scene.here.head = [], ""
    scene.here.note("scan", scene.riders[1].phone.code())
    assert make.states(scene.here.send()) == ["review: log-forked"]
    assert make.usable(scene.riders[1]) == 100


def test_a_device_that_was_taken_away_credits_nothing(app, clock):
    scene = make.scene()
    scene.here.note("scan", scene.rider.phone.code())
    clock.advance(hours=1)
    with transaction():
        enrolling.revoke_device(device_id=scene.here.device_id, by=scene.here.manager, at=clock())
    assert make.states(scene.here.send()) == ["review: device-revoked"]
    assert make.usable(scene.rider) == 100


@pytest.mark.parametrize(
    "late_h, offset_s, expected",
    [
        (71, 0, "counted"),
        (73, 0, "review: arrived-too-late"),
        (1, 120, "counted"),
        (1, 121, "review: clock-off"),
        (1, -121, "review: clock-off"),
    ],
)
def test_what_the_clock_cannot_carry_goes_to_a_person(app, clock, late_h, offset_s, expected):
    scene = make.scene()
    scene.here.note("scan", scene.rider.phone.code())
    scene.here.offset_s = offset_s
    clock.advance(hours=late_h)
    assert make.states(scene.here.send()) == [expected]


def test_outside_the_lease_goes_to_a_person(app, clock):
    scene = make.scene()
    clock.advance(hours=24, minutes=3)
    scene.here.note("scan", scene.rider.phone.code())
    assert make.states(scene.here.send()) == ["review: outside-lease"]


@pytest.mark.parametrize(("minutes", "said"), [(2, "counted"), (3, "outside-lease")])
def test_a_lease_ends_for_its_device_where_the_next_begins(app, clock, minutes, said):
    scene = make.scene(riders=2)
    scene.here.note("scan", scene.riders[0].phone.code())
    scene.here.send()
    clock.advance(hours=1)
    following = make.renew(scene.here.device_id, scene.here.manager)
    clock.advance(minutes=minutes)
    scene.here.note("scan", scene.riders[1].phone.code())
    scene.here.send()
    replace(
        scene.here, lease_id=following.id, log=[], head=""
    ).send()  # it has nothing to tell of the new one
    assert [each.slug or each.state for each in make.items()] == ["counted", said]


def test_a_revoked_code_goes_to_a_person_but_was_good_before(app, clock):
    scene = make.scene(riders=2)
    early, late = scene.riders
    scene.here.note("scan", early.phone.code())
    clock.advance(minutes=5)
    with transaction():
        for each in scene.riders:
            revoke_handles(person_id=each.rider.id, at=clock())
    clock.advance(minutes=5)
    scene.here.note("scan", late.phone.code())
    assert make.states(scene.here.send()) == ["counted", "review: handle-revoked"]


def test_a_poisoned_item_stops_none_of_the_others(app, clock):
    scene = make.scene()
    scene.here.note("scan", scene.rider.phone.code())
    poison = [None, 7, "x", [], {}, {"text": "{", "prev": "0" * 64, "signature": "x"}, {"text": "[]" * 5}]
    receipt = scene.here.send([*poison, *scene.here.log])
    assert make.states(receipt) == ["refused: item-unreadable"] * len(poison) + ["counted"]


def test_a_bug_in_one_item_goes_to_a_person(app, clock, monkeypatch):
    scene = make.scene(riders=2)
    for each in scene.riders:
        scene.here.note("scan", each.phone.code())
    whole = judging.check_in_by_code

    def breaks_for_the_first(**given):
        if given["person_id"] == scene.riders[0].rider.id:
            raise RuntimeError("poison")
        return whole(**given)

    monkeypatch.setattr(judging, "check_in_by_code", breaks_for_the_first)
    assert make.states(scene.here.send()) == ["review: item-broken", "counted"]
    with transaction(write=False):
        assert verify() == []


def test_one_code_at_two_stations_counts_where_it_was_first(app, clock):
    scene = make.scene(tablets=2)
    clock.advance(minutes=1)
    code = scene.rider.phone.code()
    scene.there.note("scan", code)
    clock.advance(seconds=20)
    scene.here.note("scan", code)
    clock.advance(hours=1)
    assert make.states(scene.here.send()) == ["waiting"]  # the other station was out as well
    scene.there.send()
    outcomes = {each.station_id: each.slug or each.state for each in make.items()}
    assert outcomes == {
        scene.there.station.id: "counted",
        scene.here.station.id: "code-used-twice",
    }


def test_a_station_that_has_nothing_to_tell_frees_those_who_waited_for_it(app, clock):
    scene = make.scene(tablets=2)
    clock.advance(minutes=1)
    scene.here.note("scan", scene.rider.phone.code())
    clock.advance(hours=1)
    assert make.states(scene.here.send()) == ["waiting"]
    scene.there.send()
    assert [each.state for each in make.items()] == ["counted"]


def test_a_poster_goes_before_no_scan_that_could_be_settled_but_was_not_yet(app, clock, monkeypatch):
    scene = make.scene()
    scene.here.note("scan", scene.rider.phone.code())
    clock.advance(hours=5)
    scene.rider.keep(scene.station)
    with monkeypatch.context() as busy:  # as after a batch that was too large for one go
        busy.setattr(receiving, "settle_ripe", lambda at: 0)
        scene.here.send()
    assert make.states(scene.rider.send()) == ["waiting"]
    with transaction():
        settle_ripe(at=clock())
    assert [(each.kind, each.state) for each in make.items()] == [("scan", "counted"), ("checkin", "counted")]


def test_an_item_waits_no_longer_than_the_other_lease_and_72_hours(app, clock):
    scene = make.scene(tablets=2)
    clock.advance(minutes=1)
    scene.here.note("scan", scene.rider.phone.code())
    clock.advance(hours=1)
    assert make.states(scene.here.send()) == ["waiting"]
    clock.advance(hours=95, minutes=1)
    with transaction():
        assert settle_ripe(at=clock()) == 1


def test_a_gap_is_waited_for_no_longer_than_72_hours_after_its_lease(app, clock):
    scene = make.scene(riders=3)
    for rider in scene.riders:
        scene.here.note("scan", rider.phone.code())
    assert make.states(scene.here.send(scene.here.log[1:])) == ["waiting", "waiting"]
    clock.at = make.lease_of(scene.here).ends_at + LATEST
    for late_s, settled in ((-1, 0), (0, 2)):
        with transaction():
            assert settle_ripe(at=clock.at + timedelta(seconds=late_s)) == settled
    assert [each.slug or each.state for each in make.items()] == ["log-broken", "counted"]


def test_a_clock_that_runs_ahead_waits_for_nothing_after_its_message(app, clock):
    scene = make.scene(riders=2, tablets=2)
    clock.advance(minutes=1)
    ahead = clock.at + timedelta(seconds=90)
    scene.here.note("scan", scene.riders[0].phone.code())
    scene.here.note("scan", scene.riders[1].phone.code(ahead), ahead)
    scene.here.send(scene.here.log[1:])
    clock.advance(seconds=10)
    scene.there.send()  # after the message, before the instant that it tells
    clock.advance(seconds=10)
    scene.here.send(scene.here.log[:1])
    assert [each.state for each in make.items()] == ["counted", "counted"]


def test_a_device_that_was_put_away_holds_nobody_up(app, clock):
    scene = make.scene(tablets=2)
    clock.advance(minutes=1)
    clock.advance(minutes=1)
    scene.there.send(mood="asleep")
    clock.advance(minutes=1)
    scene.here.note("scan", scene.rider.phone.code())
    clock.advance(minutes=1)
    assert make.states(scene.here.send()) == ["counted"]
