"""What stands in the records when something was said of a doubt, and what is counted as waiting: whose, how long."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.audit.models import AuditRecord
from app.cases import closing, triage
from app.doubts.deciding import find_in_order, lapse_due
from app.doubts.errors import DoubtSettled
from app.doubts.models import LOOK_WITHIN, Doubt, SetAside
from app.doubts.queries import entry_behind, mine, points_set_aside, to_look_at, undecided
from app.doubts.setting_aside import OUTLIVES, set_aside_due
from app.kernel.clock import city_day, city_midnight
from app.kernel.db import session, transaction
from app.ledger.models import Hold
from app.notices.models import Notice
from app.volunteering import confirming
from tests import make as people
from tests.doubts import make
from tests.volunteering import make as volunteering

pytestmark = pytest.mark.once
DAY = timedelta(days=1)


@pytest.fixture
def doubted(town, clock):
    """Two check-ins that cannot both be right, five points each."""
    town.check_in(town.here)
    town.check_in(town.there)
    return make.look(clock)


def again(doubt: Doubt) -> Doubt:
    with transaction(write=False):
        return session.get_one(Doubt, doubt.id)


def notices() -> list[str]:
    """What was told about doubts."""
    with transaction(write=False):
        told = select(Notice.slug).where(Notice.slug.contains("doubt")).order_by(Notice.id)
        return list(session.scalars(told))


def written(action: str) -> list[AuditRecord]:
    with transaction(write=False):
        return list(session.scalars(select(AuditRecord).where(AuditRecord.action == action)))


def test_who_said_what_of_which_fact_and_when_is_in_the_doubt_and_in_the_log(town, clock, doubted):
    for doubt, decide, by, action in (
        (doubted[0], make.wanting, town.first, "doubt.upheld"),
        (doubted[1], make.in_order, town.second, "doubt.cleared"),
    ):
        at = clock.advance(minutes=7)
        decide(doubt, by)
        kept = again(doubt)
        assert (kept.said_by, kept.said_at) == (by.id, at)
        assert kept.settled_at == (at if decide is make.in_order else None)
        (record,) = written(action)
        assert (record.actor_id, record.at, record.subject) == (by.id, at, f"doubt:{doubt.id}")
        facts = {"fact": f"checkin:{doubt.fact_id}", "ground": "two-places", "words": kept.words}
        assert record.facts == facts
        assert kept.words


def test_nothing_said_is_no_words(town, clock, doubted):
    with transaction():
        find_in_order(doubt_id=doubted[0].id, words="", by=town.first, at=clock.at)
    assert again(doubted[0]).words is None


def test_a_doubt_ends_at_its_very_instant_and_the_log_says_that_nobody_did_it(town, clock, doubted):
    at = doubted[0].due_at
    assert at == clock.at + LOOK_WITHIN
    with transaction():
        assert lapse_due(at=at - timedelta(microseconds=1)) == 0
        assert lapse_due(at=at, limit=1) == 1
        assert lapse_due(at=at) == 1
        assert lapse_due(at=at) == 0
    assert [each.settled_at for each in make.doubts()] == [at, at]
    assert [(each.actor_id, each.at) for each in written("doubt.lapsed")] == [(None, at)] * 2


def test_whoever_comes_too_late_is_told_what_has_become_of_it(town, doubted):
    make.wanting(doubted[0], town.first)
    make.wanting(doubted[0], town.first)
    assert len(written("doubt.upheld")) == 1
    with pytest.raises(DoubtSettled) as too_late:
        make.in_order(doubted[0], town.first)
    assert too_late.value.facts == {"state": "asked"}


def test_what_waits_is_counted_for_its_rider_alone_and_no_longer_when_it_is_settled(town, doubted):
    with transaction(write=False):
        assert [(each.points, each.is_undecided) for each in mine(town.rider.id).items] == [(5, True)] * 2
        assert [each.points for each in to_look_at(town.first).items] == [5, 5]
        assert (points_set_aside(town.first.id), mine(town.first.id).items) == (0, [])
    make.in_order(doubted[1], town.first)
    with transaction(write=False):
        assert points_set_aside(town.rider.id) == 5
        assert [each.doubt.id for each in to_look_at(town.first).items] == [doubted[0].id]
        newest_first = mine(town.rider.id)
        assert [each.is_undecided for each in newest_first.items] == [False, True]
        assert newest_first.next_cursor is None
    make.wanting(doubted[0], town.first)
    with transaction(write=False):
        assert points_set_aside(town.rider.id) == 5
        assert len(to_look_at(town.second).items) == 1


def test_lists_go_on_where_they_ended(town, doubted):
    with transaction(write=False):
        for listed in (lambda *page: to_look_at(town.first, *page), lambda *page: mine(town.rider.id, *page)):
            page = listed(None, 1)
            assert [each.doubt.id for each in page.items] == [doubted[1].id]
            assert [each.doubt.id for each in listed(page.next_cursor, 1).items] == [doubted[0].id]


def test_a_period_holds_its_first_moment_and_not_the_first_one_after_it(town, clock):
    day = city_day(clock.at) + DAY
    clock.at = city_midnight(day)
    town.check_in(town.here)
    town.check_in(town.there)
    make.look(clock)
    with transaction(write=False):
        assert undecided([people.COMMUNITY], day, day) == 2
        assert undecided([people.CITY], day - DAY, day + DAY) == 2
        assert undecided([people.CITY], day - DAY, day - DAY) == 0
        assert undecided([], day, day) == 0


def test_a_hold_outlives_the_second_persons_time_and_says_whose_it_is(town, clock, doubted):
    with transaction(write=False):
        held = session.scalars(select(Hold).join(SetAside, SetAside.hold_id == Hold.id)).all()
        kept = session.scalars(select(SetAside)).all()
    assert {each.expires_at - clock.at for each in held} == {2 * LOOK_WITHIN + OUTLIVES}
    assert {each.source for each in held} == {f"doubt:{each.doubt_id}:{each.award_id}" for each in kept}


def test_of_many_some_are_set_aside_and_the_others_next_time(town, clock, monkeypatch):
    monkeypatch.setattr("app.doubts.setting_aside.set_aside_due", lambda at: 0)
    town.check_in(town.here)
    town.check_in(town.there)
    make.look(clock)
    with transaction():
        assert [set_aside_due(at=clock.at, limit=1) for _ in range(3)] == [1, 1, 0]
    assert town.balance().held == 10


def test_where_nothing_was_given_there_is_no_line_to_ask_about(town, clock):
    town.report()
    town.report(metres=20)
    (doubt,) = make.look(clock)
    with transaction(write=False):
        assert entry_behind(doubt) is None
        assert [each.points for each in mine(town.rider.id).items] == [0]


def withdraw(town, report, at):
    closing.withdraw(case_id=report, by=people.actor(town.rider), at=at)


def reject(town, report, at):
    triage.reject(case_id=report, reason="照片看不清", by=town.dispatcher, at=at)


@pytest.mark.parametrize("end", [withdraw, reject])
def test_a_report_that_is_over_is_looked_at_no_more_and_the_other_one_is(town, clock, end):
    town.report()
    over, other = town.report(metres=20), town.report(metres=40)
    make.look(clock)
    with transaction():
        end(town, over, clock.at)
    assert {each.fact_id: each.state for each in make.doubts()} == {over: "void", other: "open"}
    assert notices() == ["fact-doubted", "fact-doubted"]  # its end is told by what ended it
    assert written("doubt.lapsed") == []


def test_hours_that_the_organiser_rejects_are_looked_at_no_more(town, clock):
    town.attend(clock, town.here, elsewhere_after_min=60)
    (doubt,) = make.look(clock)
    with transaction():
        confirming.reject(hours_id=doubt.fact_id, reason="没有来", by=town.organiser, at=clock.at)
    kept = again(doubt)
    assert (kept.state, kept.settled_at, kept.said_by) == ("void", clock.at, None)


def test_what_came_minutes_late_is_compared_by_when_it_was(town, clock):
    """Across the river and back to a third station in twenty minutes; only the tablet over there was slow."""
    with transaction():
        third = people.station("河西驿站")
    town.check_in(town.here)
    clock.advance(minutes=20)
    town.check_in(third)
    clock.advance(minutes=1)
    town.check_in(town.there, happened_at=clock.at - timedelta(minutes=10))
    assert make.look(clock) == []


def test_time_that_the_organiser_vouches_for_stands_on_no_scan_and_is_not_doubted(town, clock):
    with transaction():
        about = volunteering.activity(town.organiser, position=town.here.position)
        shift = volunteering.shift(about, town.organiser, starts_in=1, minutes=120)
    clock.advance(minutes=60)
    town.check_in(town.there)
    clock.advance(minutes=70)
    with transaction():
        confirming.witness(
            shift_id=shift.id,
            person_id=town.rider.id,
            reason="他的手机没电了",
            by=town.organiser,
            at=clock.at,
        )
    assert make.look(clock) == []
