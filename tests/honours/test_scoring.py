"""The pure part: any criteria over any facts are computed again by a stranger's script, ties and quotas included."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.honours import scoring, sealing
from app.honours.scoring import Facts, order
from tests.honours import make, recompute

DISTRICTS, TRADES = ("320102", "320104", "320106"), ("courier", "food-delivery")
SOURCES = ("hours.proven", "reports.urgent", "points.checkin", "callups.rescue")


@st.composite
def people(draw) -> list[Facts]:
    count = draw(st.integers(0, 40))
    few = st.integers(0, 4)  # few different values, so that ties are common
    return [
        Facts(
            f"C{number:03}",
            date(2026, draw(st.integers(1, 10)), 1),
            {source: value * 60 for source in SOURCES if (value := draw(few))}
            | ({"holds.open": 1} if draw(st.integers(0, 9)) == 0 else {}),
            {
                by: group
                for by, group in (
                    ("district", draw(st.sampled_from((*DISTRICTS, None)))),
                    ("occupation", draw(st.sampled_from((*TRADES, None)))),
                )
                if group
            },
        )
        for number in range(count)
    ]


@st.composite
def rules(draw) -> dict:
    seats = draw(st.integers(1, 12))
    quotas = [
        {"by": "district", "group": DISTRICTS[0], "at_least": draw(st.integers(0, seats)), "at_most": None},
        {"by": "district", "group": None, "at_least": 0, "at_most": draw(st.integers(0, 5))},
        {"by": "occupation", "group": TRADES[0], "at_least": 0, "at_most": draw(st.integers(0, 5))},
    ]
    return {
        "seats": seats,
        "eligibility": {"enrolled_days": 30, "minimum_minutes": draw(st.sampled_from((0, 60)))},
        "components": [
            {"source": source, "weight": draw(st.integers(1, 5)), "cap": draw(st.sampled_from((7, 120, 180)))}
            for source in SOURCES[: draw(st.integers(1, 4))]
        ],
        "tie_break": draw(st.sampled_from(([], ["reports.urgent"], ["enrolled_days", "hours.proven"]))),
        "quotas": draw(st.lists(st.sampled_from(quotas), max_size=3, unique_by=str)),
    }


def _sealed(facts, criteria) -> str:
    head = {
        "criteria": criteria,
        "period": ["2026-10-01", "2026-10-31"],
        "frozen_at": "2026-11-24T00:00:00+00:00",
    }
    return "".join(sealing.seal(head, facts, order(facts, criteria, make.END)))


@given(people(), rules(), st.randoms())
@settings(max_examples=150, deadline=None)
def test_a_stranger_computes_the_same_list(facts, criteria, chance):
    text = _sealed(facts, criteria)
    recompute.agrees(text)
    sealing.must_agree(text.splitlines(keepends=True))
    chance.shuffle(facts)
    assert _sealed(facts, criteria) == text


@given(people(), rules())
@settings(max_examples=80, deadline=None)
def test_no_seat_and_no_limit_is_ever_exceeded(facts, criteria):
    chosen = [each.pseudonym for each in order(facts, criteria, make.END) if each.chosen]
    assert len(chosen) <= criteria["seats"]
    groups = {each.pseudonym: each.groups for each in facts}
    for quota in criteria["quotas"]:
        if quota["at_most"] is None:
            continue
        for group in {groups[each].get(quota["by"]) for each in chosen} - {None}:
            if quota["group"] in (None, group):
                assert sum(groups[each].get(quota["by"]) == group for each in chosen) <= quota["at_most"]


def _person(name, minutes, **groups):
    return Facts(name, date(2026, 1, 1), {"hours.proven": minutes}, groups)


def _chosen(facts, **more):
    criteria = make.CRITERIA | {"tie_break": []} | more
    return [each.pseudonym for each in order(facts, criteria, make.END) if each.chosen]


def test_a_minimum_lets_the_best_of_its_group_in_before_the_rest():
    facts = [
        _person("A", 600),
        _person("B", 500),
        _person("C", 90, district="1"),
        _person("D", 80, district="1"),
    ]
    quota = {"by": "district", "group": "1", "at_least": 1, "at_most": None}
    assert _chosen(facts, seats=2, quotas=[quota]) == ["A", "C"]
    assert _chosen(facts, seats=2) == ["A", "B"]


def test_a_limit_passes_over_the_surplus_of_a_group():
    facts = [_person("A", 600, platform="x"), _person("B", 500, platform="x"), _person("C", 90, platform="y")]
    each = {"by": "platform", "group": None, "at_least": 0, "at_most": 1}
    assert _chosen(facts, seats=2, quotas=[each]) == ["A", "C"]


def test_a_tie_at_the_last_seat_follows_the_written_order_to_the_end():
    facts = [_person("B", 100), _person("A", 100), _person("C", 100)]
    facts[2].values["reports.resolved"] = 0
    assert _chosen(facts, seats=1) == ["A"]
    facts[2].enrolled_on = date(2025, 1, 1)
    assert _chosen(facts, seats=1, tie_break=["enrolled_days"]) == ["C"]


@pytest.mark.parametrize(
    "values, why",
    [
        ({"hours.proven": 59}, "minimum-minutes"),
        ({"hours.backfilled": 900}, "minimum-minutes"),
        ({"hours.proven": 60}, "training"),
        ({"hours.proven": 60, "training.minutes": 30, "holds.open": 1}, "open-hold"),
        ({"hours.proven": 60, "training.minutes": 30}, None),
    ],
)
def test_each_condition_says_its_name(values, why):
    needed = {"enrolled_days": 30, "minimum_minutes": 60, "training_minutes": 30}
    facts = Facts("C1", date(2026, 1, 1), values)
    assert scoring.why_not_eligible(facts, {"eligibility": needed}, make.END) == why


def test_nothing_private_and_no_rating_can_be_a_source():
    for source in scoring.SOURCES:
        prefix, name = source.split(".")
        assert prefix in {"hours", "reports", "callups", "breadth", "training", "points"}
        assert name not in {
            "appeal",
            "mediation",
            "points_query",
            "objection",
            "honour",
            "stars",
            "answer",
            "rating",
        }
