"""The pure heart: a worked table, caps, tiers, and what holds for every rule and fact."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules import rulebook
from app.rules.drafting import checked
from app.rules.evaluating import UsageKey, Used, evaluate, matching
from app.rules.kinds import KINDS
from tests.rules import make
from tests.rules.make import cap, rule, when

HOURLY = {"kind": "per_unit", "field": "minutes", "unit": 30, "points": 5}
TIERS = {
    "kind": "tiered",
    "field": "minutes",
    "tiers": [{"at_least": 240, "points": 30}, {"at_least": 60, "points": 8}],
}
TABLE = [
    rule("R-01", points=5, when=[when("how", "scanned"), when("first_of_day", True)]),
    rule("R-02", points=3, when=[when("how", "poster")]),
    rule("R-03", points=2, when=[when("hour", 21, "at_least")]),
    rule("R-04", points=1, when=[when("region", "320104", "inside")]),
    rule("R-05", points=4, when=[when("weekday", [6, 7], "one_of")]),
    rule("R-06", "report", 10, when=[when("stage", "accepted"), when("grade", "minor", "is_not")]),
    rule("R-07", "hours", HOURLY, when=[when("basis", ["proven", "witnessed"], "one_of")]),
    rule("R-08", "hours", TIERS),
    rule("R-09", "hours", 1, when=[when("basis", "backfilled")]),
    rule("R-10", "hours", 7, when=[when("minutes", 30, "at_most")]),
]


def given_by(rules, one, usage=None):
    outcomes = evaluate(rulebook.read(checked(rules)), one, usage or {})
    return {outcome.rule.key: outcome.points for outcome in outcomes if outcome.points}


@pytest.fixture(autouse=True)
def _standing(clock):
    """Tuesday, 14:02."""


@pytest.mark.parametrize(
    "kind, fields, expected",
    [
        ("checkin", {}, {"R-01": 5}),
        ("checkin", {"first_of_day": False}, {}),
        ("checkin", {"how": "poster"}, {"R-02": 3}),
        ("checkin", {"hour": 21}, {"R-01": 5, "R-03": 2}),
        ("checkin", {"hour": 20}, {"R-01": 5}),
        ("checkin", {"region": "3201/320104/"}, {"R-01": 5, "R-04": 1}),
        ("checkin", {"region": "3201/3201049/"}, {"R-01": 5}),
        ("checkin", {"weekday": 7, "how": "poster"}, {"R-02": 3, "R-05": 4}),
        ("report", {}, {"R-06": 10}),
        ("report", {"grade": "minor"}, {}),
        ("report", {"stage": "resolved"}, {}),
        ("hours", {"minutes": 29}, {"R-10": 7}),
        ("hours", {"minutes": 30}, {"R-07": 5, "R-10": 7}),
        ("hours", {"minutes": 59}, {"R-07": 5}),
        ("hours", {"minutes": 60}, {"R-07": 10, "R-08": 8}),
        ("hours", {"minutes": 239}, {"R-07": 35, "R-08": 8}),
        ("hours", {"minutes": 240}, {"R-07": 40, "R-08": 30}),
        ("hours", {"minutes": 100, "basis": "witnessed"}, {"R-07": 15, "R-08": 8}),
        ("hours", {"minutes": 600, "basis": "backfilled"}, {"R-09": 1}),
        ("hours", {"minutes": 10, "basis": "backfilled"}, {"R-09": 1}),
    ],
)
def test_it_reproduces_the_worked_table(kind, fields, expected):
    own = {key: value for key, value in fields.items() if key not in ("hour", "weekday")}
    one = getattr(make, kind)(**own)
    one.fields.update(fields)
    assert given_by(TABLE, one) == expected


@pytest.mark.parametrize("count", range(1, 6))
def test_each_of_its_conditions_must_hold_however_many_there_are(count):
    asked = {"how": "scanned", "first_of_day": True, "grid_member": True, "weather": True, "emergency": True}
    conditions = [when(field, value) for field, value in list(asked.items())[:count]]
    rules = rulebook.read(checked([rule(points=5, when=conditions)]))
    wrong = {field: "poster" if field == "how" else False for field in asked}
    one = {field: make.checkin(**asked | {field: wrong[field]}) for field in list(asked)[:count]}
    assert [each.points for each in evaluate(rules, make.checkin(**asked), {})] == [5]
    assert [field for field in one if evaluate(rules, one[field], {})[0].points] == []
    assert [each.key for each in matching(rules, make.checkin(**asked))] == ["R-01"]
    assert [field for field in one if matching(rules, one[field])] == []


def test_a_points_cap_cuts_to_what_is_left():
    rules = rulebook.read(checked([rule("R-01", "hours", HOURLY, caps=[cap(points=40)])]))
    used = {UsageKey("R-01", "rider", "day"): Used(30, 1)}
    (outcome,) = evaluate(rules, make.hours(minutes=120), used)
    assert outcome.points == 10
    assert outcome.cuts == ({"per": "rider", "period": "day", "points": 40, "cut": 10},)
    assert outcome.arithmetic["total"] == 20


def test_a_times_cap_gives_nothing_once_reached():
    rules = [rule(caps=[cap(per="station", times=3)])]
    key = UsageKey("R-01", "station", "day")
    assert given_by(rules, make.checkin(), {key: Used(10, 2)}) == {"R-01": 5}
    assert given_by(rules, make.checkin(), {key: Used(15, 3)}) == {}


def test_the_tightest_of_several_caps_decides():
    rules = [
        rule(points=9, caps=[cap(points=8), cap(period="week", points=20), cap(period="month", points=30)])
    ]
    usage = {UsageKey("R-01", "rider", "week"): Used(17, 2), UsageKey("R-01", "rider", "month"): Used(17, 2)}
    assert given_by(rules, make.checkin(), usage) == {"R-01": 3}


def test_it_never_knows_what_the_burden_relief_rules_forbid():
    known = {name for kind in KINDS.values() for name in kind.fields}
    assert known == {
        *("region", "time", "hour", "weekday", "day", "first_of_day"),
        *("weather", "emergency", "grid_member", "basis"),
        *("how", "station"),
        *("stage", "category", "grade"),
        *("minutes", "course", "purpose"),
    }
    assert set(KINDS) == {
        *("checkin", "report", "hours", "training", "suggestion", "honour")
    }  # no appeal, mediation, referral, vote, payment, log-in


@pytest.mark.parametrize(
    "worth, told",
    [
        (HOURLY, {"unit": 30, "units": 3, "each": 5, "total": 15}),
        (TIERS, {"at_least": 60, "total": 8}),
        (TIERS | {"tiers": [*TIERS["tiers"], {"at_least": 90, "points": 9}]}, {"at_least": 90, "total": 9}),
    ],
)
def test_the_arithmetic_is_told_as_it_was_done(worth, told):
    (outcome,) = evaluate(rulebook.read(checked([rule("R-01", "hours", worth)])), make.hours(minutes=100), {})
    counted = {"kind": worth["kind"], "field": "minutes", "amount": 100}
    assert outcome.arithmetic == counted | told
    assert type(outcome.arithmetic.get("units", 0)) is int


WORTHS = st.one_of(
    st.builds(lambda points: {"kind": "fixed", "points": points}, st.integers(1, 100)),
    st.builds(
        lambda unit, points: {"kind": "per_unit", "field": "minutes", "unit": unit, "points": points},
        st.integers(1, 120),
        st.integers(1, 20),
    ),
    st.builds(
        lambda levels: {
            "kind": "tiered",
            "field": "minutes",
            "tiers": [{"at_least": at_least, "points": points} for at_least, points in levels.items()],
        },
        st.dictionaries(st.integers(0, 600), st.integers(1, 50), min_size=1, max_size=5),
    ),
)
CAPS = st.lists(
    st.builds(
        lambda period, kind, amount: cap(period=period, **{kind: amount}),
        st.sampled_from(["day", "week", "month"]),
        st.sampled_from(["points", "times"]),
        st.integers(1, 60),
    ),
    max_size=3,
)
USED = st.dictionaries(
    st.sampled_from(["day", "week", "month"]),
    st.builds(Used, st.integers(0, 100), st.integers(0, 60)),
    max_size=3,
)


@given(
    worth=WORTHS,
    caps=CAPS,
    used=USED,
    minutes=st.integers(1, 960),
    basis=st.sampled_from(["proven", "backfilled"]),
)
def test_it_never_gives_less_than_nothing_nor_more_than_a_cap(worth, caps, used, minutes, basis):
    rules = rulebook.read(checked([rule("R-01", "hours", worth, caps=caps)]))
    usage = {UsageKey("R-01", "rider", period): each for period, each in used.items()}
    one = make.hours(minutes=minutes, basis=basis)
    (outcome,) = evaluate(rules, one, usage)
    assert evaluate(rules, one, usage) == (outcome,)
    assert 0 <= outcome.points <= outcome.arithmetic.get("total", 0)
    assert (outcome.points == 0) == (outcome.why_not is not None)
    assert basis == "proven" or outcome.points == 0
    for each in caps:
        before = used.get(each["period"], Used())
        if "points" in each:
            assert outcome.points <= max(0, each["points"] - before.points)
        elif before.times >= each["times"]:
            assert outcome.points == 0
    if outcome.points or outcome.cuts:
        assert outcome.points == outcome.arithmetic["total"] - sum(cut["cut"] for cut in outcome.cuts)
