"""When points come, until when they may be used, what is said of them, and where they go back to."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from app.checkins.events import CheckinAnnulled
from app.honours.events import HonourRevoked, HonoursGranted
from app.kernel import clock as clock_module
from app.kernel import events
from app.kernel.clock import city_day
from app.kernel.db import transaction
from app.kernel.ids import new_id
from app.rules import awarding, paying, together
from app.rules.events import AwardQueued, PointsAwarded
from tests import make as people
from tests.ledger.make import lots
from tests.rules import make
from tests.rules.make import rule

pytestmark = pytest.mark.once
AFTER_MIDNIGHT = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)  # 00:30 on the 25th in the city


@pytest.fixture(autouse=True)
def _app(app):
    """A database."""


def heard(*kinds):
    """What is told of these from now on; nobody else hears anything."""
    told = []
    events.wire([(kind, told.append) for kind in kinds])
    return told


def two(scene):
    with transaction():
        return [scene.rider, people.rider("李师傅", name="李大力")]


def test_the_last_day_is_counted_from_the_city_day(clock):
    scene = make.scene([rule(expires_after_days=30)])
    clock.at = AFTER_MIDNIGHT
    make.judge(make.checkin(scene.rider))
    with transaction():
        assert lots(scene.rider.id) == {date(2026, 12, 25): (5, 0)}


def test_of_awards_booked_together_each_has_the_last_day_of_its_own_instant(clock):
    scene = make.scene([rule(expires_after_days=30)])
    riders, instants = two(scene), [clock.at, clock.advance(days=1)]
    facts = [make.checkin(each, at=at) for each, at in zip(riders, instants, strict=True)]
    with transaction():
        together.judge_together(facts, instants)
        for rider, at in zip(riders, instants, strict=True):
            assert lots(rider.id) == {city_day(at) + timedelta(days=30): (5, 0)}


def test_whoever_waits_for_the_budget_is_told_so_also_when_many_came_together(clock):
    scene = make.scene([rule(points=5)], budget=5)
    riders, told = two(scene), heard(AwardQueued)
    with transaction():
        together.judge_together([make.checkin(each) for each in riders], [clock.at] * 2)
    assert [(each.person_id, each.points) for each in told] == [(riders[1].id, 5)]


def test_a_date_that_comes_while_the_budget_is_empty_counts_once_there_are_funds(clock):
    scene = make.scene([rule(points=5, usable="after_days", usable_after_days=2)], budget=0)
    make.judge(make.checkin(scene.rider))
    clock.advance(days=2)
    with transaction():
        paying.settle_due(at=clock.at)
        make.fund(100)
    assert scene.points() == (5, 0)


def test_points_paid_late_that_still_wait_for_an_outcome_are_told_as_waiting():
    scene = make.scene([rule("R-03", "report", 5, usable="on_outcome")], budget=0)
    make.judge(make.report(scene.rider))
    told = heard(PointsAwarded)
    with transaction():
        make.fund(100)
        paying.pay_queued(at=clock_module.now())
    assert [(each.points, each.usable) for each in told] == [(5, False)]
    assert scene.points() == (0, 5)


def test_the_points_of_a_check_in_taken_back_return_to_their_budget():
    scene = make.scene([rule(points=5)])
    make.judge(one := make.checkin(scene.rider))
    with transaction():
        awarding.on_checkin_annulled(
            CheckinAnnulled(
                checkin_id=one.id, person_id=scene.rider.id, station_id=new_id(), at=clock_module.now()
            )
        )
        assert make.budget_left() == 10_000
    assert scene.points() == (0, 0)


def test_an_honour_taken_back_while_its_points_waited_for_the_budget_is_not_paid(clock):
    scene = make.scene([rule("R-04", "honour", 50)], budget=0)
    honour_id, at = new_id(), clock.at
    with transaction():
        awarding.on_honours_granted(
            HonoursGranted(
                selection_id=new_id(), region_code=people.COMMUNITY, purpose="example",
                person_ids=(scene.rider.id,), honours={honour_id: scene.rider.id}, at=at,
            )
        )  # fmt: skip
        awarding.on_honour_revoked(
            HonourRevoked(
                honour_id=honour_id,
                person_id=scene.rider.id,
                title_zh="榜样",
                title_en=None,
                reason="弄错了",
                at=at,
            )
        )
        make.fund(100)
    assert scene.points() == (0, 0)
