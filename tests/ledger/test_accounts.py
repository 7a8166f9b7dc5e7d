"""Accounts are opened when they are first asked for, and budgets are found up the line of regions."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.identity.actors import ANONYMOUS, SYSTEM
from app.kernel import clock
from app.kernel.db import transaction
from app.kernel.errors import Forbidden
from app.kernel.ids import new_id
from app.ledger import accounts, budgets, posting
from app.ledger.errors import BudgetExhausted, PeriodUnreadable
from app.ledger.models import OVERDRAWABLE_KINDS
from app.ledger.posting import Leg
from app.ledger.queries import Total, budget_state, totals
from tests import make as build
from tests.ledger import make


@pytest.fixture
def city(app):
    with transaction():
        build.regions()


def test_it_opens_each_account_once(app):
    person_id, station_id = new_id(), new_id()
    for _ in range(2):
        with transaction():
            opened = [
                accounts.wallet_of(person_id),
                accounts.pending_of(person_id),
                accounts.settlement_of(station_id),
                accounts.redemption_account(),
                accounts.expiry_account(),
                accounts.correction_account(),
            ]
            assert [each.kind for each in opened if each.overdrawable] == ["settlement", "correction"]
            assert {each.kind for each in opened if each.overdrawable} <= OVERDRAWABLE_KINDS
    with transaction(write=False):
        assert [each.accounts for each in totals()] == [1] * 6


@pytest.mark.parametrize(
    "at,period",
    [
        (datetime(2026, 3, 31, 15, 59, tzinfo=UTC), "2026Q1"),
        (datetime(2026, 3, 31, 16, 0, tzinfo=UTC), "2026Q2"),
        (datetime(2026, 12, 31, 16, 0, tzinfo=UTC), "2027Q1"),
    ],
)
def test_a_quarter_is_one_of_city_days(at, period):
    assert accounts.quarter(at) == period


def test_a_region_without_a_budget_uses_the_nearest_above(city):
    at = clock.now()
    with transaction():
        assert accounts.budget_of(build.COMMUNITY, at).region_code == build.CITY
        make.fund(build.CITY, 100)
        make.fund(build.XUANWU, 50)
        assert accounts.budget_of(build.COMMUNITY, at).region_code == build.XUANWU
        assert accounts.budget_of(build.QINHUAI, at).region_code == build.CITY
        make.fund(build.COMMUNITY, 10)
        assert accounts.budget_of(build.COMMUNITY, at).region_code == build.COMMUNITY


def test_a_budget_pays_until_it_is_empty_and_warns_before(city):
    at = clock.now()
    with transaction():
        make.fund(build.XUANWU, 100)
        for points, percent, level in (
            (79, 79, "ok"),
            (1, 80, "warning"),
            (15, 95, "alarm"),
            (5, 100, "exhausted"),
        ):
            award(points)
            state = budget_state(build.XUANWU, "2026Q4")
            assert (state.percent, state.level, state.left) == (percent, level, 100 - state.spent)
        with pytest.raises(BudgetExhausted) as exhausted:
            award(3)
        assert exhausted.value.facts == {
            "short_by": 3,
            "left": 0,
            "region_code": build.XUANWU,
            "period": accounts.quarter(at),
        }
        make.fund(build.XUANWU, 100)
        award(3)
        state = budget_state(build.XUANWU, "2026Q4")
        assert (state.funded, state.spent, state.left) == (200, 103, 97)
        assert budget_state(build.CITY, "2026Q4") is None


def test_a_budget_is_funded_once_per_source(city):
    with transaction():
        for _ in range(2):
            budgets.fund_budget(
                region_code=build.CITY, period="2026Q4", points=5, source="a", by=SYSTEM, at=clock.now()
            )
        assert budget_state(build.CITY, "2026Q4").funded == 5
        assert Total("issuance", 1, -5, 0) in totals()


def test_each_quarter_of_a_region_has_funds_of_its_own(city):
    with transaction():
        for period, points in (("2026Q4", 5), ("2027Q1", 8)):
            budgets.fund_budget(
                region_code=build.CITY, period=period, points=points, source=period, by=SYSTEM, at=clock.now()
            )
        funded = [budget_state(build.CITY, period).funded for period in ("2026Q4", "2027Q1")]
        assert (funded, Total("issuance", 2, -13, 0) in totals()) == ([5, 8], True)


def test_a_budget_is_funded_by_those_who_may_there(city):
    with transaction():
        reviewer = build.actor(build.staff("department", region_code=build.XUANWU))
        budgets.fund_budget(
            region_code=build.MEIYUAN, period="2026Q4", points=5, source="a", by=reviewer, at=clock.now()
        )
        for by, region_code in ((reviewer, build.CITY), (ANONYMOUS, build.XUANWU)):
            with pytest.raises(Forbidden):
                budgets.fund_budget(
                    region_code=region_code, period="2026Q4", points=5, source="b", by=by, at=clock.now()
                )


@pytest.mark.parametrize("period", ["2026", "2026Q5", "1970Q1", "2026Q4\n", ""])
def test_a_period_is_a_year_and_a_quarter(city, period):
    with transaction(), pytest.raises(PeriodUnreadable):
        budgets.fund_budget(
            region_code=build.CITY, period=period, points=5, source="a", by=SYSTEM, at=clock.now()
        )


def award(points):
    at = clock.now()
    legs = [
        Leg(accounts.budget_of(build.COMMUNITY, at).id, -points),
        Leg(accounts.wallet_of(new_id()).id, points),
    ]
    posting.post(kind="award", source=make.source(), legs=legs, words=make.WORDS, by=SYSTEM, at=at)
