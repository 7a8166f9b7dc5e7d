"""Points of a report wait for its outcome: pending, then usable, or given back."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.cases import triage, working
from app.cases.events import (
    CaseAccepted,
    CaseClosed,
    CaseMerged,
    CaseRejected,
    CaseReopened,
    CaseResolved,
    CaseWithdrawn,
)
from app.identity.actors import SYSTEM
from app.kernel import clock as clock_module
from app.kernel.db import session, transaction
from app.kernel.ids import new_id
from app.ledger.accounts import correction_account
from app.ledger.debts import owe, owed_by
from app.rules import awarding
from app.rules.models import RecordedFact
from tests import make as people
from tests.cases import make as cases
from tests.ledger import make as ledger
from tests.rules import make

HANDLERS = {
    CaseAccepted: awarding.on_case_accepted,
    CaseResolved: awarding.on_case_resolved,
    CaseClosed: awarding.on_case_closed,
    CaseMerged: awarding.on_case_merged,
    CaseRejected: awarding.on_case_rejected,
    CaseWithdrawn: awarding.on_case_rejected,
    CaseReopened: awarding.on_case_reopened,
}


@pytest.fixture
def scene(app):
    return make.scene()


@pytest.fixture
def happens(scene):
    case_id = new_id()

    def happen(event, *, kind="report", reporter_id=scene.rider.id, **more):
        facts = {
            "case_id": case_id,
            "category": "pothole",
            "grade": "normal",
            "region_code": people.COMMUNITY,
        }
        with transaction():
            HANDLERS[event](
                event(kind=kind, reporter_id=reporter_id, at=clock_module.now(), **(facts | more))
            )

    return happen


def test_accepted_is_pending_and_resolved_is_all(scene, happens):
    happens(CaseAccepted)
    assert scene.points() == (0, 5)
    happens(CaseResolved)
    assert scene.points() == (15, 0)


def test_events_that_arrive_twice_change_nothing(scene, happens):
    for event in (CaseAccepted, CaseAccepted, CaseResolved, CaseResolved, CaseAccepted):
        happens(event)
    assert scene.points() == (15, 0)


@pytest.mark.parametrize("event", [CaseRejected, CaseWithdrawn])
def test_a_rejected_report_gives_pending_points_back_to_the_budget(scene, happens, event):
    happens(CaseAccepted)
    happens(event)
    assert scene.points() == (0, 0)
    with transaction():
        assert make.budget_left() == 10_000


def test_rejecting_twice_gives_back_once(scene, happens):
    for event in (CaseAccepted, CaseRejected, CaseRejected):
        happens(event)
    with transaction():
        assert make.budget_left() == 10_000


def test_a_rejected_report_taken_on_after_all_has_its_points_again(scene, happens):
    for event in (CaseAccepted, CaseRejected, CaseAccepted):
        happens(event)
    assert scene.points() == (0, 5)
    happens(CaseRejected)
    assert scene.points() == (0, 0)
    happens(CaseAccepted)
    happens(CaseResolved)
    assert scene.points() == (15, 0)


def test_reopening_costs_the_reporter_nothing_and_gives_nothing_twice(scene, happens):
    for event in (CaseAccepted, CaseResolved, CaseReopened):
        happens(event)
    assert scene.points() == (15, 0)
    happens(CaseAccepted)
    happens(CaseResolved)
    assert scene.points() == (15, 0)


def test_what_became_usable_stays_when_the_case_is_rejected_later(scene, happens):
    for event in (CaseAccepted, CaseResolved, CaseReopened, CaseRejected):
        happens(event)
    assert scene.points() == (15, 0)


@pytest.mark.parametrize("kind", ["appeal", "mediation", "points_query", "objection"])
def test_other_kinds_never_come_near_the_rules(scene, happens, kind):
    for event in (CaseAccepted, CaseResolved, CaseClosed, CaseRejected, CaseReopened):
        happens(event, kind=kind)
    with transaction(write=False):
        assert session.scalar(select(RecordedFact).limit(1)) is None


def test_a_report_without_a_known_reporter_thanks_nobody(scene, happens):
    for event in (CaseAccepted, CaseResolved, CaseRejected):
        happens(event, reporter_id=None)
    happens(CaseResolved, reporter_id=None, kind="suggestion")
    with transaction(write=False):
        assert session.scalar(select(RecordedFact).limit(1)) is None


def test_whoever_reported_the_same_thing_shares_the_credit(scene, happens):
    happens(CaseMerged, into_id=new_id())
    assert scene.points() == (0, 2)


def test_points_that_waited_pay_a_debt_once_they_are_usable(scene, happens):
    with transaction():
        ledger.policy(20)
        owe(
            person_id=scene.rider.id, points=10, to_account_id=correction_account().id, source="test:owed",
            words=ledger.WORDS, by=SYSTEM, at=clock_module.now(),
        )  # fmt: skip
    happens(CaseAccepted)
    with transaction(write=False):
        assert owed_by(scene.rider.id) == 10
    happens(CaseResolved)  # a fifth of the 5 that waited, and of the 10 for the outcome
    assert scene.points() == (12, 0)
    with transaction(write=False):
        assert owed_by(scene.rider.id) == 7


@pytest.fixture
def desk(scene):
    """Two riders more, a place, and somebody who decides."""
    with transaction():
        people.station()
        return (
            people.rider("李师傅", name="李大力"),
            people.rider("赵师傅", name="赵有田"),
            people.actor(people.staff("dispatcher", region_code=people.CITY, name="陈一调")),
        )


def told(*reporters):
    with transaction():
        return [cases.report(each).id for each in reporters]


def merged(double, into, by):
    with transaction():
        triage.merge(case_id=double, into_id=into, by=by, at=clock_module.now())


def test_whoever_reported_the_same_thing_waits_for_nothing_once_it_is_rejected(scene, desk):
    other, _, dispatcher = desk
    first, same = told(scene.rider, other)
    merged(same, first, dispatcher)
    assert scene.balance(other).pending == 2
    with transaction():
        triage.reject(case_id=first, reason="照片看不清", by=dispatcher, at=clock_module.now())
    assert scene.balance(other).pending == 0


def test_whoever_was_merged_into_what_is_merged_on_has_the_outcome_of_the_last(scene, desk):
    other, third, dispatcher = desk
    first, second, last = told(scene.rider, other, third)
    merged(first, second, dispatcher)
    merged(second, last, dispatcher)
    assert (scene.balance().pending, scene.balance(other).pending) == (2, 2)
    with transaction():
        triage.accept(case_id=last, by=dispatcher, at=clock_module.now())
        working.resolve(case_id=last, note="补好了", by=dispatcher, at=clock_module.now())
    assert (scene.points(), scene.balance(other).usable, scene.balance(third).usable) == ((2, 0), 2, 15)


def test_whoever_told_the_last_too_is_thanked_for_that_one_alone(scene, desk):
    other, _, dispatcher = desk
    first, second, last = told(scene.rider, other, scene.rider)
    merged(first, second, dispatcher)
    assert scene.balance().pending == 2
    merged(second, last, dispatcher)
    assert (scene.balance().pending, scene.balance(other).pending) == (0, 2)


def test_whoever_told_it_twice_and_was_thanked_once_keeps_that_when_it_is_merged_on(scene, desk):
    other, third, dispatcher = desk
    first, again, second, last = told(scene.rider, scene.rider, other, third)
    merged(first, second, dispatcher)
    merged(again, second, dispatcher)
    merged(second, last, dispatcher)
    assert (scene.balance().pending, scene.balance(other).pending) == (2, 2)


@pytest.mark.once
def test_what_was_given_back_for_telling_twice_stays_there_when_the_other_is_accepted_again(scene, desk):
    other, _, dispatcher = desk
    first, second, last = told(scene.rider, other, scene.rider)
    merged(first, second, dispatcher)
    merged(second, last, dispatcher)
    with transaction():
        triage.accept(case_id=last, by=dispatcher, at=clock_module.now())
        working.hand_back(case_id=last, reason="不归我们管", by=dispatcher, at=clock_module.now())
        triage.accept(case_id=last, by=dispatcher, at=clock_module.now())
    assert scene.points() == (0, 5)
