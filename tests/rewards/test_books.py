"""A station's books: closed days stay as they are, refunds need two people, statements add up to the ledger."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.kernel import clock as clock_module
from app.kernel.db import session, transaction
from app.kernel.errors import Forbidden
from app.rewards import ordering
from app.rewards.books import closing, queries, refunding, settling, statements
from app.rewards.books.closing import Counted
from app.rewards.books.models import Settlement
from app.rewards.errors import (
    ClosedByYourself,
    DayClosed,
    MonthNotOver,
    MonthSettled,
    MoreThanOwed,
    ReasonNeeded,
    RefundAsked,
    RefundByYourself,
    RefundTooEarly,
    RewardLimitReached,
    SettlementCarriedOver,
    SettlementSignedByYourself,
    StockUncounted,
    VoucherRefunded,
)
from app.rewards.events import RefundDeclined, RewardRefunded
from app.rewards.models import Stock
from tests.owning import without_triggers
from tests.rewards import make


@pytest.fixture
def scene(app):
    return make.scene()


def close(scene, counted, *, reason=None, day=None, by=None):
    day = day or clock_module.city_day(clock_module.now())
    counts = [Counted(scene.reward.id, counted, reason)] if counted is not None else []
    return make.unit(
        lambda: closing.close_day(
            station_id=scene.station.id, day=day, counts=counts, by=by or scene.manager, at=clock_module.now()
        )
    )


def ask(scene, voucher, *, came_back=True):
    return make.unit(
        lambda: refunding.ask_refund(
            voucher_id=voucher.id, reason="坏的", came_back=came_back, by=scene.manager, at=clock_module.now()
        )
    )


def decide(refund, by, approved=True):
    return make.unit(
        lambda: refunding.decide_refund(refund_id=refund.id, approved=approved, by=by, at=clock_module.now())
    )


def settle(scene, month):
    at = clock_module.now()
    return make.unit(
        lambda: settling.settle(station_id=scene.station.id, month=month, by=scene.manager, at=at)
    )


def running(scene):
    with transaction(write=False):
        return queries.today_at(scene.station.id, clock_module.now())


def test_a_closed_day_keeps_its_list_and_an_undo_falls_on_the_next(scene):
    voucher = scene.hand_over(scene.reserve())
    closed = close(scene, 4)
    assert (closed.handed_over, closed.points) == (1, 20)
    scene.undo(voucher)
    day = running(scene)
    assert (day.day, day.undone, day.points) == (closed.day + timedelta(days=1), 1, -20)
    with transaction(write=False):
        listed = [line.kind for line in queries.closed_day(closed.id, by=scene.manager).lines]
    assert listed == ["hand_over"]


def test_all_is_counted_and_a_difference_says_why_and_becomes_the_number(scene):
    with pytest.raises(StockUncounted):
        close(scene, None)
    with pytest.raises(ReasonNeeded):
        close(scene, 3)
    close(scene, 3, reason="少了两瓶")
    assert scene.stock() == (3, 0)
    with pytest.raises(DayClosed):
        close(scene, 3)
    make.must_agree()


def test_a_day_is_reopened_by_somebody_else(scene, deputy):
    scene.hand_over(scene.reserve())
    closed = close(scene, 4)

    def reopen(by):
        return make.unit(
            lambda: closing.reopen_day(close_id=closed.id, reason="漏了", by=by, at=clock_module.now())
        )

    with pytest.raises(ClosedByYourself):
        reopen(scene.manager)
    reopen(deputy)
    again = close(scene, 4)
    assert (again.number, again.handed_over) == (2, 1)


def test_a_refund_needs_a_second_person_and_gives_back_once(scene, clock, department):
    voucher = scene.hand_over(scene.reserve())
    with pytest.raises(RefundTooEarly):
        ask(scene, voucher)
    clock.advance(minutes=15)
    with pytest.raises(RefundTooEarly):
        ask(scene, voucher)
    clock.advance(microseconds=1)
    refund = ask(scene, voucher)
    with pytest.raises(RefundAsked):
        ask(scene, voucher)
    with pytest.raises(Forbidden):
        decide(refund, scene.manager)
    decide(refund, department[0])
    assert (scene.balance(), scene.stock(), scene.owed()) == ((100, 0), (5, 0), 0)
    with pytest.raises(VoucherRefunded):
        ask(scene, voucher)
    make.must_agree()


@pytest.mark.once
def test_a_declined_refund_moves_nothing_and_is_told_as_declined(scene, clock, department):
    voucher = scene.hand_over(scene.reserve())
    clock.advance(minutes=16)
    with make.listening(RefundDeclined, RewardRefunded) as heard:
        decide(ask(scene, voucher), department[0], approved=False)
    assert [(type(each), each.voucher_id) for each in heard] == [(RefundDeclined, voucher.id)]
    assert (scene.balance(), scene.stock(), scene.owed()) == ((80, 0), (4, 0), 20)


def test_a_thing_that_did_not_come_back_is_not_on_the_shelf(scene, clock, department):
    voucher = scene.hand_over(scene.reserve())
    clock.advance(minutes=16)
    decide(ask(scene, voucher, came_back=False), department[0])
    assert (scene.balance(), scene.stock()) == ((100, 0), (4, 0))
    make.must_agree()


def test_whoever_asks_for_a_refund_does_not_decide_it(scene, clock, department):
    voucher = scene.hand_over(scene.reserve())
    clock.advance(minutes=16)
    asked = make.unit(
        lambda: refunding.ask_refund(
            voucher_id=voucher.id, reason="坏的", came_back=True, by=department[0], at=clock.at
        )
    )
    with pytest.raises(RefundByYourself):
        decide(asked, department[0])


def test_a_statement_adds_up_to_the_ledger_and_is_the_same_bytes(scene, clock, department):
    scene.undo(scene.hand_over(scene.reserve()))
    scene.hand_over(scene.reserve())
    month = clock_module.city_day(clock.at)
    with pytest.raises(MonthNotOver):
        settle(scene, month)
    clock.advance(days=10)
    made = settle(scene, month)
    assert (made.opening, made.captured, made.undone, made.closing) == (0, 40, 20, 20)
    assert made.closing == scene.owed()
    with pytest.raises(MonthSettled):
        settle(scene, month)
    files = [(statements.statement_pdf(made), statements.statement_xlsx(made))]
    clock.advance(days=3)
    assert (statements.statement_pdf(made), statements.statement_xlsx(made)) in files
    make.unit(lambda: settling.sign(settlement_id=made.id, by=department[0], at=clock.at))
    with pytest.raises(SettlementSignedByYourself):
        make.unit(lambda: settling.mark_paid(settlement_id=made.id, by=department[0], at=clock.at))
    make.unit(lambda: settling.mark_paid(settlement_id=made.id, by=department[1], at=clock.at))
    assert scene.owed() == 0
    clock.advance(days=31)
    following = settle(scene, month + timedelta(days=31))
    assert (following.opening, following.paid, following.closing) == (20, 20, 0)
    with transaction(write=False):
        assert settling.settlements_that_disagree() == []
    make.must_agree()


def test_what_was_carried_over_is_paid_once(scene, clock, department):
    """The month before is settled, but not paid, when the next statement is made: it opens with the same points."""
    scene.hand_over(scene.reserve())
    month = clock_module.city_day(clock.at)
    clock.advance(days=10)
    first = settle(scene, month)
    clock.advance(days=31)
    second = settle(scene, month + timedelta(days=31))
    assert (first.closing, second.opening, second.closing) == (20, 20, 20)
    for made in (first, second):
        make.unit(lambda made=made: settling.sign(settlement_id=made.id, by=department[0], at=clock.at))
    with pytest.raises(SettlementCarriedOver):
        make.unit(lambda: settling.mark_paid(settlement_id=first.id, by=department[1], at=clock.at))
    make.unit(lambda: settling.mark_paid(settlement_id=second.id, by=department[1], at=clock.at))
    assert scene.owed() == 0
    make.must_agree()


def test_no_more_is_paid_than_is_owed_by_now(scene, clock, department):
    voucher = scene.hand_over(scene.reserve())
    month = clock_module.city_day(clock.at)
    clock.advance(days=10)
    made = settle(scene, month)
    make.unit(lambda: settling.sign(settlement_id=made.id, by=department[0], at=clock.at))
    decide(ask(scene, voucher), department[0])
    assert scene.owed() == 0
    with pytest.raises(MoreThanOwed):
        make.unit(lambda: settling.mark_paid(settlement_id=made.id, by=department[1], at=clock.at))


def test_the_job_settles_last_month_once(scene, clock):
    scene.hand_over(scene.reserve())
    clock.advance(days=10)
    assert [make.unit(lambda: settling.settle_due(at=clock.at)) for _ in range(2)] == [1, 0]


def first_of_next_month(clock):
    month = clock_module.city_day(clock.at)
    return clock_module.city_midnight(settling.next_month(month))


def test_what_was_handed_over_since_falls_on_the_next_statement(scene, clock):
    scene.hand_over(scene.reserve())
    month, clock.at = clock_module.city_day(clock.at), first_of_next_month(clock)
    scene.hand_over(scene.reserve())  # 00:00 sharp belongs to the new month
    clock.advance(hours=9)
    scene.hand_over(scene.reserve())
    made = settle(scene, month)
    assert (made.opening, made.captured, made.closing, scene.owed()) == (0, 20, 20, 60)
    clock.at = first_of_next_month(clock)
    following = settle(scene, settling.next_month(month))
    assert (following.opening, following.captured, following.closing) == (20, 40, 60)


def test_the_job_leaves_stations_a_day_for_what_is_sent_in_late(scene, clock):
    scene.hand_over(scene.reserve())
    clock.at = first_of_next_month(clock)
    clock.advance(minutes=30)
    assert make.unit(lambda: settling.settle_due(at=clock.at)) == 0
    clock.advance(days=1)
    assert make.unit(lambda: settling.settle_due(at=clock.at)) == 1


def test_a_limit_counts_in_its_period(app, clock):
    scene = make.scene(limit_count=1, limit_period="day")
    scene.hand_over(scene.reserve())
    with pytest.raises(RewardLimitReached):
        scene.reserve()
    clock.advance(days=1)
    assert scene.reserve().share_no == 1


def test_staff_reserve_on_behalf_of_a_rider(scene):
    with transaction():
        make.a_rider("老张", points=50, phone="+8613800138055")
    made = make.unit(
        lambda: ordering.reserve_on_behalf(
            phone="+8613800138055", reward_id=scene.reward.id, station_id=scene.station.id, reason="没带手机",
            by=scene.manager, at=clock_module.now(),
        )
    )  # fmt: skip
    assert made.reserved_by == scene.manager.person_id
    make.must_agree()


@pytest.mark.parametrize(
    ("touched", "value", "named"),
    [
        (Settlement.sha256, "0" * 64, "settlement statement"),
        (Stock.on_hand, 99, "stock "),
        (Stock.held, 3, "stock "),
    ],
)
def test_the_command_line_names_what_was_touched(app, scene, clock, touched, value, named):
    """The planted bug: a statement and a shelf changed behind the product's back."""
    scene.hand_over(scene.reserve())
    month = clock_module.city_day(clock.at)
    clock.advance(days=10)
    settle(scene, month)
    assert verified(app)[0] == 0
    with transaction():
        without_triggers()
        session.execute(sa.update(touched.class_).values({touched.key: value}))
    code, said = verified(app)
    assert code == 1
    assert named in said


def verified(app):
    session.remove()
    done = app.test_cli_runner().invoke(args=["ledger", "verify"])
    return done.exit_code, done.output
