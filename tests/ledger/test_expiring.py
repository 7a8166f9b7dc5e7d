"""Points run out after their last day, not before, once, and never unannounced."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from app.identity.actors import SYSTEM
from app.kernel import events
from app.kernel.db import session, transaction
from app.kernel.ids import new_id
from app.ledger import expiring, holds
from app.ledger.accounts import expiry_account
from app.ledger.events import PointsExpired, PointsExpiring
from app.ledger.models import NEVER, LedgerTransaction
from app.ledger.queries import balance_of, lots_of
from app.ledger.verify import verify
from tests.crossing import crossed
from tests.ledger import make

TODAY = date(2026, 11, 24)


@pytest.fixture
def heard(app):
    """Every event about points that run out."""
    seen = []
    events.wire([(PointsExpired, seen.append), (PointsExpiring, seen.append)])
    return seen


def someone(*lots):
    person_id = new_id()
    for points, days in lots:
        make.give_until(person_id, points, None if days is None else TODAY + timedelta(days=days))
    return person_id


def expire(clock):
    with transaction():
        return expiring.expire_due(at=clock())


def test_a_last_day_is_a_whole_day(app, clock, heard):
    with transaction():
        person_id = someone((5, 0), (3, None))
    clock.advance(hours=9, minutes=57)  # 23:59 in the city
    assert expire(clock) == 0
    clock.advance(minutes=1)
    assert expire(clock) == 1
    with transaction():
        assert balance_of(person_id).usable == 3
        assert expiry_account().balance == 5
        assert verify() == []
    assert [(each.points, each.due_on) for each in heard] == [(5, TODAY)]


def test_it_happens_once(app, clock):
    with transaction():
        someone((5, 0), (4, 1))
    clock.advance(days=3)
    assert [expire(clock), expire(clock)] == [2, 0]


def test_what_may_be_used_today_takes_no_turn_of_what_ran_out(app, clock):
    with transaction():
        person_id = someone((5, 0))
        someone((4, 1))
    clock.advance(days=1)
    with transaction():
        assert expiring.expire_due(at=clock(), limit=1) == 1
        assert balance_of(person_id).usable == 0


def test_held_points_do_not_run_out_and_live_on_when_they_come_back(app, clock):
    with transaction():
        person_id = someone((5, 0))
        reserved = make.held(person_id, 3, expires_at=clock() + timedelta(days=9)).id
    clock.advance(days=2)
    assert [expire(clock), expire(clock)] == [1, 0]
    with transaction():
        assert balance_of(person_id).held == 3
        assert [each.points for each in lots_of(person_id)] == [3]
        holds.release(reserved, source="x", by=SYSTEM, at=clock())
    assert expire(clock) == 0
    clock.advance(days=30)
    assert expire(clock) == 0
    clock.advance(days=1)
    assert expire(clock) == 1
    with transaction():
        assert balance_of(person_id).usable == 0
        assert lots_of(person_id) == []
        assert verify() == []
        gone = session.scalars(sa.select(LedgerTransaction).where(LedgerTransaction.kind == "expiry"))
        until = sorted(each.words["until"] for each in gone)
        assert until == ["2026-11-24", "2026-12-26"]  # the day until which they could be used in the end


@pytest.mark.once
def test_what_runs_out_first_in_the_end_stands_in_front(app, clock):
    with transaction():
        person_id = someone((5, 0))
        reserved = make.held(person_id, 5, expires_at=clock() + timedelta(days=9)).id
        make.give_until(person_id, 7, TODAY + timedelta(days=20))
        clock.advance(days=2)
        holds.release(reserved, source="x", by=SYSTEM, at=clock())
        assert [each.points for each in lots_of(person_id)] == [7, 5]


def test_it_is_told_a_month_and_a_week_before(app, clock, heard):
    with transaction():
        someone((5, 40), (9, None))

    def told():
        with transaction():
            return expiring.tell_due(at=clock())

    days = [clock.advance(days=1) and told() for _ in range(41)]
    assert [number + 1 for number, count in enumerate(days) if count] == [10, 33]
    assert [(each.points, each.days) for each in heard] == [(5, 30), (5, 7)]


def test_what_runs_out_within_a_week_is_told_together(app, clock, heard):
    with transaction():
        someone((1, 30), (2, 33), (4, 37), (8, 38))
    with transaction():
        assert expiring.tell_due(at=clock()) == 1
        assert expiring.tell_due(at=clock()) == 0
    assert [each.points for each in heard] == [7]
    assert (heard[0].first_on, heard[0].last_on) == (TODAY + timedelta(days=30), TODAY + timedelta(days=37))


@pytest.mark.once
def test_held_points_are_told_once_they_are_free_and_not_before(app, clock, heard):
    with transaction():
        person_id = someone((4, 29), (5, 30))
        reserved = make.held(person_id, 6, expires_at=clock() + timedelta(days=9)).id  # the 4, and 2 of the 5
        assert expiring.tell_due(at=clock()) == 1
    assert [each.points for each in heard] == [3]
    with transaction():
        holds.release(reserved, source="x", by=SYSTEM, at=clock())
        assert expiring.tell_due(at=clock()) == 1
    assert [each.points for each in heard] == [3, 4]


@pytest.mark.once
def test_it_is_told_a_month_before_by_the_day_in_the_city(app, clock, heard):
    clock.at = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)  # 00:30 on the 25th
    with transaction():
        someone((5, 31))
        assert expiring.tell_due(at=clock()) == 1


def test_points_without_a_last_day_stay(app, clock):
    with transaction():
        person_id = someone((9, None))
    clock.advance(days=5000)
    assert expire(clock) == 0
    with transaction():
        assert make.lots(person_id) == {NEVER: (9, 0)}


def test_what_is_reserved_while_it_runs_out_is_left(app, clock):
    with transaction():
        person_id = someone((5, 0), (4, 9))
    at = clock.advance(days=1)
    both = crossed(lambda: make.held(person_id, 3), lambda: expiring.expire_due(at=at))
    assert both.then == 1
    with transaction():
        assert make.lots(person_id) == {TODAY: (3, 3), TODAY + timedelta(days=9): (4, 0)}
        assert verify() == []


def test_of_two_who_tell_at_once_the_second_has_nothing_to_tell(app, clock, heard):
    with transaction():
        someone((5, 30))
    both = crossed(lambda: expiring.tell_due(at=clock()), lambda: expiring.tell_due(at=clock()))
    assert (both.first, both.then, both.waited, len(heard)) == (1, 0, False, 1)


def test_who_gets_points_at_that_moment_is_told_like_anybody(app, clock, heard):
    with transaction():
        person_id = someone((5, 30))
    both = crossed(lambda: make.give(person_id, 5), lambda: expiring.tell_due(at=clock()))
    assert (both.then, both.waited, [each.points for each in heard]) == (1, False, [5])
