"""The conflict desk: who may decide, how each way is booked, and that it is final, logged and told."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from app.audit.models import AuditRecord
from app.kernel.db import in_transaction, session, transaction
from app.kernel.errors import Forbidden
from app.ledger.queries import balance_of
from app.notices.models import Notice
from app.notices.telling import text_of
from app.sync import deciding, queries
from app.sync.errors import ConflictDecided, DecisionUnfit
from app.sync.models import Conflict, SyncItem
from tests import make as base
from tests.rewards.make import must_agree
from tests.sync import make
from tests.sync.test_goods import give_away


def decide(scene, decision, by=None, note=None):
    (conflict,) = make.conflicts()
    return in_transaction(
        lambda: deciding.decide(
            conflict_id=conflict.id, decision=decision, note=note, by=by or scene.boss, at=make.clock.now()
        )
    )


def a_loss(points=0):
    """A reward given to somebody whose wallet was emptied meanwhile, then filled with so many points."""
    scene = make.scene()
    give_away(scene, scene.rider)
    make.spend_all(scene, scene.rider)
    scene.here.send()
    if points:
        with transaction():
            make.give(scene.rider.rider.id, points)
    return scene


def a_doubt(clock):
    """A presence in a log that came in too late."""
    scene = make.scene()
    scene.here.note("scan", scene.rider.phone.code())
    clock.advance(hours=73)
    scene.here.send()
    return scene


@pytest.mark.parametrize(
    "decision, has, wallet, station",
    [
        ("charge", 50, 30, 20),
        ("charge", 5, 0, 20),
        ("charge", 0, 0, 20),
        ("write-off", 50, 50, 20),
        ("refuse", 50, 50, 0),
    ],
)
def test_each_way_clears_what_was_unmatched(app, clock, decision, has, wallet, station):
    scene = a_loss(has)
    decide(scene, decision)
    assert (make.unmatched(), make.usable(scene.rider), make.owed(scene.here)) == (0, wallet, station)
    must_agree()


@pytest.mark.parametrize("decision, points, state", [("count", 105, "counted"), ("refuse", 100, "refused")])
def test_a_presence_counts_or_does_not(app, clock, decision, points, state):
    scene = a_doubt(clock)
    decide(scene, decision)
    assert make.usable(scene.rider) == points
    (item,) = make.items()
    assert item.state == state


def test_what_nobody_booked_is_paid_only_as_far_as_the_wallet_goes(app, clock):
    scene = make.scene()
    give_away(scene, scene.rider)
    clock.advance(hours=73)
    assert make.states(scene.here.send()) == ["review: arrived-too-late"]
    assert (make.unmatched(), make.owed(scene.here)) == (0, 0)
    decide(scene, "charge")
    assert (make.usable(scene.rider), make.owed(scene.here)) == (80, 20)
    must_agree()


@pytest.mark.once
@pytest.mark.parametrize("decision, station", [("write-off", 20), ("refuse", 0)])
def test_what_nobody_booked_is_borne_by_the_programme_or_the_station(app, clock, decision, station):
    scene = make.scene()
    give_away(scene, scene.rider)
    clock.advance(hours=73)
    scene.here.send()
    decide(scene, decision)
    assert (make.usable(scene.rider), make.owed(scene.here), make.unmatched()) == (100, station, 0)
    must_agree()


@pytest.mark.once
def test_what_is_set_aside_for_a_voucher_pays_no_loss(app, clock):
    scene = a_loss(25)
    make.reserve(scene, scene.rider)
    decide(scene, "charge")
    with transaction(write=False):
        left = balance_of(scene.rider.rider.id)
    assert (left.usable, left.held, make.owed(scene.here), make.unmatched()) == (0, 20, 20, 0)
    must_agree()


def test_it_is_decided_once(app, clock):
    scene = a_doubt(clock)
    decide(scene, "refuse")
    with pytest.raises(ConflictDecided):
        decide(scene, "count")
    with pytest.raises(DBAPIError, match="decided once"), transaction():
        session.execute(update(Conflict).values(decision="count"))


def test_only_what_fits_can_be_decided(app, clock):
    with pytest.raises(DecisionUnfit):
        decide(a_doubt(clock), "charge")


def test_goods_do_not_simply_count(app, clock):
    with pytest.raises(DecisionUnfit):
        decide(a_loss(), "count")


def test_only_whoever_oversees_the_station_decides(app, clock):
    scene = a_doubt(clock)
    with transaction():
        elsewhere = base.actor(base.staff("department", region_code=base.QINHUAI))
    for stranger in (scene.here.manager, scene.rider.rider, elsewhere):
        with pytest.raises(Forbidden):
            decide(scene, "count", by=stranger)
    with transaction(write=False):
        assert queries.conflicts_for(elsewhere).items == []
        assert len(queries.conflicts_for(scene.boss).items) == 1


def test_the_decision_is_logged_and_the_rider_told(app, clock):
    scene = a_doubt(clock)
    decide(scene, "count", note="看过监控")
    with transaction():
        (logged,) = session.query(AuditRecord).filter_by(action="conflict.decided").all()
        assert (logged.actor_id, logged.facts["note"]) == (scene.boss.person_id, "看过监控")
        told = session.query(Notice).filter_by(slug="offline-decided").one()
        assert told.person_id == scene.rider.rider.id
        assert "已补上" in text_of(told)
        assert "it counts" in text_of(told, "en")


def test_the_evidence_shows_the_other_use(app, clock):
    scene = make.scene(tablets=2)
    clock.advance(minutes=1)
    code = scene.rider.phone.code()
    scene.there.note("scan", code)
    clock.advance(seconds=20)
    scene.here.note("scan", code)
    scene.here.send()
    scene.there.send()
    (conflict,) = make.conflicts()
    assert conflict.evidence["other_station"] == scene.there.station.name
    assert (conflict.station_id, conflict.slug) == (scene.here.station.id, "code-used-twice")


@pytest.mark.usefixtures("owned")
def test_what_came_in_stays_as_it_came(app, clock):
    a_doubt(clock)
    for change in (
        update(SyncItem).values(body="{}"),
        update(SyncItem).values(state="waiting", settled_at=None),
    ):
        with pytest.raises(DBAPIError, match="stays as it came"), transaction():
            session.execute(change)
    with pytest.raises(DBAPIError, match="lost"), transaction():
        session.query(SyncItem).delete()
