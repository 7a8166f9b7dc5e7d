"""Every award, and every refusal, in one sentence a rider understands, in both languages; and all of it replays."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from app.kernel import clock as clock_module
from app.kernel.db import session, transaction
from app.kernel.i18n import speaking
from app.kernel.ids import new_id
from app.rules import explaining, paying, queries, rulebook
from app.rules.drafting import checked
from app.rules.evaluating import Used
from app.rules.kinds import KINDS
from app.rules.models import NoAward, RecordedFact
from app.rules.replay import replay, usage_read
from app.rules.rulebook import Condition
from app.rules.sentences import condition_in_words, worth_in_words
from tests import make as people
from tests.rules import make
from tests.rules.make import cap, rule, when

LEVELS = [{"at_least": at_least, "points": points} for at_least, points in ((30, 4), (60, 8), (120, 20))]
TIERS = {"kind": "tiered", "field": "minutes", "tiers": LEVELS}
HOURLY = {"kind": "per_unit", "field": "minutes", "unit": 30, "points": 5}
CUT = "; at most 12 points per rider a day, so 3 fewer"
STATION_ONLY = "“first check-in of the day” counts if way of checking in is station scan"
HOURS_WORDS = {"zh": "志愿服务", "en": "volunteering"}


@pytest.fixture(autouse=True)
def _app(app):
    """A database."""


def why(kind, one):
    with transaction(write=False):
        return [
            [explaining.explain(award, language) for award in queries.awards_of_fact(kind, one.id)]
            for language in ("zh", "en")
        ]


def why_not(one):
    with transaction(write=False):
        none = queries.no_award_of_fact(one.kind, one.id)
        return [explaining.why_not(none, language) for language in ("zh", "en")]


def test_a_check_in():
    scene = make.scene()
    with transaction():
        make.in_force(scene, scene.version.rules)
        make.in_force(scene, scene.version.rules)
    one = make.checkin(scene.rider)
    make.judge(one)
    assert why("checkin", one) == [
        ["为什么：每天首次到站签到 +5（规则 R-01 第 3 版）"],
        ["Why: first check-in of the day +5 (rule R-01 v3)"],
    ]


def test_counted_hours_that_a_cap_cut():
    scene = make.scene([rule("R-01", "hours", HOURLY, caps=[cap(points=12)], words=HOURS_WORDS)])
    one = make.hours(scene.rider, minutes=100)
    make.judge(one)
    assert why("hours", one) == [
        [
            "为什么：志愿服务，100 分钟，每满 30 分钟 5 分 +12（规则 R-01 第 1 版），每人每天最多 12 分，少算 3 分"
        ],
        [f"Why: volunteering, 100 minutes at 5 per full 30 minutes, +12 (rule R-01 v1){CUT}"],
    ]


def test_a_tier():
    scene = make.scene([rule("R-01", "hours", TIERS, words=HOURS_WORDS)])
    one = make.hours(scene.rider, minutes=100)
    make.judge(one)
    assert why("hours", one)[0] == ["为什么：志愿服务，100 分钟，满 60 分钟这一档 +8（规则 R-01 第 1 版）"]


def test_what_was_multiplied_names_the_rules_and_how_often():
    more = rule("R-03", points={"kind": "multiplier", "percent": 150})
    scene = make.scene([rule("R-01", points=5), rule("R-02", points=3), more])
    one = make.checkin(scene.rider)
    make.judge(one)
    zh, en = why("checkin", one)
    assert zh[2] == "为什么：每天首次到站签到，R-01、R-02 给了 8 分，按 1.5 倍补上 +4（规则 R-03 第 1 版）"
    assert en[2] == "Why: first check-in of the day, R-01, R-02 gave 8, times 1.5, +4 (rule R-03 v1)"


@pytest.mark.once
def test_what_gave_points_at_one_step_is_told_by_them_though_the_next_gave_none():
    scene = make.scene([rule("R-01", "report")])
    one = make.report(scene.rider)
    make.judge(one)
    make.judge(make.report(scene.rider, id=one.id, stage="resolved"))
    with transaction(write=False):
        assert queries.no_award_of_fact("report", one.id) is not None
        told = explaining.explain_judged("report", one.id)
        assert (told.why_not, told.points, told.why) == (None, 5, explaining.explain(told.awards[0]))


def test_points_that_wait():
    scene = make.scene()
    one = make.report(scene.rider)
    make.judge(one)
    assert why("report", one) == [
        ["为什么：随手报被采纳 +5（规则 R-03 第 1 版），办结后可用"],
        ["Why: report accepted +5 (rule R-03 v1); usable once resolved"],
    ]


@pytest.mark.once
def test_points_that_wait_for_a_day_name_the_day_in_the_city():
    scene = make.scene([rule(points=5, usable="after_days", usable_after_days=2)])
    one = make.checkin(scene.rider)
    make.judge(one)
    assert why("checkin", one) == [
        ["为什么：每天首次到站签到 +5（规则 R-01 第 1 版），11月26日 周四起可用"],
        ["Why: first check-in of the day +5 (rule R-01 v1); usable from Thu 26 Nov"],
    ]


@pytest.mark.once
def test_what_was_given_back_is_not_in_the_sum_of_a_fact():
    scene = make.scene([rule("R-01", "report", 5, usable="on_outcome"), rule("R-02", "report", 3)])
    one = make.report(scene.rider)
    make.judge(one)
    with transaction():
        (waits,) = queries.awards_to_change("report", [one.id], "pending")
        assert explaining.explain_judged("report", one.id).points == 8
        paying.give_back(waits, clock_module.now())
    with transaction(write=False):
        assert explaining.explain_judged("report", one.id).points == 3


def test_points_that_wait_for_the_budget():
    scene = make.scene(budget=0)
    one = make.checkin(scene.rider)
    make.judge(one)
    assert why("checkin", one)[0] == [
        "为什么：每天首次到站签到 +5（规则 R-01 第 1 版），已记下，等预算到了就发"
    ]


@pytest.mark.parametrize(
    "rules, fields, zh, en",
    [
        (
            [rule(when=[when("first_of_day", True)])],
            {"first_of_day": False},
            "今天的签到分已领过，明天再来。",
            "Today's check-in points are already yours. See you tomorrow.",
        ),
        (
            [rule(when=[when("how", "scanned")])],
            {"how": "poster"},
            "这次没有积分：“每天首次到站签到”只在签到方式是到站出码时给分。记录照样算数。",
            f"No points this time: {STATION_ONLY}. Still recorded.",
        ),
        (
            [rule("R-01", "report")],
            {},
            "现行规则没有给签到积分，记录照样算数。",
            "The present rules give no points for this kind of record (check-in). It still counts.",
        ),
    ],
)
def test_why_there_are_no_points(rules, fields, zh, en):
    scene = make.scene(rules)
    one = make.checkin(scene.rider, **fields)
    make.judge(one)
    assert why_not(one) == [zh, en]


@pytest.mark.parametrize("per", ["rider", "station"])
@pytest.mark.parametrize("period", ["day", "week", "month"])
def test_a_cap_that_was_reached(per, period):
    scene = make.scene([rule(points=5, caps=[cap(per=per, period=period, times=1)])])
    make.judge(make.checkin(scene.rider))
    one = make.checkin(scene.rider)
    make.judge(one)
    zh, en = why_not(one)
    assert {"day": "明天", "week": "下周", "month": "下个月"}[period] in zh
    assert "at most once" in en


# --- replay --------------------------------------------------------------------------------------------------------


def busy_day():
    """Awards and refusals of every kind, some cut by caps."""
    scene = make.scene()
    case_id = new_id()
    for one in (
        make.checkin(scene.rider),
        make.checkin(scene.rider, first_of_day=False),
        make.checkin(scene.rider, how="poster"),
        make.report(scene.rider, id=case_id),
        make.report(scene.rider, id=case_id, stage="resolved"),
        make.hours(scene.rider, minutes=400),
        make.hours(scene.rider, minutes=400),
        make.hours(scene.rider, minutes=400),
        make.hours(scene.rider, basis="backfilled"),
    ):
        make.judge(one)
    return scene


def test_every_award_and_refusal_replays():
    busy_day()
    with transaction(write=False):
        replayed = replay()
    assert (replayed.awards, replayed.refusals, replayed.mismatches) == (6, 3, [])


def test_what_a_multiplier_found_cut_to_nothing_replays():
    scene = make.scene(
        [
            rule("R-01", points=5),
            rule("R-02", points=3, caps=[cap(times=1)]),
            rule("R-03", points={"kind": "multiplier", "percent": 200}),
        ]
    )
    first, second = make.checkin(scene.rider), make.checkin(scene.rider)
    make.judge(first)
    make.judge(second)
    with transaction(write=False):
        given = {each.rule_key: each.points for each in queries.awards_of_fact("checkin", second.id)}
        assert given == {"R-01": 5, "R-03": 5}  # R-02 gave its three points once today
        told = queries.awards_of_fact("checkin", second.id)[-1].explanation["arithmetic"]
        assert (told["of"], told["amount"]) == (["R-01"], 5)
        assert replay().mismatches == []


@pytest.mark.usefixtures("owned")
def test_replay_finds_an_award_that_does_not_follow_from_its_facts():
    busy_day()
    with transaction():
        for trigger in _triggers("awards"):
            session.execute(text(trigger))
        session.execute(text("UPDATE awards SET points = 50 WHERE rule_key = 'R-01'"))
    with transaction(write=False):
        replayed = replay()
    assert [(each.rule_key, each.stored, each.again) for each in replayed.mismatches] == [("R-01", 50, 5)]
    assert not replayed.agrees
    with transaction():
        for statement in _triggers("awards", create=True):
            session.execute(text(statement))


@pytest.mark.usefixtures("owned")
def test_replay_finds_a_refusal_that_should_have_been_an_award():
    busy_day()
    with transaction():
        none = session.scalars(
            select(NoAward)
            .join(RecordedFact, RecordedFact.id == NoAward.recorded_fact_id)
            .order_by(NoAward.id)
        ).first()
        assert usage_read(none.explanation["usage"]) == {}
        fields = dict(none.recorded.fields) | {"first_of_day": True}
    with transaction():
        for trigger in _triggers("recorded_facts"):
            session.execute(text(trigger))
        fact = session.get_one(RecordedFact, none.recorded_fact_id)
        fact.fields = fields
    with transaction(write=False):
        assert [each.again for each in replay().mismatches] == [5]
    with transaction():
        for statement in _triggers("recorded_facts", create=True):
            session.execute(text(statement))


def _triggers(table, *, create=False):
    """Statements that take a table's guards away (or put them back), as only a vandal would."""
    from app.kernel.db import definitions, dialect_name

    pairs = [pair for pair in definitions(dialect_name()) if f" ON {table} " in pair[0]]
    return [statement for pair in pairs for statement in ([pair[0]] if create else pair[1].split("; "))]


