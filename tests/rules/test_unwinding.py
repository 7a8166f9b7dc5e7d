"""A fact found void takes back what came of it: once, with a second person, never below zero, and the rider is told."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from sqlalchemy import select

from app.cases.events import CaseAccepted, CaseResolved
from app.identity.actors import Actor
from app.kernel import clock as clock_module
from app.kernel.db import session, transaction
from app.kernel.errors import Forbidden
from app.kernel.ids import new_id
from app.ledger.verify import verify
from app.notices.models import Notice
from app.notices.telling import text_of
from app.rewards.models import Voucher
from app.rules import awarding, unwinding
from app.rules.errors import AskedByYourself, NothingToUnwind, UnwindingDecided
from app.rules.models import Award, Unwinding, UsageCounter
from app.rules.replay import replay
from app.rules.unwinding import ask_to_unwind, decide_unwinding
from app.volunteering import confirming
from app.volunteering.models import Hours
from tests import make as people
from tests.crossing import crossed
from tests.rewards import make as rewards
from tests.rules import make
from tests.rules.make import cap, rule
from tests.volunteering import make as volunteering

REASON = "照片是从网上下载的"
LIMITS = [cap(points=500), cap(period="week", times=9)]


@dataclass
class Two:
    """Who asks and who decides."""

    asker: Actor
    decider: Actor


@pytest.fixture
def scene(app):
    return make.scene(
        [rule(points=30), rule("R-02", "hours", 40), rule("R-03", "report", 6, usable="on_outcome")]
    )


@pytest.fixture
def two(scene):
    with transaction():
        return Two(
            people.actor(people.staff("department", region_code=people.CITY, name="周部门")),
            people.actor(people.staff("department", region_code=people.XUANWU, name="吴部门")),
        )


@pytest.fixture(autouse=True)
def _books_close(scene):
    yield
    with transaction(write=False):
        assert list(verify()) == []
        assert replay().agrees


def asked(two, kind, fact_id, by=None):
    with transaction():
        return ask_to_unwind(
            fact_kind=kind, fact_id=fact_id, reason=REASON, by=by or two.asker, at=clock_module.now()
        )


def decided(two, found, approved=True, by=None):
    with transaction():
        return decide_unwinding(
            unwinding_id=found.id, approved=approved, by=by or two.decider, at=clock_module.now()
        )


def unwound(two, kind, fact_id):
    return decided(two, asked(two, kind, fact_id))


def checked_in(scene):
    one = make.checkin(scene.rider)
    make.judge(one)
    return one


def spend(scene, points, hand_over):
    """The rider reserves (and picks up) something for so many points."""
    with transaction():
        station = people.station()
        manager = people.actor(people.staff("station-manager", station_id=station.id))
        rider = people.actor(scene.rider)
        reward = rewards.reward(station, stock=3, points=points)
    shelf = rewards.Scene(station, manager, rider, reward)
    voucher = shelf.reserve()
    if hand_over:
        shelf.hand_over(voucher)
    return shelf, voucher


def used_up():
    """How much of each cap, by rule and period."""
    with transaction(write=False):
        counters = session.scalars(select(UsageCounter))
        return {(each.rule_key, each.period): (each.points, each.times) for each in counters}


def test_usable_points_go_back_to_the_budget(scene, two):
    one = checked_in(scene)
    found = unwound(two, "checkin", one.id)
    assert found.outcome == {
        "facts": 1,
        "minutes": 0,
        "waiting": 0,
        "points": 30,
        "from_wallet": 30,
        "from_pending": 0,
        "owed": 0,
        "written_off": 0,
        "vouchers": 0,
    }
    assert scene.points() == (0, 0)
    with transaction():
        assert make.budget_left() == 10_000


def test_pending_points_go_back_too_and_never_come_again(scene, two):
    case_id = new_id()
    event = {"case_id": case_id, "kind": "report", "category": "pothole", "grade": "normal"}
    event |= {"reporter_id": scene.rider.id, "region_code": people.COMMUNITY, "at": clock_module.now()}
    with transaction():
        awarding.on_case_accepted(CaseAccepted(**event))
    assert scene.points() == (0, 6)
    assert unwound(two, "report", case_id).outcome["from_pending"] == 6
    with transaction():
        awarding.on_case_accepted(CaseAccepted(**event))
        awarding.on_case_resolved(CaseResolved(**event))
    assert scene.points() == (0, 0)


def test_what_was_not_paid_yet_never_will_be(scene, two):
    with transaction():
        make.spend_budget()
    one = checked_in(scene)
    assert scene.points() == (0, 0)
    assert unwound(two, "checkin", one.id).outcome["points"] == 0
    with transaction():
        make.fund(100)
    assert scene.points() == (0, 0)


def test_a_reserved_voucher_goes_back_to_the_shelf(scene, two):
    one = checked_in(scene)
    shelf, voucher = spend(scene, 20, hand_over=False)
    found = unwound(two, "checkin", one.id)
    assert (found.outcome["vouchers"], found.outcome["from_wallet"]) == (1, 30)
    assert shelf.stock() == (3, 0)
    with transaction(write=False):
        assert session.scalar(select(Voucher.state).where(Voucher.id == voucher.id)) == "cancelled"


def test_a_voucher_that_is_not_needed_stays(scene, two):
    one = checked_in(scene)
    make.judge(make.checkin(scene.rider))
    shelf, _ = spend(scene, 20, hand_over=False)
    assert unwound(two, "checkin", one.id).outcome["vouchers"] == 0
    assert shelf.stock() == (3, 1)
    assert scene.balance().held == 20


def test_the_newest_voucher_goes_first_and_no_more_of_them_than_need_be(scene, two, clock):
    one = checked_in(scene)
    make.judge(make.checkin(scene.rider))
    _, older = spend(scene, 30, hand_over=False)
    clock.advance(minutes=1)
    _, newer = spend(scene, 20, hand_over=False)
    assert unwound(two, "checkin", one.id).outcome["vouchers"] == 1
    with transaction(write=False):
        states = [session.get_one(Voucher, each.id).state for each in (older, newer)]
    assert states == ["reserved", "cancelled"]
    assert (scene.points(), scene.balance().held) == ((0, 0), 30)


def test_spent_points_are_written_off_and_the_rider_is_told(scene, two):
    one = checked_in(scene)
    spend(scene, 20, hand_over=True)
    found = unwound(two, "checkin", one.id)
    assert (found.outcome["from_wallet"], found.outcome["written_off"]) == (10, 20)
    assert scene.points() == (0, 0)
    with transaction(write=False):
        notice = session.scalars(select(Notice).where(Notice.slug == "fact-unwound")).one()
        assert "其中 20 分你已经用掉，不用还" in text_of(notice, "zh")
        assert REASON in text_of(notice, "en")


def test_unwinding_twice_is_once(scene, two):
    one = checked_in(scene)
    make.judge(make.checkin(scene.rider))
    first = unwound(two, "checkin", one.id)
    again = asked(two, "checkin", one.id)
    assert again.id == first.id
    assert decided(two, again).outcome == first.outcome
    assert scene.points() == (30, 0)


def test_it_takes_two(scene, two):
    found = asked(two, "checkin", checked_in(scene).id)
    with pytest.raises(AskedByYourself):
        decided(two, found, by=two.asker)
    assert scene.points() == (30, 0)


def test_a_refusal_changes_nothing_and_it_may_be_asked_anew(scene, two):
    one = checked_in(scene)
    found = asked(two, "checkin", one.id)
    decided(two, found, approved=False)
    with pytest.raises(UnwindingDecided):
        decided(two, found)
    assert scene.points() == (30, 0)
    assert asked(two, "checkin", one.id).id != found.id


def test_a_whole_activity_takes_back_its_hours(scene, two, clock):
    with transaction():
        organiser = people.actor(people.staff("organiser", region_code=people.XUANWU))
        about = volunteering.activity(organiser)
        shift = volunteering.shift(about, organiser, starts_in=1, minutes=120)
    clock.advance(hours=3)
    with transaction():
        confirmed = confirming.witness(
            shift_id=shift.id, person_id=scene.rider.id, reason="在场", by=organiser, at=clock_module.now()
        )
    assert scene.points() == (40, 0)
    found = unwound(two, unwinding.ACTIVITY, about.id)
    assert (found.outcome["facts"], found.outcome["minutes"]) == (1, 120)
    assert scene.points() == (0, 0)
    with transaction(write=False):
        assert session.get_one(Hours, confirmed.id).state == "rejected"
    assert unwound(two, "hours", confirmed.id).outcome["facts"] == 0  # it went with the activity


def test_what_a_void_fact_used_up_is_free_again_rule_by_rule(scene, two, clock):
    clock.advance(minutes=1)
    with transaction():
        make.in_force(scene, [rule(points=30, caps=LIMITS), rule("R-02", points=4, caps=LIMITS)])
    checked_in(scene)
    before = used_up()
    assert len(before) == 4
    unwound(two, "checkin", checked_in(scene).id)
    assert used_up() == before


def test_nobody_unwinds_elsewhere_or_what_is_not_there(scene, two):
    with pytest.raises(NothingToUnwind):
        asked(two, "checkin", new_id())
    with transaction():
        far = people.actor(people.staff("department", region_code=people.QINHUAI, name="远"))
    with pytest.raises(Forbidden):
        asked(two, "checkin", checked_in(scene).id, by=far)


def test_an_unwound_award_says_so(scene, two):
    from app.rules.explaining import explain

    one = checked_in(scene)
    unwound(two, "checkin", one.id)
    with transaction(write=False):
        award = session.scalars(select(Award)).one()
        assert explain(award).endswith("，后来查实这件事不成立，已收回")


def test_the_database_wants_two_persons_too(scene, two):
    from sqlalchemy import update
    from sqlalchemy.exc import IntegrityError

    found = asked(two, "checkin", checked_in(scene).id)
    values = {"state": "done", "decided_by": two.asker.person_id, "decided_at": clock_module.now()}
    with pytest.raises(IntegrityError, match="two_persons"), transaction():
        session.execute(update(Unwinding).where(Unwinding.id == found.id).values(**values))


def test_a_voucher_that_is_handed_over_meanwhile_is_not_freed_and_what_is_missing_written_off(scene, two):
    one = checked_in(scene)
    shelf, voucher = spend(scene, 30, hand_over=False)
    found = asked(two, "checkin", one.id)
    both = crossed(
        lambda: rewards.hand_over(voucher, shelf.station.id, shelf.manager),
        lambda: (
            decide_unwinding(
                unwinding_id=found.id, approved=True, by=two.decider, at=clock_module.now()
            ).outcome
        ),
    )
    assert (both.then["vouchers"], both.then["written_off"]) == (0, 30)
