"""Selections: the same facts and criteria give the same bytes; the criteria alone decide; grievances never do."""

from __future__ import annotations

import hashlib
import random
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from app.cases.models import Case
from app.honours import queries, scoring, sealing
from app.honours.criteria import approve_criteria
from app.honours.errors import (
    ApprovalNumberNeeded,
    CriteriaWrong,
    PeriodNotOver,
    PeriodWrong,
    SelectionMovedOn,
)
from app.honours.scoring import Facts, Scored
from app.honours.selecting import Trial, dry_run, run_selection
from app.identity.models import Person
from app.kernel import clock
from app.kernel.db import session, transaction
from app.kernel.errors import Forbidden
from app.kernel.ids import new_id
from app.kernel.randomness import CROCKFORD
from tests import make as city
from tests.honours import make

WORDS = (
    "hours.proven",
    "hours.witnessed",
    "hours.backfilled",
    "reports.resolved",
    "points.checkin",
    "points.report",
)


def _pseudonym(number: int) -> str:
    """Sixty bits that look like those of the product, and are the same on every machine whatever its secret."""
    digest = hashlib.sha256(b"candidate" + UUID(int=7).bytes + UUID(int=number).bytes).digest()
    return "C" + "".join(CROCKFORD[byte & 31] for byte in digest[:12])


def _people(count: int, seed: int = 1) -> list[Facts]:
    chance = random.Random(seed)
    return [
        Facts(
            _pseudonym(number),
            date(2026, chance.randint(1, 10), 1),
            {source: chance.randint(0, 900) for source in WORDS},
        )
        for number in range(count)
    ]


def _seal(facts):
    return "".join(
        sealing.seal({"criteria": make.CRITERIA}, facts, scoring.order(facts, make.CRITERIA, make.END))
    )


def test_the_same_facts_in_any_order_give_the_same_bytes():
    facts = _people(500)
    shuffled = list(facts)
    random.Random(2).shuffle(shuffled)
    assert _seal(facts) == _seal(shuffled)


def test_the_bytes_are_those_of_every_machine_and_database():
    assert (
        sealing.sha256(_seal(_people(50)))
        == "6a06f7a2f10a4918354083ba4b87aac41d788488232755f90ae5be9b2b10fb21"
    )


def test_a_sealed_list_is_computed_again_from_its_own_facts(app):
    selection = make.frozen(make.setting(300, 200, 90, 61, 59))
    text = make.snapshot(selection)
    head, ordered, _ = make.records(text)
    facts = [sealing.person_in(line).facts for line in text.splitlines()[1:]]
    again = scoring.order(facts, head["criteria"], make.END)
    assert [each.pseudonym for each in again] == [each["pseudonym"] for each in ordered]
    assert sealing.sha256(text) == selection.snapshot_sha256


def test_two_runs_over_the_same_data_agree_byte_for_byte(app):
    here = make.setting(300, 200, 90)
    selection = make.draft(here)
    with transaction():
        approve_criteria(selection_id=selection.id, by=here.reviewer, at=clock.now())
    with transaction():
        first = dry_run(selection_id=selection.id, by=here.department, at=clock.now())
        second = dry_run(selection_id=selection.id, by=here.department, at=clock.now())
        run_selection(selection_id=selection.id, by=here.department, at=clock.now())
    assert first == second
    first = first.candidates
    _, sealed, _ = make.records(make.snapshot(selection))
    assert [(each.pseudonym, each.position, each.score) for each in first] == [
        (each["pseudonym"], each["verdict"]["position"], each["verdict"]["score"]) for each in sealed
    ]


@pytest.mark.once
def test_a_trial_over_another_period_asks_who_was_enrolled_long_enough_by_its_end(app):
    here = make.setting(300)
    with transaction():
        make.served(here.activity, here.riders[0], 120, day=date(2026, 8, 15))
    selection = make.draft(here)
    for end_on, eligible in ((date(2026, 8, 30), 0), (date(2026, 8, 31), 1)):
        with transaction():
            trial = dry_run(
                selection_id=selection.id, start_on=date(2026, 8, 1), end_on=end_on, by=here.department, at=clock.now()
            )  # fmt: skip
        assert (trial.known, trial.eligible) == (1, eligible)