def test_usage_is_kept_as_it_was():
    scene = make.scene([rule(points=5, caps=[cap(points=8)])])
    make.judge(make.checkin(scene.rider))
    second = make.checkin(scene.rider)
    make.judge(second)
    with transaction(write=False):
        (award,) = queries.awards_of_fact("checkin", second.id)
        assert (award.points, list(usage_read(award.explanation["usage"]).values())) == (3, [Used(5, 1)])


# --- rules as sentences ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fact, condition, zh",
    [
        ("report", when("category", "pothole"), "类别是道路坑洼"),
        ("report", when("grade", ["urgent", "normal"], "one_of"), "分级是紧急或一般"),
        ("hours", when("minutes", 60, "at_least"), "分钟数不小于 60"),
        ("checkin", when("weekday", [6, 7], "one_of"), "星期是周六或周日"),
        ("checkin", when("region", "320102", "inside"), "在玄武区"),
        ("checkin", when("first_of_day", False), "不是当天第一次"),
    ],
)
def test_conditions_are_sentences(fact, condition, zh):
    make.scene()
    with transaction(write=False):
        assert condition_in_words(fact, Condition(**condition)) == zh


@pytest.mark.parametrize(
    "points, zh",
    [
        (5, "每次 5 分"),
        (HOURLY, "每满 30 分钟 5 分"),
        (TIERS, "满 30 分钟 4 分、满 60 分钟 8 分、满 120 分钟 20 分"),
        ({"kind": "multiplier", "percent": 150}, "把同一件事其他规则给的分变成 1.5 倍"),
        ({"kind": "multiplier", "percent": 200, "of": ["R-01", "R-02"]}, "把 R-01、R-02 给的分变成 2 倍"),
    ],
)
def test_what_a_rule_gives_is_a_sentence(points, zh):
    others = [rule(key, "hours") for key in ("R-01", "R-02")]
    *_, told = rulebook.read(checked([*others, rule("R-03", "hours", points)]))
    assert worth_in_words(told) == zh


def test_a_station_is_told_by_its_name():
    with transaction():
        people.regions()
        station = people.station("梅园驿站")
        assert condition_in_words("checkin", Condition("station", "is", str(station.id))) == "驿站是梅园驿站"


def test_every_choice_has_words_in_both_languages():
    for kind in KINDS.values():
        for field in kind.fields.values():
            for choice in field.choices:
                condition = Condition(field.name, "is", choice)
                with speaking("zh"):
                    zh = condition_in_words(kind.name, condition)
                with speaking("en"):
                    en = condition_in_words(kind.name, condition)
                assert zh != en
                assert not zh.isascii()
                assert choice not in zh
