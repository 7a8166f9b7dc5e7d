"""From a fact to points in the wallet: once, by the version in force, within caps, out of a budget."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from app.cases.events import CaseAccepted, CaseRejected, CaseResolved
from app.checkins.events import CheckinAnnulled
from app.identity.models import Person
from app.kernel import clock as clock_module
from app.kernel import events
from app.kernel.clock import city_day, city_midnight
from app.kernel.db import session, transaction
from app.kernel.ids import new_id
from app.ledger.accounts import quarter
from app.ledger.queries import statement
from app.ledger.wording import explain as explain_entry
from app.rules import awarding, paying, queries
from app.rules.models import Award, NoAward, RecordedFact
from app.rules.paying import pay_queued
from tests import make as people
from tests.ledger.make import lots
from tests.rules import make
from tests.rules.make import cap, rule, when

HANDLERS = {CaseResolved: awarding.on_case_resolved, CaseRejected: awarding.on_case_rejected}


@pytest.fixture(autouse=True)
def _app(app):
    """A database."""


def count(model):
    with transaction(write=False):
        return session.scalar(select(func.count()).select_from(model))


def why_not():
    with transaction(write=False):
        return session.scalar(select(NoAward.why).order_by(NoAward.id.desc()).limit(1))


def test_a_check_in_gives_usable_points_out_of_the_budget():
    scene = make.scene(budget=100)
    make.judge(make.checkin(scene.rider))
    assert scene.points() == (5, 0)
    with transaction():
        assert make.budget_left() == 95


def test_points_run_out_when_the_rule_says_counted_from_when_they_became_usable(clock):
    scene = make.scene([rule(expires_after_days=30)])
    make.judge(make.checkin(scene.rider))
    with transaction():
        assert lots(scene.rider.id) == {city_day(clock()) + timedelta(days=30): (5, 0)}


def test_the_wallet_says_why():
    scene = make.scene()
    make.judge(make.checkin(scene.rider))
    with transaction(write=False):
        (entry,) = statement(scene.rider.id).items
        assert explain_entry(entry.transaction.words) == "每天首次到站签到 +5（规则 R-01 第 1 版）"
        assert explain_entry(entry.transaction.words, "en") == "first check-in of the day +5 (rule R-01 v1)"


def test_the_same_fact_counts_once():
    scene = make.scene([rule(points=5)])
    one = make.checkin(scene.rider)
    assert make.judge(one)
    assert not make.judge(one)
    assert (scene.points(), count(Award), count(RecordedFact)) == ((5, 0), 1, 1)


def test_each_matching_rule_gives_its_award():
    scene = make.scene([rule("R-01", points=5), rule("R-02", points=2)])
    make.judge(make.checkin(scene.rider))
    assert (scene.points(), count(Award)) == ((7, 0), 2)


def test_a_day_ends_at_midnight_in_the_city(clock):
    scene = make.scene([rule(points=5, caps=[cap(points=5)])])
    clock.at = city_midnight(datetime(2026, 11, 25, tzinfo=UTC).date()) - timedelta(seconds=1)
    make.judge(make.checkin(scene.rider))
    make.judge(make.checkin(scene.rider))
    assert (scene.points(), why_not()) == ((5, 0), "capped")
    clock.advance(seconds=1)
    make.judge(make.checkin(scene.rider))
    assert scene.points() == (10, 0)


@pytest.mark.parametrize("period, days", [("week", 6), ("month", 7)])  # from Tuesday 24 November
def test_a_week_and_a_month_end_too(clock, period, days):
    scene = make.scene([rule(points=5, caps=[cap(period=period, times=1)])])
    make.judge(make.checkin(scene.rider))
    clock.advance(days=days - 1)
    make.judge(make.checkin(scene.rider))
    assert scene.points() == (5, 0)
    clock.advance(days=1)
    make.judge(make.checkin(scene.rider))
    assert scene.points() == (10, 0)


def test_a_week_over_new_year_is_one_week(clock):
    scene = make.scene([rule(points=5, caps=[cap(period="week", times=1)])])
    for at in (datetime(2026, 12, 31, 2, tzinfo=UTC), datetime(2027, 1, 1, 2, tzinfo=UTC)):
        clock.at = at
        make.judge(make.checkin(scene.rider))
    assert (count(Award), why_not()) == (1, "capped")


def test_a_late_fact_counts_on_the_day_it_happened(clock):
    scene = make.scene([rule(points=5, caps=[cap(times=1)])])
    happened_at = clock.at
    clock.advance(days=1)
    make.judge(make.checkin(scene.rider))
    make.judge(make.checkin(scene.rider, at=happened_at))
    assert scene.points() == (10, 0)


def test_a_station_has_a_cap_of_its_own():
    scene = make.scene([rule(points=5, caps=[cap(per="station", times=1)])])
    with transaction():
        other = people.rider("李师傅")
    make.judge(make.checkin(scene.rider))
    make.judge(make.checkin(other))
    make.judge(make.checkin(other, station=str(new_id())))
    assert (scene.points(), scene.balance(other).usable) == ((5, 0), 5)


def test_a_late_fact_is_judged_by_the_version_in_force_when_it_happened(clock):
    scene = make.scene([rule(points=5)])
    happened_at = clock.at
    clock.advance(days=1)
    with transaction():
        make.in_force(scene, [rule(points=9)])
    make.judge(make.checkin(scene.rider, at=happened_at))
    assert scene.points() == (5, 0)
    make.judge(make.checkin(scene.rider))
    assert scene.points() == (14, 0)


def test_a_version_counts_from_its_start(clock):
    scene = make.scene([rule(points=5)])
    with transaction():
        make.in_force(scene, [rule(points=9)], starts_at=clock.at + timedelta(hours=1))
    make.judge(make.checkin(scene.rider))
    clock.advance(hours=1)
    make.judge(make.checkin(scene.rider))
    assert scene.points() == (14, 0)


def test_the_nearest_region_with_rules_decides():
    scene = make.scene([rule(points=5)])
    with transaction():
        make.in_force(scene, [rule(points=7)], region_code=people.XUANWU)
    make.judge(make.checkin(scene.rider))
    assert scene.points() == (7, 0)
    make.judge(make.checkin(scene.rider, region="3201/320104/"))
    assert scene.points() == (12, 0)


def test_before_any_rules_nothing_is_given():
    scene = make.scene([rule(points=5)])
    make.judge(make.checkin(scene.rider, at=clock_module.now() - timedelta(seconds=1)))
    assert (scene.points(), why_not()) == ((0, 0), "no-rules")


def test_only_enrolled_riders_with_an_open_account_earn():
    scene = make.scene()
    with transaction():
        member_of_staff = people.staff("station-manager", region_code=people.CITY)
    make.judge(make.checkin(member_of_staff))
    assert (scene.balance(member_of_staff).usable, why_not()) == (0, "not-enrolled")
    with transaction():
        session.get_one(Person, scene.rider.id).closed_at = clock_module.now()
    make.judge(make.checkin(scene.rider))
    assert (scene.points(), why_not()) == ((0, 0), "account-closed")


@pytest.mark.parametrize("basis, points", [("proven", 15), ("witnessed", 15), ("backfilled", 0)])
def test_back_filled_hours_earn_nothing_unless_a_rule_names_them(basis, points):
    scene = make.scene()
    make.judge(make.hours(scene.rider, minutes=100, basis=basis))
    assert scene.points() == (points, 0)


# --- the budget ----------------------------------------------------------------------------------------------------


def test_an_exhausted_budget_queues_awards_and_pays_them_later():
    scene = make.scene([rule(points=5)], budget=8)
    for _ in range(3):
        make.judge(make.checkin(scene.rider))
    assert scene.points() == (5, 0)
    with transaction(write=False):
        assert queries.points_waiting(scene.rider.id) == 10
    with transaction():
        assert pay_queued(at=clock_module.now()) == 0
        make.fund(2)  # BudgetFunded pays what it can at once, oldest first
    assert scene.points() == (10, 0)
    with transaction():
        make.fund(100)
        assert pay_queued(at=clock_module.now()) == 0
    assert scene.points() == (15, 0)


def test_a_large_award_that_waits_is_not_overtaken_by_small_ones():
    poster = rule("R-02", points=5, when=[when("how", "poster")])
    scene = make.scene([rule(points=50, when=[when("how", "scanned")]), poster], budget=0)
    make.judge(make.checkin(scene.rider))
    make.judge(make.checkin(scene.rider, how="poster"))
    with transaction():
        make.fund(10)
    assert scene.points() == (0, 0)
    with transaction():
        make.fund(45)
    assert scene.points() == (55, 0)


def test_a_check_in_that_was_taken_back_while_it_waited_is_not_paid():
    scene = make.scene([rule(points=5)], budget=0)
    one = make.checkin(scene.rider)
    make.judge(one)
    with transaction():
        awarding.on_checkin_annulled(
            CheckinAnnulled(
                checkin_id=one.id, person_id=scene.rider.id, station_id=new_id(), at=clock_module.now()
            )
        )
        make.fund(100)
    assert scene.points() == (0, 0)
    with transaction(write=False):
        assert queries.points_waiting(scene.rider.id) == 0


def test_a_queued_report_whose_outcome_came_is_paid_usable():
    scene = make.scene(budget=0)
    case_id = new_id()
    make.judge(make.report(scene.rider, id=case_id))
    with transaction():
        for award in queries.awards_to_change("report", [case_id], "queued"):
            awarding.settle(award, clock_module.now())
    assert scene.points() == (0, 0)
    with transaction():
        make.fund(100)
    assert scene.points() == (5, 0)


def facts_of_report(rider):
    return {
        "case_id": new_id(),
        "kind": "report",
        "category": "pothole",
        "grade": "normal",
        "reporter_id": rider.id,
        "region_code": people.COMMUNITY,
        "at": clock_module.now(),
    }


@pytest.mark.parametrize(("outcome", "points"), [(CaseResolved, 5), (CaseRejected, 0)])
def test_the_outcome_of_a_report_counts_for_what_is_still_queued(outcome, points):
    scene = make.scene([rule(fact="report", points=5, usable="on_outcome")], budget=0)
    facts = facts_of_report(scene.rider)
    with transaction():
        awarding.on_case_accepted(CaseAccepted(**facts))
        HANDLERS[outcome](outcome(**facts))
        make.fund(100)
    assert scene.points() == (points, 0)


def test_what_only_waits_for_a_budget_is_not_lost_by_a_later_no():
    scene = make.scene([rule(fact="report", points=5, usable="on_outcome")], budget=0)
    facts = facts_of_report(scene.rider)
    with transaction():
        awarding.on_case_accepted(CaseAccepted(**facts))
        awarding.on_case_resolved(CaseResolved(**facts))
        awarding.on_case_rejected(CaseRejected(**facts))  # it was reopened meanwhile
        make.fund(100)
    assert scene.points() == (5, 0)


def test_a_region_without_funds_keeps_nobody_else_waiting(monkeypatch):
    monkeypatch.setattr(paying, "MAX_PAID_AT_ONCE", 1)
    scene = make.scene([rule(points=5)], budget=0)
    with transaction():
        make.fund(1, people.XUANWU)
    make.judge(make.checkin(scene.rider))
    make.judge(make.checkin(scene.rider, region="3201/320104/"))
    with transaction():
        make.fund(5, people.QINHUAI)
    assert scene.points() == (5, 0)


def test_a_quarter_without_budget_queues():
    scene = make.scene([rule(points=5)])
    with transaction():
        assert quarter(clock_module.now()) == "2026Q4"
    later = datetime(2027, 1, 2, tzinfo=UTC)
    with transaction():
        awarding.judge(make.checkin(scene.rider, at=later), at=later)
    assert scene.points() == (0, 0)


# --- why not -------------------------------------------------------------------------------------------------------


def test_whoever_gets_nothing_is_told_once():
    scene = make.scene()
    heard = []
    events._handlers.setdefault(awarding.PointsNotAwarded, []).append(heard.append)
    try:
        one = make.checkin(scene.rider, first_of_day=False)
        make.judge(one)
        make.judge(one)
    finally:
        events._handlers[awarding.PointsNotAwarded].remove(heard.append)
    assert [(event.fact_id, event.why) for event in heard] == [(one.id, "already-today")]


@pytest.mark.parametrize(
    "fact, why",
    [
        (lambda rider: make.hours(rider, minutes=29), "too-little"),
        (make.report, "no-rule-for-this"),
        (lambda rider: make.checkin(rider, how="poster"), "condition"),
        (lambda rider: make.hours(rider, basis="backfilled"), "not-named"),
    ],
)
def test_the_reason_is_that_of_the_rule_that_came_closest(fact, why):
    hourly = {"kind": "per_unit", "field": "minutes", "unit": 30, "points": 5}
    scene = make.scene([rule("R-01", when=[when("how", "scanned")]), rule("R-02", "hours", hourly)])
    make.judge(fact(scene.rider))
    assert (scene.points(), why_not()) == ((0, 0), why)
