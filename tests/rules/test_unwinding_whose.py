"""Who may unwind a fact, and what each rider of a whole activity is told of it: one's own part."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.cases.events import CaseAccepted, CaseResolved
from app.identity.appointing import appoint
from app.kernel import clock as clock_module
from app.kernel import events
from app.kernel.clock import city_day
from app.kernel.db import transaction
from app.kernel.errors import Forbidden
from app.kernel.ids import new_id
from app.ledger.accounts import correction_account, wallet_of
from app.ledger.posting import Leg
from app.rules import awarding, unwinding
from app.rules.events import FactUnwound
from app.volunteering import confirming
from tests import make as people
from tests.ledger import make as ledger
from tests.rules import make
from tests.rules.make import rule
from tests.volunteering import make as volunteering

QINHUAI = f"{people.CITY}/{people.QINHUAI}/"
WAITS = rule("R-03", "report", 6, usable="on_outcome", expires_after_days=30)


@pytest.fixture
def scene(app):
    return make.scene([rule(points=30), rule("R-02", "hours", 40), WAITS])


@pytest.fixture
def two(scene):
    with transaction():
        return [people.actor(people.staff("department", region_code=people.CITY)) for _ in range(2)]


def asked(by, kind, fact_id):
    with transaction():
        return unwinding.ask_to_unwind(
            fact_kind=kind, fact_id=fact_id, reason="不在场", by=by, at=clock_module.now()
        )


def decided(by, found, approved=True):
    with transaction():
        return unwinding.decide_unwinding(
            unwinding_id=found.id, approved=approved, by=by, at=clock_module.now()
        )


def spent(rider, points):
    with transaction():
        legs = [Leg(wallet_of(rider.id).id, -points), Leg(correction_account().id, points)]
        ledger.give(rider.id, points, kind="test", legs=legs)


def volunteered(clock, *riders):
    """Two hours of each at one activity, confirmed one after the other. The activity's id."""
    with transaction():
        organiser = people.actor(people.staff("organiser", region_code=people.XUANWU))
        about = volunteering.activity(organiser)
        shift = volunteering.shift(about, organiser, starts_in=1, minutes=120)
    clock.advance(hours=3)
    for each in riders:
        with transaction():
            confirming.witness(
                shift_id=shift.id, person_id=each.id, reason="在场", by=organiser, at=clock.advance(minutes=1)
            )
    return about.id


@pytest.mark.once
@pytest.mark.parametrize("share", [None, 50], ids=["written off", "owed"])
def test_of_a_whole_activity_each_rider_is_told_of_the_own_points_and_the_own_debt(scene, two, clock, share):
    with transaction():
        other = people.rider("李师傅", name="李大力")
        if share:
            ledger.policy(share)
    activity_id = volunteered(clock, scene.rider, other)
    spent(scene.rider, 25)
    heard = []
    events.wire([(FactUnwound, heard.append)])
    decided(two[1], asked(two[0], unwinding.ACTIVITY, activity_id))
    told = {each.person_id: (each.points, each.written_off, each.owed) for each in heard}
    debt = (0, 25) if share else (25, 0)
    assert told == {scene.rider.id: (40, *debt), other.id: (40, 0, 0)}


@pytest.mark.once
def test_nobody_has_a_hand_in_unwinding_what_was_their_own(scene, two, clock):
    make.judge(one := make.checkin(scene.rider))
    with transaction():
        appoint(
            person_id=scene.rider.id, role="department", region_code=people.CITY, station_id=None,
            by=people.SYSTEM, at=clock.at,
        )  # fmt: skip
        own = people.actor(scene.rider)
    with pytest.raises(Forbidden):
        asked(own, "checkin", one.id)
    found = asked(two[0], "checkin", one.id)
    for approved in (True, False):
        with pytest.raises(Forbidden):
            decided(own, found, approved)
    assert scene.points() == (30, 0)


@pytest.mark.once
def test_asked_anew_after_a_refusal_it_is_one_request_again(scene, two):
    make.judge(one := make.checkin(scene.rider))
    decided(two[1], asked(two[0], "checkin", one.id), approved=False)
    anew = asked(two[0], "checkin", one.id)
    assert asked(two[1], "checkin", one.id).id == anew.id


@pytest.mark.once
def test_what_waits_for_the_second_person_comes_before_what_was_decided(scene, two):
    facts = [make.checkin(scene.rider) for _ in range(3)]
    for each in facts:
        make.judge(each)
    first, second, last = [asked(two[0], "checkin", each.id) for each in facts]
    decided(two[1], last)
    with transaction(write=False):
        assert [each.id for each in unwinding.unwindings(two[1])] == [second.id, first.id, last.id]


@pytest.mark.once
def test_what_is_asked_for_elsewhere_hides_nothing_of_a_district(scene, two):
    """However much waits in the city, and however little of it fits on a page."""
    facts = [make.checkin(scene.rider, region=where) for where in (QINHUAI, make.PATH, make.PATH)]
    for each in facts:
        make.judge(each)
    first, *_, last = [asked(two[0], "checkin", each.id) for each in facts]
    with transaction():
        near, far = (
            people.actor(people.staff("auditor", region_code=code))
            for code in (people.QINHUAI, people.XUANWU)
        )
        assert [each.id for each in unwinding.unwindings(near, limit=1)] == [first.id]
        assert [each.id for each in unwinding.unwindings(far, limit=1)] == [last.id]
        nobody = people.actor(people.rider("路人", name="路人甲"))
        assert unwinding.unwindings(nobody) == []


@pytest.mark.once
def test_points_that_waited_leave_the_lot_that_their_outcome_filled(scene, two, clock):
    facts = {"case_id": new_id(), "kind": "report", "category": "pothole", "grade": "normal"}
    facts |= {"reporter_id": scene.rider.id, "region_code": people.COMMUNITY, "at": clock.at}
    soon = city_day(clock.at) + timedelta(days=9)
    with transaction():
        ledger.give_until(scene.rider.id, 10, soon)
        awarding.on_case_accepted(CaseAccepted(**facts))
        awarding.on_case_resolved(CaseResolved(**facts))
    decided(two[1], asked(two[0], "report", facts["case_id"]))
    with transaction():
        assert ledger.lots(scene.rider.id) == {soon: (10, 0)}
