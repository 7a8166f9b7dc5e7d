"""Closing a day and opening it again: which day, what is counted, what stays on record."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.kernel.db import transaction
from app.rewards.books import closing, queries
from app.rewards.errors import DayNotOver, LaterDayClosed, ReasonNeeded, StockPromised
from tests.rewards import make
from tests.rewards.test_books import ask, close, decide

pytestmark = pytest.mark.once

TODAY, TOMORROW = date(2026, 11, 24), date(2026, 11, 25)


@pytest.fixture
def scene(app):
    return make.scene()


def reopen(closed, by):
    return make.unit(
        lambda: closing.reopen_day(close_id=closed.id, reason="漏了一瓶", by=by, at=make.clock.now())
    )


def test_a_day_is_closed_once_it_has_begun_in_the_city(scene, clock):
    with pytest.raises(DayNotOver):
        close(scene, 5, day=TOMORROW)
    clock.advance(hours=11)  # 01:02; in Greenwich it is still the day before
    assert close(scene, 5, day=TOMORROW).day == TOMORROW


def test_a_surplus_says_why_and_a_count_that_fits_keeps_no_reason(scene, clock):
    with pytest.raises(ReasonNeeded):
        close(scene, 6)
    closed = [close(scene, 6, reason="多了一瓶")]
    clock.advance(days=1)
    closed.append(close(scene, 6, reason="数过两遍"))
    with transaction(write=False):
        counts = [queries.closed_day(each.id, by=scene.manager).counts[0].count for each in closed]
    assert [(each.difference, each.reason) for each in counts] == [(1, "多了一瓶"), (0, None)]


def test_what_riders_were_promised_is_not_counted_away(scene):
    for _ in range(2):
        scene.reserve()
    with pytest.raises(StockPromised):
        close(scene, 1, reason="找不到了")
    assert scene.stock() == (5, 2)
    close(scene, 2, reason="找不到了")
    assert scene.stock() == (2, 2)


def test_only_what_lies_on_the_shelf_is_counted(scene):
    with transaction():
        haircut = make.reward(scene.station, kind="service", name_zh="理发")
    close(scene, 5)
    assert scene.stock(haircut) == (5, 0)


def test_a_closed_day_tells_what_was_undone_from_what_was_refunded(scene, clock, department):
    given = [scene.hand_over(scene.reserve()) for _ in range(4)]
    for voucher in given[:2]:
        scene.undo(voucher)
    clock.advance(minutes=16)
    decide(ask(scene, given[2]), department[0])
    closed = close(scene, 4)
    assert (closed.handed_over, closed.undone, closed.refunded, closed.points) == (2, 2, 1, 20)


def test_only_the_last_closed_day_is_opened_again_and_it_is_on_record(scene, clock, deputy):
    first = close(scene, 5)
    clock.advance(days=1)
    second = close(scene, 5)
    with pytest.raises(LaterDayClosed):
        reopen(first, deputy)
    for each in (second, first):
        reopen(each, deputy)
    assert make.recorded("day.reopened") == [
        {"subject": f"station:{scene.station.id}", "day": day.isoformat(), "reason": "漏了一瓶"}
        for day in (TODAY + timedelta(days=1), TODAY)
    ]
