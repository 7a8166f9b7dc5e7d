"""A dry run gives what live gave, tells who gains without names, and knows what it costs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.kernel import clock as clock_module
from app.kernel.db import session, transaction
from app.kernel.suppressing import FEWEST, suppressed
from app.rules import drafting, queries, rulebook, trying
from app.rules.comparing import differences
from app.rules.drafting import checked
from app.rules.evaluating import UsageKey, Used, evaluate
from app.rules.models import Award
from app.rules.simulating import Book, Happened
from tests import make as people
from tests.rewards import make as rewards
from tests.rules import make
from tests.rules.make import cap, rule, when

HOURLY = {"kind": "per_unit", "field": "minutes", "unit": 30, "points": 5}
RULES = [
    rule("R-01", points=5, when=[when("first_of_day", True)], caps=[cap(period="week", times=2)]),
    rule("R-02", "hours", HOURLY, caps=[cap(points=12), cap(period="month", points=30)]),
    rule("R-03", "hours", {"kind": "multiplier", "percent": 150}, when=[when("category", "rescue")]),
    rule("R-04", points=3, caps=[cap(per="all", points=7)]),
]


def tried(scene, version=None, days=31):
    with transaction():
        found = queries.version((version or scene.version).id)
        return make.try_out(found.id, scene.editor, days=days).result


def a_draft(scene, rules):
    with transaction():
        return drafting.draft_version(
            rule_set_id=scene.version.rule_set_id, rules=rules, by=scene.editor, at=clock_module.now()
        )


def test_it_gives_what_live_gave(app, clock):
    scene = make.scene(RULES)
    with transaction():
        riders = [scene.rider, people.rider("李师傅"), people.rider("张师傅")]
    for day in range(10):
        clock.advance(hours=23)
        for number, someone in enumerate(riders):
            make.judge(make.checkin(someone, first_of_day=(day + number) % 3 > 0))
            category = "rescue" if number else "care"
            make.judge(make.hours(someone, minutes=20 * (day % 4) + 15, category=category))
    with transaction(write=False):
        rows = session.execute(select(Award.rule_key, func.sum(Award.points)).group_by(Award.rule_key))
        live = {key: int(points) for key, points in rows}
    result = tried(scene)
    assert {row["rule"]: row["draft"] for row in result["rules"]} == live
    assert result["points"]["draft"] == result["points"]["before"] == sum(live.values())


def test_a_period_that_begins_within_a_week_knows_what_was_used_before(app, clock):
    scene = make.scene([rule(points=5, caps=[cap(period="week", times=2)])])
    for _ in range(4):  # Tuesday to Friday: the cap is used up on Wednesday
        make.judge(make.checkin(scene.rider))
        clock.advance(days=1)
    with transaction():
        from_on = date(2026, 11, 26)
        run = trying.dry_run(
            version_id=scene.version.id, from_on=from_on, until_on=from_on, by=scene.editor, at=clock.at
        )
    assert (run.result["facts"], run.result["points"]["draft"]) == (1, 0)


def test_who_gains_is_a_distribution_and_few_are_not_shown(app):
    scene = make.scene([rule(points=5)])
    with transaction():
        riders = [people.rider(f"骑手{number}", occupation="courier") for number in range(12)]
        lone = people.rider("独行", occupation="ride-hail")
    for someone in [*riders, lone]:
        make.judge(make.checkin(someone))
    result = tried(scene, a_draft(scene, [rule(points=8)]))
    assert result["riders"] == 13
    assert {row["change"]: row["riders"] for row in result["changes_by_rider"]}["gain"] == 13
    by_occupation = {row["group"]: row["riders"] for row in result["spread"]["occupation"]}
    assert by_occupation == {
        "courier": None,
        "ride-hail": None,
    }  # a total and one group would give the other away
    assert str(lone.id) not in str(result)
    assert "独行" not in str(result)


def test_a_rule_that_favours_one_raises_an_alarm(app):
    scene = make.scene([rule(points=5)])
    with transaction():
        riders = [people.rider(f"骑手{number}") for number in range(24)]
    for number, someone in enumerate(riders):
        where = {} if number < 12 else {"region": "3201/320104/"}
        make.judge(make.checkin(someone, **where))
    draft = a_draft(
        scene, [rule(points=5), rule("R-02", points=9, when=[when("region", "320104", "inside")])]
    )
    result = tried(scene, draft)
    assert {"rule": "R-02", "dimension": "region", "group": "320104", "times": None} in result["alarms"]
    assert not [alarm for alarm in result["alarms"] if alarm["rule"] == "R-01"]


def test_it_says_how_long_the_budget_lasts_and_what_goods_it_takes(app, clock):
    scene = make.scene([rule("R-02", "hours", HOURLY)], budget=1000)
    with transaction():
        rewards.reward(people.station(), points=20)
    make.judge(make.hours(scene.rider, minutes=120))  # 20 points for two hours
    result = tried(scene, days=10)
    assert result["budget"]["left"] == 980
    assert result["budget"]["per_day"] == 2.0
    today = date(2026, 11, 24)
    assert result["budget"]["ends_on"] == (today + timedelta(days=490)).isoformat()
    assert (
        result["budget"]["ends_on_earliest"]
        < result["budget"]["ends_on"]
        < result["budget"]["ends_on_latest"]
    )
    assert result["goods"]["hours_to_cheapest"] == 2.0
    goods = result["goods"]["a_month"]
    assert goods["low"] <= goods["middle"] <= goods["high"]


def test_it_says_in_words_what_changes():
    before = rulebook.read(checked([rule(points=5), rule("R-02", points=1)]))
    after = rulebook.read(checked([rule(points=8, caps=[cap(points=16)]), rule("R-03", points=2)]))
    told = [each["zh"] for each in differences(before, after)]
    assert told[0].startswith("新增：R-03")
    assert told[1].startswith("去掉：R-02")
    assert told[2] == "R-01 的分数：原来“每次 5 分”，改成“每次 8 分”"
    assert told[3] == "R-01 的上限：原来“没有”，改成“每人每天最多 16 分”"
    assert differences(before, before) == []


def test_trying_gives_nothing(app):
    scene = make.scene([rule(points=5)])
    make.judge(make.checkin(scene.rider))
    before = scene.points()
    tried(scene, a_draft(scene, [rule(points=99)]))
    assert scene.points() == before


FIELDS = st.fixed_dictionaries(
    {
        "minutes": st.integers(1, 600),
        "category": st.sampled_from(["care", "rescue"]),
        "basis": st.sampled_from(["proven", "backfilled"]),
    }
)


@given(st.lists(FIELDS, max_size=12))
def test_the_book_agrees_with_the_evaluator(facts):
    rules = rulebook.read(checked(RULES))
    book, used = Book(rules), {}
    for fields in facts:
        one = make.fact("hours", at=datetime(2026, 11, 24, 6, tzinfo=UTC), **fields)
        outcomes = evaluate(rules, one, used)
        slow = {each.rule.key: each.points for each in outcomes if each.points}
        given_ = book.give(Happened("hours", 1, date(2026, 11, 24), one.fields))
        assert {each.rule.key: each.points for each in given_ if each.points} == slow
        for each in rules:
            for limit in each.caps:
                key = UsageKey(each.key, limit.per, limit.period)
                before = used.get(key, Used())
                if slow.get(each.key):
                    used[key] = Used(before.points + slow[each.key], before.times + 1)


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 40), max_size=8))
@example({"a": 3, "b": 4, "c": 20})
def test_nobody_is_found_by_subtraction(people_by_group):
    hidden = suppressed(people_by_group)
    assert all(group in hidden for group, count in people_by_group.items() if 0 < count < FEWEST)
    several = [group for group, count in people_by_group.items() if count]
    if hidden and len(several) > 1:
        assert len(hidden) > 1
    if hidden < set(several):  # something is shown: the total gives away how many the rest are
        assert sum(people_by_group[group] for group in hidden) >= (FEWEST if hidden else 0)
