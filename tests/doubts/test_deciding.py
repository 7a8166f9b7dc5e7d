"""What is set aside is neither taken nor lost: one frees it, two take it back, nobody in time means that it counts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.audit.models import AuditRecord
from app.cases import triage
from app.doubts.errors import DoubtNotFound, DoubtSettled, NothingGiven
from app.doubts.models import LOOK_WITHIN
from app.doubts.queries import mine, points_set_aside, to_look_at, undecided
from app.doubts.schemas import DoubtRead
from app.doubts.wording import why
from app.identity.actors import SYSTEM
from app.identity.appointing import appoint
from app.kernel.clock import city_day
from app.kernel.db import session, transaction
from app.kernel.errors import Forbidden
from app.kernel.i18n import format_instant
from app.ledger.errors import PointsShort
from app.ledger.verify import verify
from app.notices.models import Notice
from app.notices.telling import text_of
from app.rules.models import Unwinding
from app.rules.replay import replay
from app.rules.unwinding import decide_unwinding
from tests import make as people
from tests.doubts import make
from tests.rewards import make as rewards

DAY = timedelta(days=1)


@pytest.fixture
def town(app, clock):
    return make.town()


@pytest.fixture(autouse=True)
def _books_close(town):
    yield
    with transaction(write=False):
        assert list(verify()) == []
        assert replay().agrees


@pytest.fixture
def doubted(town, clock):
    """Two check-ins that cannot both be right, five points each."""
    town.check_in(town.here)
    town.check_in(town.there)
    assert town.balance().usable == 10
    return make.look(clock)


def told(town) -> list[str]:
    with transaction(write=False):
        notices = session.scalars(select(Notice).where(Notice.person_id == town.rider.id).order_by(Notice.id))
        return [each.slug for each in notices]


def a_shelf(town) -> rewards.Scene:
    """Something that costs five points."""
    with transaction():
        reward = rewards.reward(town.here, stock=3, points=5)
        return rewards.Scene(town.here, town.at_the_counter, people.actor(town.rider), reward)


def second_word(town, approved: bool) -> None:
    with transaction():
        asked = session.scalars(select(Unwinding).where(Unwinding.state == "asked")).one()
        decide_unwinding(unwinding_id=asked.id, approved=approved, by=town.second, at=asked.asked_at)


def test_points_of_a_doubted_fact_wait_in_the_wallet(town, doubted):
    balance = town.balance()
    assert (balance.usable, balance.held) == (0, 10)
    with transaction(write=False):
        assert points_set_aside(town.rider.id) == 10
        notice = session.scalars(select(Notice).where(Notice.slug == "fact-doubted")).first()
        assert notice is not None
        assert "有一处对不上" in text_of(notice, "zh")
        assert "does not match" in text_of(notice, "en")


def words_of(town, slug: str, language: str) -> str:
    with transaction(write=False):
        mine = (
            select(Notice).where(Notice.person_id == town.rider.id, Notice.slug == slug).order_by(Notice.id)
        )
        return text_of(session.scalars(mine).all()[0], language)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_rider_is_told_by_when_somebody_looks_and_again_when_a_second_one_takes_longer(
    town, clock, doubted, language
):
    first = format_instant(clock.at + LOOK_WITHIN, language)
    somebody = {"zh": f"最晚 {first} 有人来看", "en": f"Somebody looks by {first}"}
    assert somebody[language] in words_of(town, "fact-doubted", language)
    clock.advance(hours=47)
    make.wanting(doubted[0], town.first)
    make.wanting(doubted[0], town.first)
    assert told(town).count("fact-doubted-again") == 1
    second = format_instant(clock.at + LOOK_WITHIN, language)
    assert second == format_instant(make.doubts()[0].due_at, language) != first
    another = {"zh": f"再请第二个人看，最晚 {second}", "en": f"A second one looks by {second}"}
    assert another[language] in words_of(town, "fact-doubted-again", language)


def test_they_cannot_be_spent_meanwhile(town, doubted):
    shelf = a_shelf(town)
    with pytest.raises(PointsShort):
        shelf.reserve()


def test_one_word_sets_them_free(town, doubted):
    for each in doubted:
        make.in_order(each, town.first)
    assert (town.balance().usable, town.balance().held) == (10, 0)
    assert told(town).count("doubt-gone") == 2
    assert {each.state for each in make.doubts()} == {"cleared"}


def test_the_same_word_again_changes_nothing_another_one_comes_too_late(town, doubted):
    make.in_order(doubted[0], town.first)
    make.in_order(doubted[0], town.first)
    for decide in (make.in_order, make.wanting):
        with pytest.raises(DoubtSettled):
            decide(doubted[0], town.second)


def test_one_word_alone_takes_nothing_back(town, doubted):
    make.wanting(doubted[0], town.first)
    assert (town.balance().usable, town.balance().held) == (0, 10)
    assert make.doubts()[0].state == "asked"


def test_two_take_back_what_this_fact_gave_and_no_more(town, doubted):
    make.wanting(doubted[0], town.first)
    second_word(town, approved=True)
    assert (town.balance().usable, town.balance().held) == (0, 5)
    assert [each.state for each in make.doubts()] == ["void", "open"]
    with transaction(write=False):
        assert session.scalars(select(Unwinding)).one().outcome["from_wallet"] == 5
    assert "fact-unwound" in told(town)


def test_the_second_person_may_find_it_in_order(town, doubted):
    make.wanting(doubted[0], town.first)
    second_word(town, approved=False)
    assert (town.balance().usable, town.balance().held) == (5, 5)
    assert [each.state for each in make.doubts()] == ["cleared", "open"]


def test_if_nobody_looks_it_counts(town, clock, doubted):
    clock.advance(hours=47)
    assert make.lapse() == 0
    clock.advance(hours=2)
    assert make.lapse() == 2
    assert (town.balance().usable, town.balance().held) == (10, 0)
    assert told(town).count("doubt-gone") == 2


def test_if_the_second_person_does_not_come_it_counts(town, clock, doubted):
    make.wanting(doubted[0], town.first)
    clock.advance(hours=49)
    make.lapse()
    assert town.balance().usable == 10
    assert {each.state for each in make.doubts()} == {"lapsed"}


def test_the_second_person_has_time_of_their_own(town, clock, doubted):
    clock.advance(hours=47)
    make.wanting(doubted[0], town.first)
    clock.advance(hours=2)
    assert make.lapse() == 1
    assert [each.state for each in make.doubts()] == ["asked", "lapsed"]
    assert (town.balance().usable, town.balance().held) == (5, 5)


def test_after_that_the_second_word_still_takes_back_once(town, clock, doubted):
    make.wanting(doubted[0], town.first)
    clock.advance(hours=49)
    make.lapse()
    second_word(town, approved=True)
    assert (town.balance().usable, town.balance().held) == (5, 0)


def test_points_that_were_spent_before_are_not_taken_from_others(town, clock):
    town.check_in(town.here)
    shelf = a_shelf(town)
    shelf.hand_over(shelf.reserve())
    town.check_in(town.there)
    make.look(clock)
    assert (town.balance().usable, town.balance().held) == (0, 5)
    clock.advance(hours=5)
    town.check_in(town.here)
    make.look(clock)
    assert (town.balance().usable, town.balance().held) == (5, 5)


def test_what_a_doubted_fact_gives_later_waits_as_well(town, clock):
    town.report()
    again = town.report(metres=20)
    assert len(make.look(clock)) == 1
    town.accept(again)
    assert town.balance().usable == 10
    make.look(clock)
    assert (town.balance().usable, town.balance().held) == (0, 10)


def test_a_report_that_is_merged_needs_no_second_look_and_gives_nothing_again(town, clock):
    first = town.report()
    again = town.report(metres=20)
    make.look(clock)
    with transaction():
        triage.merge(case_id=again, into_id=first, by=town.dispatcher, at=clock.at)
    assert make.doubts()[0].state == "void"
    assert (town.balance().usable, town.balance().pending) == (0, 0)


def test_what_was_never_judged_has_nothing_to_take_back(town, clock):
    town.report()
    town.report(metres=20)
    found = make.look(clock)
    with pytest.raises(NothingGiven):
        make.wanting(found[0], town.first)


def test_nobody_decides_about_their_own_or_elsewhere(town, clock, doubted):
    with transaction():
        elsewhere = people.actor(people.staff("department", region_code=people.QINHUAI, name="郑别处"))
        assert to_look_at(elsewhere).items == []
        assert len(to_look_at(town.first).items) == 2
    with pytest.raises(DoubtNotFound):
        make.in_order(doubted[0], elsewhere)
    with transaction():
        appoint(
            person_id=town.rider.id,
            role="department",
            region_code=people.CITY,
            station_id=None,
            by=SYSTEM,
            at=clock.at,
        )
        self_made = people.actor(town.rider)
        assert to_look_at(self_made).items == []
    with pytest.raises(Forbidden):
        make.in_order(doubted[0], self_made)


def test_whoever_freezes_a_period_is_told_what_still_waits(town, clock, doubted):
    today = city_day(clock.at)
    with transaction(write=False):
        assert undecided([people.CITY], today, today) == 2
        assert undecided([people.QINHUAI], today, today) == 0
        assert undecided([people.CITY], today - DAY, today - DAY) == 0
    make.in_order(doubted[0], town.first)
    with transaction(write=False):
        assert undecided([people.COMMUNITY, people.QINHUAI], today, today) == 1


def test_every_word_is_written_down(town, clock, doubted):
    make.wanting(doubted[0], town.first)
    make.in_order(doubted[1], town.second)
    with transaction(write=False):
        kept = {each.action: each.actor_id for each in session.scalars(select(AuditRecord))}
        assert kept["doubt.upheld"] == town.first.id
        assert kept["doubt.cleared"] == town.second.id


def test_a_rider_sees_why_in_both_languages_and_nobody_sees_whose_it_is(town, doubted):
    with transaction(write=False):
        own = mine(town.rider.id).items
        assert len(own) == 2
        assert "江北驿站" in own[0].why
        assert "km apart" in why(own[0].doubt, "en")
        text = str([DoubtRead().dump(each) for each in to_look_at(town.first).items])
    assert str(town.rider.id) not in text
