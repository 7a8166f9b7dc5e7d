"""A period of rules and its end: on days of the city, never before today nor before it began."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from app.kernel import clock as clock_module
from app.kernel.clock import city_day
from app.kernel.db import transaction
from app.rules import drafting, queries
from app.rules.errors import EndsInThePast, VersionNotOpen
from tests import make as people
from tests.rules import make
from tests.rules.make import rule

pytestmark = pytest.mark.once
DAY = timedelta(days=1)
AFTER_MIDNIGHT = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)  # 00:30 on the 25th in the city


@pytest.fixture
def scene(app):
    return make.scene([rule()])


def opened(scene, **more):
    with transaction():
        return drafting.open_rule_set(
            region_code=people.XUANWU, title_zh="玄武", title_en="Xuanwu", by=scene.editor,
            at=clock_module.now(), **more,
        )  # fmt: skip


def ended(scene, rule_set_id, ends_on):
    with transaction():
        return drafting.end_rule_set(
            rule_set_id=rule_set_id, ends_on=ends_on, by=scene.reviewer, at=clock_module.now()
        )


def test_a_period_begins_today_in_the_city(scene, clock):
    clock.at = AFTER_MIDNIGHT
    assert opened(scene).starts_on == date(2026, 11, 25)


def test_a_period_does_not_end_before_it_begins(scene, clock):
    today = city_day(clock.at)
    with pytest.raises(EndsInThePast):
        opened(scene, starts_on=today + 9 * DAY, ends_on=today + 8 * DAY)
    later = opened(scene, starts_on=today + 9 * DAY)
    with pytest.raises(EndsInThePast):
        ended(scene, later.id, today + 8 * DAY)
    assert ended(scene, later.id, today + 9 * DAY).ends_on == today + 9 * DAY


def test_a_period_that_runs_is_not_ended_in_the_past(scene, clock):
    running = opened(scene)
    clock.advance(days=3)
    today = city_day(clock.at)
    with pytest.raises(EndsInThePast):
        ended(scene, running.id, today - DAY)
    assert ended(scene, running.id, today).ends_on == today


def test_a_wording_that_was_never_in_force_is_not_retired(scene, clock):
    with transaction():
        draft = drafting.draft_version(
            rule_set_id=scene.version.rule_set_id, rules=[rule()], by=scene.editor, at=clock.at
        )
    with pytest.raises(VersionNotOpen), transaction():
        drafting.retire(version_id=draft.id, by=scene.reviewer, at=clock.at)


def in_force_at(scene, at):
    """The version by the two ways to ask for it: that of the rule set, and that of a place."""
    with transaction(write=False):
        own = queries.in_force_of(queries.rule_set(scene.version.rule_set_id), at).version
        judging = queries.version_in_force(make.PATH, at)
        return [None if each is None else each.number for each in (own, judging)]


def test_a_version_judges_until_the_moment_it_ends_and_no_longer(scene, clock):
    ends_at, moment = clock.at + timedelta(hours=3), timedelta(microseconds=1)
    with transaction():
        drafting.retire(version_id=scene.version.id, ends_at=ends_at, by=scene.reviewer, at=clock.at)
    assert in_force_at(scene, ends_at - moment) == [1, 1]
    assert in_force_at(scene, ends_at) == [None, None]
    with transaction(write=False):
        asked = [(make.PATH, ends_at - moment), (make.PATH, ends_at)]
        assert [each and each.number for each in queries.version_in_force_each(asked)] == [1, None]


def test_a_version_judges_from_the_moment_it_begins(scene, clock):
    starts_at, moment = clock.at + timedelta(hours=3), timedelta(microseconds=1)
    with transaction():
        make.in_force(scene, [rule(points=7)], starts_at=starts_at)
    assert in_force_at(scene, starts_at - moment) == [1, 1]
    assert in_force_at(scene, starts_at) == [2, 2]
