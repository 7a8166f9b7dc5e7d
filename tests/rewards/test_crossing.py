"""Two hands that cross at a station's shelf and in its books: the second sees what the first has changed."""

from __future__ import annotations

from datetime import date

import pytest

from app.kernel import clock as clock_module
from app.rewards import catalogue, expiring, ordering, stocking
from app.rewards.books import closing, refunding, settling
from app.rewards.books.closing import Counted
from tests.crossing import crossed
from tests.rewards import make
from tests.rewards.test_books import ask, close, settle

NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)


@pytest.fixture
def scene(app, clock):
    return make.scene()


def verb(call, by, **more):
    """The verb as somebody calls it now."""
    return lambda: call(**more, by=by, at=clock_module.now())


def closes(scene, counted, day=None):
    """The manager closes a day with so many bottles counted."""
    return verb(
        closing.close_day,
        scene.manager,
        station_id=scene.station.id,
        day=day or clock_module.city_day(clock_module.now()),
        counts=[Counted(scene.reward.id, counted)],
    )


def reopens(closed, by):
    return verb(closing.reopen_day, by, close_id=closed.id, reason="漏了")


def test_what_is_promised_meanwhile_is_not_written_off(scene):
    shelf = {"reward_id": scene.reward.id, "station_id": scene.station.id}
    both = crossed(
        lambda: make.reserve(scene.reward, scene.station, scene.rider),
        verb(stocking.write_off, scene.manager, **shelf, quantity=5, reason="破损"),
    )
    assert (both.then, scene.stock()) == ("stock-promised", (5, 1))


@pytest.mark.parametrize("stock, points", [(5, 60), (3, 100)], ids=["points", "items"])
def test_whoever_reserves_twice_at_once_is_told_of_the_limit_before_what_else_is_used_up(
    app, clock, stock, points
):
    scene = make.scene(stock=stock, points=points)
    for _ in range(2):
        scene.reserve()
    reserves = lambda: make.reserve(scene.reward, scene.station, scene.rider).state  # noqa: E731 -- for both
    both = crossed(reserves, reserves)
    assert (both.first, both.then) == ("reserved", "voucher-limit-reached")


def test_of_two_reserved_at_once_by_a_rider_the_second_takes_the_next_share(app, clock):
    scene = make.scene(limit_count=2)
    reserves = verb(ordering.reserve, scene.rider, reward_id=scene.reward.id, station_id=scene.station.id)
    both = crossed(reserves, reserves)
    assert [(each.open_slot, each.share_no) for each in (both.first, both.then)] == [(1, 1), (2, 2)]


def test_of_two_who_withdraw_a_reward_at_once_one_is_on_record(scene):
    withdraws = verb(catalogue.withdraw, make.SYSTEM, reward_id=scene.reward.id)
    crossed(withdraws, withdraws)
    assert len(make.recorded("reward.withdrawn")) == 1


def test_whoever_sweeps_leaves_a_voucher_that_is_being_cancelled(scene, clock):
    voucher = scene.reserve()
    clock.at = voucher.expires_at
    both = crossed(
        verb(ordering.cancel, scene.rider, voucher_id=voucher.id), lambda: expiring.expire_due(at=clock.at)
    )
    assert (both.first.state, both.then, both.waited) == ("cancelled", 0, False)


def test_what_goes_over_the_counter_while_it_is_counted_is_on_the_list(scene):
    voucher = scene.reserve()
    both = crossed(lambda: make.hand_over(voucher, scene.station.id, scene.manager), closes(scene, 4))
    assert both.then.handed_over == 1


def test_a_day_is_not_opened_again_while_the_next_one_is_closed(scene, clock, deputy):
    first = close(scene, 5)
    clock.advance(days=1)
    both = crossed(closes(scene, 5), reopens(first, deputy))
    assert both.then == "later-day-closed"


def test_the_next_day_takes_up_what_is_free_again_by_opening_one(scene, clock, deputy):
    scene.hand_over(scene.reserve())
    first = close(scene, 4)
    clock.advance(days=1)
    both = crossed(reopens(first, deputy), closes(scene, 4))
    assert both.then.handed_over == 1


def test_of_two_who_open_a_day_at_once_the_second_is_told_that_it_is_open(scene, deputy):
    first = close(scene, 5)
    both = crossed(reopens(first, deputy), reopens(first, deputy))
    assert both.then == "day-not-closed"


def test_of_two_who_decide_a_refund_at_once_the_second_is_told_that_it_is_decided(scene, clock, department):
    voucher = scene.hand_over(scene.reserve())
    clock.advance(minutes=16)
    asked = ask(scene, voucher)
    both = crossed(
        *(
            verb(refunding.decide_refund, by, refund_id=asked.id, approved=approved)
            for by, approved in zip(department, (False, True), strict=True)
        )
    )
    assert (both.first.state, both.then, scene.balance()) == ("refused", "refund-decided", (80, 0))


def settled(scene, clock):
    scene.hand_over(scene.reserve())
    clock.advance(days=10)
    return settle(scene, NOVEMBER)


def test_of_two_who_sign_at_once_the_second_is_told_that_it_is_signed(scene, clock, department):
    made = settled(scene, clock)
    both = crossed(*(verb(settling.sign, by, settlement_id=made.id) for by in department))
    assert both.then == "settlement-signed"


def test_what_the_next_statement_takes_over_meanwhile_is_not_paid(scene, clock, department):
    made = settled(scene, clock)
    make.unit(verb(settling.sign, department[0], settlement_id=made.id))
    clock.advance(days=31)
    both = crossed(
        verb(settling.settle, scene.manager, station_id=scene.station.id, month=DECEMBER),
        verb(settling.mark_paid, department[1], settlement_id=made.id),
    )
    assert both.then == "settlement-carried-over"


def test_what_is_given_back_meanwhile_is_not_paid(scene, clock, department):
    voucher = scene.hand_over(scene.reserve())
    clock.advance(days=10)
    made, asked = settle(scene, NOVEMBER), ask(scene, voucher, came_back=False)
    make.unit(verb(settling.sign, department[0], settlement_id=made.id))
    both = crossed(
        verb(refunding.decide_refund, department[0], refund_id=asked.id, approved=True),
        verb(settling.mark_paid, department[1], settlement_id=made.id),
    )
    assert (both.then, scene.owed()) == ("settlement-more-than-owed", 0)


def test_the_job_leaves_a_month_that_is_settled_by_hand_meanwhile(scene, clock):
    scene.hand_over(scene.reserve())
    clock.advance(days=10)
    both = crossed(
        verb(settling.settle, scene.manager, station_id=scene.station.id, month=NOVEMBER),
        lambda: settling.settle_due(at=clock.at),
    )
    assert both.then == 0