def trial_of(known: int, eligible: int, chosen: int) -> Trial:
    scored = [Scored(f"P{each}", 100 - each, each + 1, (), each < chosen) for each in range(eligible)]
    return Trial(known, eligible, scored)


@pytest.mark.parametrize(
    ("known", "eligible", "chosen", "told"),
    [
        (60, 40, 20, (60, 40, 20)),
        (60, 40, 40, (60, 40, 40)),
        (40, 40, 20, (40, 40, 20)),
        (40, 0, 0, (40, 0, 0)),
        (0, 0, 0, (0, 0, 0)),
        (60, 40, 3, (60, 40, None)),
        (60, 40, 37, (60, 40, None)),  # three who would not be in
        (60, 9, 9, (60, None, None)),
        (60, 55, 20, (60, None, None)),  # five who are not eligible
        (9, 9, 9, (None, None, None)),
        (9, 0, 0, (None, None, None)),
    ],
)
def test_a_trial_tells_no_number_of_few_and_none_that_gives_one_away(
    known: int, eligible: int, chosen: int, told: tuple[int | None, ...]
):
    shown = trial_of(known, eligible, chosen).told()
    assert (shown.known, shown.eligible, shown.chosen) == told
    assert len(shown.candidates) == (told[1] or 0)  # a list can be counted


def test_the_api_lists_nobody_among_few_and_marks_nobody_where_few_would_be_in(app):
    here = make.setting(*range(100, 112))
    strict = make.CRITERIA | {"eligibility": {"enrolled_days": 30, "minimum_minutes": 104}}
    selections = [make.draft(here), make.draft(here, criteria=strict)]
    with transaction(write=False):
        department = session.get_one(Person, here.department.person_id)
    client = city.signed_in(app, department)
    some, few = (client.get(f"/api/v1/selections/{each.id}/dry-run").json for each in selections)
    assert (some["known"], some["eligible"], some["chosen"]) == (12, 12, None)
    assert [set(each) for each in some["candidates"]] == [{"pseudonym", "position", "score", "parts"}] * 12
    assert few == {"known": 12, "eligible": None, "chosen": None, "candidates": []}


def test_the_best_are_in_and_the_ineligible_are_not_candidates(app):
    here = make.setting(300, 200, 100, 90, 59)
    selection = make.frozen(here)
    with transaction(write=False):
        listed = [
            (each.person_id, each.decision, each.score)
            for each in queries.candidates(selection.id, here.department)
        ]
    ids = [each.id for each in here.riders]
    assert listed == [
        (ids[0], "in", 1500), (ids[1], "in", 999), (ids[2], "in", 498), (ids[3], "out", 450)
    ]  # fmt: skip


def test_a_snapshot_is_taken_once_and_stays(app):
    here = make.setting(300)
    selection = make.frozen(here)
    with transaction():
        make.served(here.activity, here.riders[0], 60, day=date(2026, 10, 20))
    with pytest.raises(SelectionMovedOn), transaction():
        run_selection(selection_id=selection.id, by=here.department, at=clock.now())
    assert sealing.sha256(make.snapshot(selection)) == selection.snapshot_sha256


def test_only_facts_of_the_period_and_region_count(app):
    here = make.setting(120)
    with transaction():
        make.served(here.activity, here.riders[0], 60, day=date(2026, 9, 30))
        make.served(here.activity, here.riders[0], 61, day=date(2026, 11, 1))
        make.served(
            here.activity, here.riders[0], 62, day=date(2026, 10, 31), state="pending", confirmed_at=None
        )
    selection, elsewhere = make.frozen(here), make.frozen(here, region_code=city.QINHUAI)
    _, (found,), _ = make.records(make.snapshot(selection))
    assert make.records(make.snapshot(elsewhere))[1:] == ([], [])
    assert found["values"] == {"breadth.categories": 1, "hours.proven": 120}


