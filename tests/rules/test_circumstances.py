"""Time of day, days off, campaigns, grid members, first of the day, dates — and facts that arrive late."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from app.identity import appointing
from app.identity.permissions import GRID_MEMBER
from app.kernel.calendar import day_sort
from app.kernel.clock import city_day
from app.kernel.db import session, transaction
from app.rules import campaigns, drafting, paying, queries, rulebook
from app.rules.circumstances import all_with_circumstances, with_circumstances
from app.rules.drafting import checked
from app.rules.errors import CampaignTimesWrong, EndsInThePast, RuleSetExists
from app.rules.evaluating import evaluate
from app.rules.grounds import grounds_of
from app.rules.models import Award, RecordedFact
from tests import make as people
from tests.ledger.make import lots
from tests.rules import make
from tests.rules.make import cap, rule, when


def gives(rules, one):
    outcomes = evaluate(rulebook.read(checked(rules)), one, {})
    return sum(each.points for each in outcomes)


def city(text):
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


@pytest.mark.parametrize(
    "day, sort",
    [
        ("2026-10-01", "holiday"),
        ("2026-10-03", "holiday"),  # a Saturday of that week
        ("2026-10-10", "workday"),  # a Saturday that is worked for the National Day week
        ("2026-10-11", "weekend"),
        ("2026-11-24", "workday"),
        ("2031-05-03", "weekend"),  # no holidays are published for that year
    ],
)
def test_a_day_is_what_the_official_calendar_says(day, sort):
    assert day_sort(date.fromisoformat(day)) == sort


@pytest.mark.parametrize(
    "at, points",
    [("06:59", 0), ("07:00", 5), ("08:29", 5), ("08:30", 0)],
)
def test_a_span_of_the_day_ends_before_its_end(at, points):
    rules = [rule(points=5, when=[when("time", ["07:00", "08:30"], "between")])]
    assert gives(rules, make.checkin(at=city(f"2026-11-24T{at}"))) == points


@pytest.mark.parametrize("at, points", [("21:59", 0), ("22:00", 5), ("00:10", 5), ("05:59", 5), ("06:00", 0)])
def test_a_span_may_go_over_midnight(at, points):
    rules = [rule(points=5, when=[when("time", ["22:00", "06:00"], "between")])]
    assert gives(rules, make.checkin(at=city(f"2026-11-24T{at}"))) == points


def test_a_make_up_saturday_is_a_workday_for_the_rules():
    rules = [rule(points=5, when=[when("day", "workday")])]
    assert gives(rules, make.checkin(at=city("2026-10-10T10:00"))) == 5
    assert gives(rules, make.checkin(at=city("2026-10-11T10:00"))) == 0


def test_what_was_entered_later_must_be_named_whatever_the_kind(clock):
    assert gives([rule(points=5)], make.checkin(basis="backfilled")) == 0
    named = [rule(points=5, when=[when("basis", ["proven", "backfilled"], "one_of")])]
    assert gives(named, make.checkin(basis="backfilled")) == 5


def declared(scene, clock, **more):
    values = {"region_code": people.CITY, "kind": "weather", "title_zh": "寒潮", "title_en": "Cold wave"}
    values |= {"ends_at": clock.at + timedelta(days=1), "at": clock.at, "by": scene.reviewer}
    with transaction():
        return campaigns.declare_campaign(**(values | more))


WEATHER = [rule(points=7, when=[when("weather", True)], caps=[cap(period="campaign", points=10)])]


def test_a_campaign_counts_for_its_region_and_time(app, clock):
    scene = make.scene(WEATHER)
    make.judge(make.checkin(scene.rider))
    assert scene.points() == (0, 0)
    campaign = declared(scene, clock, region_code=people.XUANWU)
    make.judge(make.checkin(scene.rider, region="3201/320104/"))
    assert scene.points() == (0, 0)
    make.judge(make.checkin(scene.rider))
    make.judge(make.checkin(scene.rider))
    assert scene.points() == (10, 0)  # each rider up to ten points per campaign
    clock.advance(hours=1)
    with transaction():
        campaigns.end_campaign(campaign_id=campaign.id, by=scene.reviewer, at=clock.at)
    declared(scene, clock)
    make.judge(make.checkin(scene.rider))
    assert scene.points() == (17, 0)  # another campaign, another counter


def test_of_two_campaigns_at_once_the_one_that_began_last_counts(app, clock):
    scene = make.scene(WEATHER)
    for points in (10, 20):  # each with a counter of its own
        declared(scene, clock)
        for _ in range(2):
            make.judge(make.checkin(scene.rider))
        assert scene.points() == (points, 0)
        clock.advance(hours=1)


def test_a_campaign_never_reaches_back(app, clock):
    scene = make.scene(WEATHER)
    with pytest.raises(CampaignTimesWrong):
        declared(scene, clock, starts_at=clock.at - timedelta(hours=1))


def test_a_late_fact_is_judged_by_what_was_in_force_when_it_happened(app, clock):
    scene = make.scene([rule(points=5), *[each | {"key": "R-02"} for each in WEATHER]])
    declared(scene, clock, ends_at=clock.at + timedelta(hours=2))
    happened_at = clock.advance(hours=1)
    clock.advance(hours=5)  # the campaign is over, and the rules have changed
    with transaction():
        make.in_force(scene, [rule(points=1)])
    clock.advance(minutes=1)
    make.judge(make.checkin(scene.rider, at=happened_at))
    assert scene.points() == (12, 0)
    with transaction(write=False):
        assert {each.version.number for each in session.scalars(select(Award))} == {1}


def test_a_grid_member_is_one_from_the_day_of_the_role(app, clock):
    scene = make.scene([rule(points=5, when=[when("grid_member", True)])])
    before = clock.at
    clock.advance(hours=1)
    with transaction():
        appointing.appoint(
            person_id=scene.rider.id, role=GRID_MEMBER, region_code=people.COMMUNITY, station_id=None,
            by=people.SYSTEM, at=clock.at,
        )  # fmt: skip
    make.judge(make.checkin(scene.rider, at=before))
    assert scene.points() == (0, 0)
    make.judge(make.checkin(scene.rider))
    assert scene.points() == (5, 0)


def test_whoever_was_a_grid_member_counts_as_one_only_for_that_time(app, clock):
    scene = make.scene([rule(points=5, when=[when("grid_member", True)])])
    with transaction():
        held = appointing.appoint(
            person_id=scene.rider.id, role=GRID_MEMBER, region_code=people.COMMUNITY, station_id=None,
            by=people.SYSTEM, at=clock.at,
        )  # fmt: skip
    late = make.checkin(scene.rider, at=clock.advance(hours=1))
    with transaction():
        appointing.take_back(grant_id=held.id, by=people.SYSTEM, at=clock.advance(hours=1))
    fresh = make.checkin(scene.rider)
    with transaction():
        told = all_with_circumstances([late, fresh])
    assert [each.fields["grid_member"] for each in told] == [True, False]
    make.judge(fresh)
    assert scene.points() == (0, 0)
    make.judge(late)
    assert scene.points() == (5, 0)


def test_what_a_fact_says_itself_stays(app, clock):
    scene = make.scene([rule(points=5)])
    said = {"grid_member": True, "first_of_day": False}
    fact = make.checkin(scene.rider)
    fact = replace(fact, fields={**fact.fields, **said})
    with transaction():
        (alone,), (together, _) = (
            [with_circumstances(fact, grounds_of(fact))],
            all_with_circumstances([fact, make.checkin(scene.rider)]),
        )
    for told in (alone, together):
        assert {name: told.fields[name] for name in said} == said


def test_the_first_of_the_day_is_known_for_every_kind(app, clock):
    scene = make.scene([rule("R-01", "hours", 5, when=[when("first_of_day", True)])])
    for _ in range(2):
        make.judge(make.hours(scene.rider))
    assert scene.points() == (5, 0)
    with transaction(write=False):
        firsts = [each.fields["first_of_day"] for each in session.scalars(select(RecordedFact))]
    assert firsts == [True, False]


@pytest.mark.once
def test_the_first_of_the_day_is_that_of_the_city_day(app, clock):
    scene = make.scene([rule("R-01", "hours", 5, when=[when("first_of_day", True)])])
    for at, points in (("24T20:00", 5), ("25T00:30", 10), ("25T20:00", 10), ("26T07:59", 15)):
        clock.at = city(f"2026-11-{at}")
        make.judge(make.hours(scene.rider))
        assert scene.points() == (points, 0)


def test_judged_together_only_the_first_of_the_day_is_the_first(app, clock):
    scene = make.scene([rule("R-01", "hours")])
    with transaction():
        other = people.rider("李师傅", name="李大力")
    make.judge(first := make.hours(scene.rider))
    late, fresh = make.hours(scene.rider), make.hours(other)
    with transaction():
        told = all_with_circumstances([first, late, fresh])
    assert [each.fields["first_of_day"] for each in told] == [True, False, True]


def test_points_wait_for_their_date(app, clock):
    scene = make.scene([rule(points=5, usable="after_days", usable_after_days=2)])
    make.judge(make.checkin(scene.rider))
    assert scene.points() == (0, 5)
    clock.advance(days=1)
    with transaction():
        assert paying.settle_due(at=clock.at) == 0
    clock.advance(days=1)
    with transaction():
        assert paying.settle_due(at=clock.at) == 1
        assert paying.settle_due(at=clock.at) == 0
    assert scene.points() == (5, 0)


def test_points_that_wait_for_a_date_are_usable_from_its_first_moment(app, clock):
    scene = make.scene([rule(points=5, usable="after_days", usable_after_days=2)])
    make.judge(make.checkin(scene.rider))
    clock.at = city("2026-11-25T23:59")
    with transaction():
        assert paying.settle_due(at=clock.at) == 0
    clock.at = city("2026-11-26T00:00")
    with transaction():
        assert paying.settle_due(at=clock.at) == 1
    assert scene.points() == (5, 0)


def test_points_that_waited_run_out_counted_from_when_they_became_usable(app, clock):
    scene = make.scene([rule(points=5, usable="after_days", usable_after_days=2, expires_after_days=30)])
    make.judge(make.checkin(scene.rider))
    clock.advance(days=2)
    with transaction():
        paying.settle_due(at=clock.at)
        assert lots(scene.rider.id) == {city_day(clock.at) + timedelta(days=30): (5, 0)}


def test_a_multiplier_adds_to_what_the_others_gave():
    rules = [
        rule("R-01", points=5),
        rule("R-02", points=4),
        rule("R-03", points={"kind": "multiplier", "percent": 150, "of": ["R-01"]}),
        rule("R-04", points={"kind": "multiplier", "percent": 200}),
    ]
    outcomes = evaluate(rulebook.read(checked(rules)), make.checkin(), {})
    assert [each.points for each in outcomes] == [
        5,
        4,
        2,
        9,
    ]  # half a point is dropped; multipliers do not compound


@pytest.mark.parametrize(("base", "percent", "added"), [(7, 150, 3), (19, 110, 1)])  # of 3.5 and of 1.9
def test_a_multiplier_never_adds_more_than_it_says(base, percent, added):
    more = rule("R-02", points={"kind": "multiplier", "percent": percent})
    assert gives([rule(points=base), more], make.checkin()) == base + added


def test_periods_of_a_region_follow_each_other(app, clock):
    scene = make.scene([rule(points=5)])
    rule_set_id = scene.version.rule_set_id
    opening = {
        "region_code": people.CITY,
        "title_zh": "明年",
        "title_en": "Next",
        "by": scene.editor,
        "at": clock.at,
    }
    with pytest.raises(RuleSetExists), transaction():
        drafting.open_rule_set(**opening, starts_on=date(2027, 1, 1))
    with pytest.raises(EndsInThePast), transaction():
        drafting.end_rule_set(
            rule_set_id=rule_set_id, ends_on=date(2026, 11, 23), by=scene.reviewer, at=clock.at
        )
    with transaction():
        drafting.end_rule_set(
            rule_set_id=rule_set_id, ends_on=date(2026, 12, 31), by=scene.reviewer, at=clock.at
        )
        opened = drafting.open_rule_set(**opening, starts_on=date(2027, 1, 1))
    clock.at = city("2026-12-31T23:59")
    with transaction(write=False):
        assert queries.version_in_force(make.PATH, clock.at).id == scene.version.id
        assert queries.version_in_force(make.PATH, clock.at + timedelta(minutes=2)) is None
        assert opened.id


def test_a_cap_per_campaign_counts_nothing_outside_one(app):
    scene = make.scene([rule(points=7, caps=[cap(period="campaign", points=10)])])
    for _ in range(2):
        make.judge(make.checkin(scene.rider))
    assert scene.points() == (14, 0)
