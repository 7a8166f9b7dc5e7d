"""What is told of points that are mended or run out, and which of the staff hear of what waits for them."""

from __future__ import annotations

from datetime import date

import pytest

from app.identity.actors import Actor
from app.identity.models import Person
from app.kernel.db import transaction
from app.ledger import budgets, correcting, expiring, reversing
from app.ledger.accounts import correction_account, wallet_of
from app.ledger.posting import Leg
from app.ledger.queries import statement
from app.notices import queries
from app.notices.telling import text_of
from tests import make as people
from tests.ledger import make

pytestmark = [pytest.mark.once, pytest.mark.usefixtures("app")]

REASON = "同一次签到记了两遍"


class Office:
    """A rider, three of the department of the city, and two who may only read its ledger."""

    def __init__(self) -> None:
        people.regions()
        self.rider = people.rider()
        self.asker, self.colleague, self.second = (
            people.staff("department", region_code=people.CITY) for _ in range(3)
        )
        self.editor = people.staff("rule-editor", region_code=people.CITY)
        self.auditor = people.staff("auditor", region_code=people.CITY)

    @property
    def staff(self) -> list[Person]:
        return [self.asker, self.colleague, self.second, self.editor, self.auditor]


@pytest.fixture
def office():
    with transaction():
        return Office()


def told(person: Person) -> list[tuple[str, str]]:
    with transaction(write=False):
        return [(notice.slug, text_of(notice)) for notice in reversed(queries.inbox(person.id).items)]


def hearing(office: Office) -> list[Person]:
    """Who of the staff was told anything."""
    return [each for each in office.staff if told(each)]


def take_back(person: Person, points: int, by: Actor, clock, spent: int = 0) -> None:
    """Points that were a mistake, of which some are spent already."""
    make.give(person.id, points, kind="correction")
    entry_id = statement(person.id).items[0].id
    if spent:
        legs = [Leg(wallet_of(person.id).id, -spent), Leg(correction_account().id, spent)]
        make.give(person.id, -spent, legs=legs)
    reversing.ask_to_reverse(entry_id=entry_id, reason=REASON, by=by, at=clock.at)


def test_whose_points_they_are_is_no_second_person_for_them(office, clock):
    with transaction():
        by = people.actor(office.asker)
        correcting.correct(person_id=office.colleague.id, points=500, reason=REASON, by=by, at=clock.at)
    assert hearing(office) == [office.second]

    with transaction():
        take_back(office.colleague, 500, by, clock)
    assert [slug for slug, _ in told(office.second)] == ["correction-waits", "reversal-waits"]
    assert hearing(office) == [office.second]


def test_colleagues_are_not_asked_about_what_needs_no_second_person(office, clock):
    with transaction():
        correcting.correct(
            person_id=office.rider.id, points=5, reason=REASON, by=people.actor(office.asker), at=clock.at
        )
        take_back(office.rider, 7, people.actor(office.asker), clock)

    assert [slug for slug, _ in told(office.rider)] == ["points-corrected-up", "points-reversed-down"]
    assert hearing(office) == []


@pytest.mark.parametrize(
    ("share", "spent", "means"),
    [
        (0, 0, "都还没用，按原数收回。"),
        (0, 45, "其中 45 分你已经用掉或留着兑换，由项目承担，不用还。"),
        (50, 45, "其中 45 分你已经用掉或留着兑换，先欠着，以后新得的积分按公布的办法慢慢补。"),
    ],
    ids=["unspent", "borne", "owed"],
)
def test_points_taken_back_are_told_with_who_bears_what_was_spent(office, clock, share, spent, means):
    with transaction():
        if share:
            make.policy(share)
        take_back(office.rider, 60, people.actor(office.asker), clock, spent)

    notices = dict(told(office.rider))
    assert notices["points-reversed-down"].startswith(f"之前有一笔记错了，收回 60 分：{REASON}。{means}")


def test_points_that_run_out_are_told_with_the_first_day_on_which_they_do(office, clock):
    with transaction():
        make.give_until(office.rider.id, 5, date(2026, 12, 20))
        make.give_until(office.rider.id, 3, date(2026, 12, 24))
        expiring.tell_due(at=clock.at)

    expected = "有 8 分快到期了，最早 2026年12月20日 到期。去驿站换点什么吧。"
    assert told(office.rider) == [("points-expiring", expected)]


def test_whoever_can_fund_a_budget_hears_that_it_runs_low_and_not_whoever_may_read_it(office, clock):
    with transaction():
        make.fund(people.CITY, 100)
        budget = budgets.own_budget_of(people.CITY, budgets.quarter(clock.at))
        legs = [Leg(budget.id, -85), Leg(wallet_of(office.rider.id).id, 85)]
        make.give(office.rider.id, 85, legs=legs)
        budgets.warn_due(at=clock.at)

    assert hearing(office) == [office.asker, office.colleague, office.second]