def test_hours_entered_later_stand_apart_and_do_not_make_anybody_eligible(app):
    here = make.setting(0)
    someone = here.riders[0]
    with transaction():
        make.served(
            here.activity, someone, 500, basis="backfilled", reason="忘了", created_by=here.department.id,
            approved_by=here.reviewer.id,
        )  # fmt: skip
    selection = make.frozen(here)
    _, ordered, others = make.records(make.snapshot(selection))
    assert others[0]["values"] == {"hours.backfilled": 500}
    assert ordered == []


@pytest.mark.parametrize("kind, counted", [("report", 1), ("appeal", 0), ("suggestion", 0)])
def test_resolved_reports_count_and_grievances_never_do(app, kind, counted):
    here = make.setting(120)
    at = clock.city_midnight(date(2026, 10, 5))
    category = {"report": "road", "appeal": "pay", "suggestion": "station"}[kind]
    with transaction():
        session.execute(
            insert(Case).values(
                id=new_id(),
                number="A0001",
                kind=kind,
                category=category,
                grade="normal",
                state="resolved",
                reporter_id=here.riders[0].id,
                region_code=city.COMMUNITY,
                unit_region_code=city.COMMUNITY,
                lat=32.04,
                lng=118.79,
                description="",
                created_at=at,
                accept_by=at,
                accepted_at=at,
                resolved_at=at,
                moves=3,
                reopened=0,
            )
        )
    selection = make.frozen(here)
    _, (found,), _ = make.records(make.snapshot(selection))
    assert found["values"].get("reports.resolved", 0) == counted
    assert set(found["values"]) <= {
        "hours.proven",
        "breadth.categories",
        "reports.resolved",
        "reports.normal",
    }


def test_a_snapshot_holds_no_name_and_no_phone(app):
    here = make.setting(300, names=["欧阳振华"])
    selection = make.frozen(here)
    text = make.snapshot(selection)
    assert "欧阳" not in text
    assert str(here.riders[0].id) not in text


@given(st.lists(st.integers(0, 5), min_size=2, max_size=30))
def test_ties_follow_the_written_rule_and_every_position_is_given_once(values):
    criteria = make.CRITERIA | {
        "eligibility": {"enrolled_days": 0, "minimum_minutes": 0},
        "tie_break": ["points.checkin"],
    }
    facts = [
        Facts(f"C{number:03}", date(2026, 1, 1), {"hours.proven": 60, "points.checkin": value})
        for number, value in enumerate(values)
    ]
    ordered = scoring.order(facts, criteria, make.END)
    expected = sorted(facts, key=lambda each: (-each.values["points.checkin"], each.pseudonym))
    assert [each.pseudonym for each in ordered] == [each.pseudonym for each in expected]
    assert [each.position for each in ordered] == list(range(1, len(values) + 1))


def test_criteria_are_sound_and_periods_are_over(app):
    here = make.setting()
    twice = make.CRITERIA | {"components": [make.CRITERIA["components"][0]] * 2}
    with pytest.raises(CriteriaWrong):
        make.draft(here, criteria=twice)
    with pytest.raises(PeriodWrong):
        make.draft(here, period_end_on=date(2026, 9, 30))
    assert make.draft(here, period_start_on=date(2025, 10, 31)).period_end_on == make.END  # 366 days
    with pytest.raises(PeriodWrong):
        make.draft(here, period_start_on=date(2025, 10, 30))
    with pytest.raises(ApprovalNumberNeeded):
        make.draft(here, purpose="commendation")
    with pytest.raises(PeriodNotOver):
        make.frozen(here, period_end_on=date(2026, 11, 24))


def test_only_who_may_runs_selections(app):
    here = make.setting(120)
    selection = make.draft(here)
    with pytest.raises(Forbidden), transaction():
        run_selection(selection_id=selection.id, by=here.reviewer, at=clock.now())
