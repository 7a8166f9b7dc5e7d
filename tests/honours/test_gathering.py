"""Which records of a rider count: those of the period, in force, and seen by somebody when they happened."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from flask import Flask

from app.cases import triage, working
from app.checkins.events import CheckinAnnulled
from app.honours import gathering, holding
from app.honours.scoring import Facts
from app.identity.models import Person
from app.identity.profile import close_account
from app.kernel import clock as clock_module
from app.kernel.clock import city_day, city_midnight
from app.kernel.db import session, transaction
from app.kernel.events import publish
from app.kernel.ids import new_id
from app.rules.models import Award
from app.volunteering.training import record_training
from tests import make as city
from tests.cases import make as cases
from tests.conftest import StandingClock
from tests.honours import make
from tests.rules import make as rules
from tests.rules.make import rule
from tests.volunteering import make as volunteering

NOW = clock_module.now


def gathered(someone: Person, start_on: date = make.START, end_on: date = make.END) -> Facts | None:
    """What is gathered about somebody in the whole city, None if he is not among the riders found."""
    with transaction(write=False):
        found = gathering.facts_of(
            selection_id=new_id(), region_paths=["3201/"], start_on=start_on, end_on=end_on, person_id=someone.id
        )  # fmt: skip
    return found.facts[0] if found.facts else None


def counted(someone: Person, start_on: date = make.START, end_on: date = make.END) -> dict[str, int]:
    """His figures, none if he is not among the riders found."""
    facts = gathered(someone, start_on, end_on)
    return facts.values if facts else {}


def counted_today(someone: Person) -> dict[str, int]:
    """The same for the present day."""
    return counted(someone, city_day(NOW()), city_day(NOW()))


def _late(here: make.Setting, starts_at: datetime, minutes: int) -> None:
    with transaction():
        ends_at = starts_at + timedelta(minutes=minutes)
        make.served(here.activity, here.riders[0], minutes, starts_at=starts_at, ends_at=ends_at)


# --- the period ------------------------------------------------------------------------------------------------------


def test_the_last_evening_of_the_period_counts_and_the_midnight_after_it_does_not(app: Flask) -> None:
    here = make.setting(0)
    after = city_midnight(make.END + timedelta(days=1))
    _late(here, after, 30)
    assert counted(here.riders[0]) == {}
    _late(here, after - timedelta(minutes=20), 20)
    assert counted(here.riders[0])["hours.proven"] == 20


def test_the_first_minute_of_the_period_counts_and_the_one_before_does_not(app: Flask) -> None:
    here = make.setting(0)
    begins_at = city_midnight(make.START)
    _late(here, begins_at - timedelta(minutes=1), 1)
    assert counted(here.riders[0]) == {}
    _late(here, begins_at, 20)
    assert counted(here.riders[0])["hours.proven"] == 20


def test_training_counts_from_whenever_but_not_from_after_the_period(app: Flask) -> None:
    here = make.setting(120)
    at = city_midnight(make.END + timedelta(days=1))
    for days, minutes in ((-40, 10), (0, 45)):
        with transaction():
            record_training(
                person_id=here.riders[0].id, course="first-aid", region_code=city.COMMUNITY, minutes=minutes,
                finished_at=at + timedelta(days=days), by=here.department, at=at + timedelta(days=days),
            )  # fmt: skip
    assert counted(here.riders[0])["training.minutes"] == 10


def test_a_report_belongs_to_the_period_in_which_it_was_made(app: Flask, clock: StandingClock) -> None:
    with transaction():
        town = cases.town()
        case = cases.report(town.rider)
    made_on = city_day(clock.at)
    clock.advance(days=3)
    with transaction():
        cases.bring(cases.fresh(case), town, "accept", "resolve")
    assert counted(town.rider, made_on, made_on)["reports.resolved"] == 1
    assert counted_today(town.rider) == {}


def test_points_belong_to_the_period_in_which_their_fact_happened(app: Flask, clock: StandingClock) -> None:
    scene = rules.scene([rule(points=30)])
    happened_on = city_day(clock.at)
    clock.advance(days=3)
    rules.judge(rules.checkin(scene.rider, at=clock.at - timedelta(days=3)))
    assert counted(scene.rider, happened_on, happened_on) == {"points.checkin": 30}
    assert counted_today(scene.rider) == {}


# --- what is in force ------------------------------------------------------------------------------------------------


def test_points_that_wait_or_were_taken_back_do_not_count(app: Flask) -> None:
    scene = rules.scene([rule(points=30), rule("R-03", "report", 6, usable="on_outcome")])
    kept, void = (rules.checkin(scene.rider, station=str(new_id())) for _ in range(2))
    for fact in (kept, void, rules.report(scene.rider)):
        rules.judge(fact)
    assert counted_today(scene.rider) == {"points.checkin": 60}
    with transaction():
        publish(CheckinAnnulled(checkin_id=void.id, person_id=scene.rider.id, station_id=new_id(), at=NOW()))
    with transaction(write=False):
        assert sorted(each.state for each in session.query(Award)) == ["active", "pending", "void"]
    assert counted_today(scene.rider) == {"points.checkin": 30}


def test_a_merged_report_counts_once_the_one_it_was_merged_into_is_resolved(app: Flask) -> None:
    with transaction():
        town = cases.town()
        dispatcher = city.actor(town.dispatcher)
        merged = {name: cases.report(town.rider) for name in ("resolved", "rejected")}
        into = {name: cases.report(town.other) for name in merged}
        for name, double in merged.items():
            triage.merge(case_id=double.id, into_id=into[name].id, by=dispatcher, at=NOW())
    assert counted_today(town.rider) == {}
    with transaction():
        triage.reject(case_id=into["rejected"].id, reason="那里没有坑。", by=dispatcher, at=NOW())
    assert counted_today(town.rider) == {}
    with transaction():
        triage.accept(case_id=into["resolved"].id, by=dispatcher, at=NOW())
        working.resolve(case_id=into["resolved"].id, note="补好了。", by=dispatcher, at=NOW())
    assert counted_today(town.rider) == {"reports.resolved": 1, "reports.normal": 1}


def test_a_report_counts_from_its_resolution_on_whether_its_reporter_answers_or_not(app: Flask) -> None:
    with transaction():
        town = cases.town()
        case = cases.report_in("accepted", town)
    for verb, resolved in (("resolve", 1), ("confirm", 1), ("reopen", 0)):
        with transaction():
            cases.bring(cases.fresh(case), town, verb)
        assert counted_today(town.rider).get("reports.resolved", 0) == resolved


@pytest.mark.parametrize("state", ["pending", "rejected"])
def test_only_hours_that_were_confirmed_count(app: Flask, state: str) -> None:
    here = make.setting(0)
    with transaction():
        make.served(here.activity, here.riders[0], 60, state=state)
    assert counted(here.riders[0]) == {}


def test_whoever_is_no_rider_is_not_gathered(app: Flask) -> None:
    here = make.setting()
    with transaction():
        helper = city.staff("organiser", region_code=city.CITY)
        make.served(here.activity, helper, 60)
    assert counted(helper) == {}


def test_whoever_closed_his_account_is_not_gathered(app: Flask) -> None:
    here = make.setting(120)
    assert counted(here.riders[0])
    acting = make.acting(here.riders[0])
    with transaction():
        close_account(by=acting, at=NOW())
    assert counted(here.riders[0]) == {}


def test_a_hold_counts_while_it_is_open_and_not_once_it_is_lifted(app: Flask) -> None:
    here = make.setting(120)
    someone = here.riders[0]
    with transaction():
        holding.open_hold(person_id=someone.id, reason="工时有疑问", by=here.reviewer, at=NOW())
    assert counted(someone)["holds.open"] == 1
    with transaction():
        holding.lift_hold(person_id=someone.id, reason="查清了，属实", by=here.reviewer, at=NOW())
    assert "holds.open" not in counted(someone)


# --- how it is known -------------------------------------------------------------------------------------------------


def test_a_rescue_entered_by_hand_is_no_call_up(app: Flask) -> None:
    here = make.setting(0)
    with transaction():
        rescue = volunteering.activity(here.department, category="rescue")
        make.served(
            rescue, here.riders[0], 60, basis="backfilled", reason="忘了", created_by=here.department.id,
            approved_by=here.reviewer.id,
        )  # fmt: skip
    assert counted(here.riders[0]) == {"hours.backfilled": 60}
    with transaction():
        make.served(rescue, here.riders[0], 60, day=date(2026, 10, 13), basis="witnessed")
    assert counted(here.riders[0])["callups.rescue"] == 1


def test_breadth_is_the_number_of_sorts_not_of_activities(app: Flask) -> None:
    here = make.setting(60)
    with transaction():
        for number, category in enumerate(("safety", "care"), start=13):
            other = volunteering.activity(here.department, category=category)
            make.served(other, here.riders[0], 60, day=date(2026, 10, number))
    assert counted(here.riders[0])["breadth.categories"] == 2


@pytest.mark.parametrize(
    "home, district",
    [(city.COMMUNITY, city.XUANWU), (city.QINHUAI, city.QINHUAI), (city.CITY, None), (None, None)],
)
def test_quotas_of_districts_go_by_the_district_of_the_home(
    app: Flask, home: str | None, district: str | None
) -> None:
    here = make.setting(60)
    with transaction():
        session.get_one(Person, here.riders[0].id).home_region_code = home
    facts = gathered(here.riders[0])
    assert facts is not None
    assert facts.groups.get("district") == district


@pytest.mark.once
def test_the_day_of_enrolment_is_the_citys_and_each_group_is_told_as_what_it_is(app: Flask) -> None:
    here = make.setting(60)
    with transaction():
        someone = session.get_one(Person, here.riders[0].id)
        someone.enrolled_at = city_midnight(date(2026, 8, 2))  # in UTC still the day before
        someone.occupation, someone.platform = "courier", "甲"
    facts = gathered(here.riders[0])
    assert facts is not None
    assert (facts.enrolled_on, facts.groups) == (
        date(2026, 8, 2),
        {"occupation": "courier", "platform": "甲"},
    )
