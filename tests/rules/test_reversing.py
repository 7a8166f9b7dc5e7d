"""An award whose entry staff take back is void: its points go home once, and no later finding takes them again."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from app.kernel import clock
from app.kernel.db import session, transaction
from app.kernel.i18n import say
from app.ledger import reversing
from app.ledger.accounts import pending_of, wallet_of
from app.ledger.posting import entry_of
from app.ledger.verify import verify
from app.notices.models import Notice
from app.rules import paying, unwinding
from app.rules.errors import AwardGone, AwardMovedOn
from app.rules.explaining import explain
from app.rules.models import ACTIVE, PENDING, VOID, Award
from app.rules.paying import source_of
from app.rules.replay import replay
from tests import make as build
from tests.rules import make


@pytest.fixture
def scene(app):
    made = make.scene([make.rule(points=30), make.rule("R-02", "report", 20, usable="on_outcome")])
    yield made
    with transaction():
        assert verify() == []
        assert replay().agrees


def award(scene, kind="checkin"):
    return session.scalars(sa.select(Award).where(Award.fact_kind == kind)).one()


def line(one, step="given"):
    account = (
        pending_of(one.person_id)
        if step == "given" and one.usable == "on_outcome"
        else wallet_of(one.person_id)
    )
    return entry_of(source_of(one, step), account.id)


def take(entry_id, scene, reason="同一次签到记了两遍"):
    return reversing.ask_to_reverse(entry_id=entry_id, reason=reason, by=scene.reviewer, at=clock.now())


def test_the_points_go_back_to_their_budget_and_the_rider_is_told_why(scene):
    make.judge(make.checkin(scene.rider))
    with transaction():
        before = make.budget_left()
        one = award(scene)
        take(line(one), scene)
        assert (one.state, make.budget_left() - before) == (VOID, 30)
        assert explain(one).count(say("rules.why.reversed")) == 1
        told = session.scalars(sa.select(Notice).where(Notice.slug == "points-reversed-down")).one()
        assert told.person_id == scene.rider.id
        assert (told.facts["points"], told.facts["reason"]) == (30, "同一次签到记了两遍")
        assert told.about_kind == "entry"
    assert scene.points() == (0, 0)


def test_pending_points_go_back_from_where_they_wait(scene):
    make.judge(make.report(scene.rider))
    assert scene.points() == (0, 20)
    with transaction():
        one = award(scene, "report")
        assert one.state == PENDING
        take(line(one), scene)
        assert one.state == VOID
    assert scene.points() == (0, 0)


def test_settled_points_go_all_the_way_back(scene):
    make.judge(make.report(scene.rider))
    with transaction():
        one = award(scene, "report")
        before = make.budget_left()
        paying.settle(one, clock.now())
        assert one.state == ACTIVE
        with pytest.raises(AwardMovedOn), session.begin_nested():
            take(line(one, "given"), scene)
        take(line(one, "settled"), scene)
        assert (one.state, make.budget_left() - before) == (VOID, 20)
    assert scene.points() == (0, 0)


def test_what_was_taken_back_is_never_taken_again(scene):
    one = make.checkin(scene.rider)
    make.judge(one)
    with transaction():
        take(line(award(scene)), scene)
        other = build.actor(build.staff("department", region_code=build.CITY, name="周部门"))
        asked = unwinding.ask_to_unwind(
            fact_kind="checkin", fact_id=one.id, reason="不在场", by=scene.reviewer, at=clock.now()
        )
        done = unwinding.decide_unwinding(unwinding_id=asked.id, approved=True, by=other, at=clock.now())
        assert done.outcome["points"] == 0
    assert scene.points() == (0, 0)


def test_what_was_unwound_is_not_reversed_as_well(scene):
    one = make.checkin(scene.rider)
    make.judge(one)
    with transaction():
        other = build.actor(build.staff("department", region_code=build.CITY, name="周部门"))
        asked = unwinding.ask_to_unwind(
            fact_kind="checkin", fact_id=one.id, reason="不在场", by=scene.reviewer, at=clock.now()
        )
        unwinding.decide_unwinding(unwinding_id=asked.id, approved=True, by=other, at=clock.now())
        with pytest.raises(AwardGone), session.begin_nested():
            take(line(award(scene)), scene)


def test_a_case_found_good_again_does_not_bring_a_mistake_back(scene):
    make.judge(make.report(scene.rider))
    with transaction():
        one = award(scene, "report")
        take(line(one), scene)
        paying.give_again(one, clock.now())
        assert (one.state, one.round) == (VOID, 1)
    assert scene.points() == (0, 0)
