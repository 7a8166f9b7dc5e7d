"""Whom a station's device is given to, how long it is trusted, and what its loss is to whom."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.audit.models import AuditRecord
from app.codes.enrolling import revoke_handles
from app.kernel.db import session, transaction
from app.sync import enrolling, queries
from app.sync.errors import ConflictUnknown, EnrolmentCodeWrong, LogIncomplete, LogSignature
from app.sync.models import LEASE_POINTS
from app.sync.settling import settle_ripe
from tests import make as base
from tests.rewards.make import must_agree
from tests.sync import make
from tests.sync.test_goods import give_away

pytestmark = pytest.mark.once


def _enrol(where, code, by):
    with transaction():
        return enrolling.enrol_device(
            station_id=where.id,
            code=code,
            name="柜台平板",
            public_key=make.public_key(77),
            by=by,
            at=make.clock.now(),
        )


def test_a_code_makes_a_device_of_its_own_station_only(app):
    scene = make.scene(tablets=2)
    with transaction():
        code = enrolling.make_enrolment_code(
            station_id=scene.here.station.id, by=scene.here.manager, at=make.clock.now()
        )
    with pytest.raises(EnrolmentCodeWrong):
        _enrol(scene.there.station, code, scene.there.manager)
    made = _enrol(scene.here.station, code, scene.here.manager)
    assert made.station_id == scene.here.station.id


@pytest.mark.parametrize(("minutes", "good"), [(14, True), (15, False)])
def test_a_code_is_typed_within_a_quarter_of_an_hour(app, clock, minutes, good):
    scene = make.scene()
    with transaction():
        code = enrolling.make_enrolment_code(
            station_id=scene.here.station.id, by=scene.here.manager, at=clock.at
        )
    clock.advance(minutes=minutes)
    if good:
        assert _enrol(scene.here.station, code, scene.here.manager).revoked_at is None
    else:
        with pytest.raises(EnrolmentCodeWrong):
            _enrol(scene.here.station, code, scene.here.manager)


def test_a_device_taken_out_of_use_twice_was_taken_out_the_first_time(app, clock):
    scene = make.scene()
    first = clock.at
    for _ in range(2):
        with transaction():
            enrolling.revoke_device(device_id=scene.here.device_id, by=scene.here.manager, at=clock.at)
        clock.advance(hours=1)
    assert make.device_of(scene.here).revoked_at == make.lease_of(scene.here).closed_at == first
    with transaction(write=False):
        assert session.query(AuditRecord).filter_by(action="device.revoked").count() == 1


def test_a_device_whose_log_has_a_gap_gets_no_new_lease(app, clock):
    scene = make.scene(riders=2)
    for each in scene.riders:
        scene.here.note("scan", each.phone.code())
    assert scene.here.send(scene.here.log[:1]).missing == [2]
    with pytest.raises(LogIncomplete):
        make.renew(scene.here.device_id, scene.here.manager)
    assert scene.here.send().missing == []
    assert make.renew(scene.here.device_id, scene.here.manager).id != scene.here.lease_id


@pytest.mark.parametrize(("early_s", "state"), [(120, "counted"), (121, "review: outside-lease")])
def test_a_device_is_believed_from_the_beginning_of_its_lease(app, clock, early_s, state):
    scene = make.scene()
    happened_at = clock.at - timedelta(seconds=early_s)
    scene.here.note("scan", scene.rider.phone.code(happened_at), happened_at)
    assert make.states(scene.here.send()) == [state]


@pytest.mark.parametrize(("before_s", "state"), [(1, "counted"), (0, "review: handle-revoked")])
def test_a_code_was_good_until_it_was_taken_back(app, clock, before_s, state):
    scene = make.scene()
    clock.advance(minutes=1)
    shown_at = clock.at - timedelta(seconds=before_s)
    scene.here.note("scan", scene.rider.phone.code(shown_at), shown_at)
    with transaction():
        revoke_handles(person_id=scene.rider.rider.id, at=clock.at)
    assert make.states(scene.here.send()) == [state]


def test_a_gap_of_a_device_that_was_taken_out_of_use_is_waited_for_no_longer(app, clock):
    scene = make.scene(riders=3)
    for each in scene.riders:
        scene.here.note("scan", each.phone.code())
    assert make.states(scene.here.send(scene.here.log[1:])) == ["waiting", "waiting"]
    clock.advance(minutes=1)
    with transaction():
        enrolling.revoke_device(device_id=scene.here.device_id, by=scene.here.manager, at=clock.at)
        assert settle_ripe(at=clock.at) == 2
    assert [each.slug or each.state for each in make.items()] == ["log-broken", "counted"]


def test_beyond_the_lease_a_voucher_given_twice_is_the_stations_loss(app, clock):
    scene = make.scene(riders=11)
    _, code = make.reserve(scene, scene.riders[10])
    for each in scene.riders[:10]:
        give_away(scene, each)
    scene.here.note("voucher", code)
    scene.here.note("voucher", code)
    assert make.states(scene.here.send()) == ["counted"] * 11 + ["review: voucher-handed-over"]
    (conflict,) = make.conflicts()
    assert (conflict.points, conflict.loss, make.unmatched()) == (20, 0, 0)
    assert (make.lease_of(scene.here).points_lost, make.owed(scene.here)) == (0, LEASE_POINTS + 20)
    must_agree()


def test_a_loss_is_counted_from_its_day_on_and_for_whoever_oversees_the_station(app, clock):
    scene = make.scene()
    granted_at = clock.at
    give_away(scene, scene.rider)
    make.spend_all(scene, scene.rider)
    scene.here.send()
    with transaction():
        elsewhere = base.actor(base.staff("department", region_code=base.QINHUAI))
    with transaction(write=False):
        assert queries.lost_since(scene.boss, granted_at) == 20
        assert queries.lost_since(scene.boss, granted_at + timedelta(microseconds=1)) == 0
        assert queries.lost_since(elsewhere, granted_at) == 0


def test_a_conflict_is_not_there_for_whoever_does_not_oversee_its_station(app, clock):
    scene = make.scene()
    scene.here.note("scan", scene.rider.phone.code())
    clock.advance(hours=73)
    scene.here.send()
    (conflict,) = make.conflicts()
    with transaction():
        elsewhere = base.actor(base.staff("department", region_code=base.QINHUAI))
    with transaction(write=False):
        assert queries.conflict_for(scene.boss, conflict.id).id == conflict.id
        for stranger in (elsewhere, scene.here.manager, scene.rider.rider):
            with pytest.raises(ConflictUnknown):
                queries.conflict_for(stranger, conflict.id)


def test_a_device_speaks_for_no_lease_of_another(app, clock):
    """Not even to say how long its log is, or that it was put away: riders would wait in vain, or not at all."""
    scene = make.scene(tablets=2)
    mine, other = scene.tablets
    lease_id, mine.lease_id = mine.lease_id, other.lease_id
    for mood in ("awake", "asleep"):
        with pytest.raises(LogSignature):
            mine.send(mood=mood)
    mine.lease_id = lease_id
    assert mine.send(mood="asleep").have == 0
