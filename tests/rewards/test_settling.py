"""Settling months: what a statement says on paper, when none is due, and what the check finds in a rewritten one."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from app.kernel.db import session, transaction
from app.rewards import redemption
from app.rewards.books import settling
from app.rewards.books.models import Settlement
from app.rewards.errors import NothingOwed
from tests import make as common
from tests.owning import without_triggers
from tests.rewards import make
from tests.rewards.test_books import ask, decide, first_of_next_month, settle

pytestmark = pytest.mark.once

NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)


@pytest.fixture
def scene(app):
    return make.scene()


def sign(made, by):
    make.unit(lambda: settling.sign(settlement_id=made.id, by=by, at=make.clock.now()))


def pay(made, by):
    make.unit(lambda: settling.mark_paid(settlement_id=made.id, by=by, at=make.clock.now()))


def test_nobody_signs_by_paying(scene, clock, department):
    scene.hand_over(scene.reserve())
    clock.at = first_of_next_month(clock)
    made = settle(scene, NOVEMBER)
    signer, payer = (each.id for each in department)
    values = {"signed_by": signer, "signed_at": clock.at, "paid_by": payer, "paid_at": clock.at}
    with pytest.raises(sa.exc.IntegrityError, match="only move forward"), transaction():
        session.execute(sa.update(Settlement).where(Settlement.id == made.id).values(values))


def test_on_paper_each_day_and_each_reward_has_its_own_line_and_taken_back_points_their_minus(
    scene, clock, department
):
    scene.hand_over(scene.reserve())
    scene.undo(scene.hand_over(scene.reserve()))
    clock.advance(hours=11)  # 01:02 on the 25th; in Greenwich it is still the 24th
    voucher = scene.hand_over(scene.reserve())
    clock.advance(minutes=16)
    decide(ask(scene, voucher), department[0])
    clock.advance(days=10)
    shown = make.sheets(settle(scene, NOVEMBER))
    heads = ("发放", "当场撤销", "事后退还", "积分")
    assert [row[:5] for row in shown["按日期"] if row[0]][-3:] == [
        ("按日期", *heads),
        ("2026-11-24", 2, 1, 0, 20),
        ("2026-11-25", 1, 0, 1, 0),
    ]
    assert [row[:5] for row in shown["按奖品"] if row[0]][-1] == ("矿泉水", 3, 1, 1, 20)
    sums = dict(row[:2] for row in shown["汇总"])
    assert (sums["本期兑换"], sums["当场撤销"], sums["事后退还"], sums["期末应付"]) == (60, -20, -20, 20)


def test_who_was_paid_and_then_gives_back_owes_and_is_not_paid(scene, clock, department):
    voucher = scene.hand_over(scene.reserve())
    clock.advance(days=10)
    november = settle(scene, NOVEMBER)
    sign(november, department[0])
    pay(november, department[1])
    decide(ask(scene, voucher), department[0])
    clock.at = first_of_next_month(clock)
    december = settle(scene, DECEMBER)
    figures = (december.opening, december.paid, december.refunded, december.closing)
    assert figures == (20, 20, 20, -20)
    sign(december, department[0])
    with pytest.raises(NothingOwed):
        pay(december, department[1])
    assert scene.owed() == -20
    with transaction(write=False):
        assert settling.settlements_that_disagree() == []


def test_the_job_leaves_a_month_alone_once_a_later_one_is_settled(scene, clock):
    """Settled by hand on New Year's night, when the job still looks at November; something of then is sent in.

    A station next door that is due is not kept waiting by it, however few are settled at a time.
    """
    with transaction():
        other = common.station("新街口驿站", position=make.NEXT_DOOR)
        there = common.actor(common.staff("station-manager", station_id=other.id, name="赵站长"))
        tea = make.reward(other)
    cup = make.unit(lambda: make.reserve(tea, other, scene.rider))
    make.unit(lambda: make.hand_over(cup, other.id, there))
    scene.hand_over(scene.reserve())
    late = scene.reserve()
    clock.at = first_of_next_month(clock)
    then = clock.at
    clock.at = first_of_next_month(clock)
    settle(scene, DECEMBER)
    make.unit(
        lambda: redemption.hand_over(
            voucher_id=late.id, station_id=scene.station.id, by=scene.manager, at=then - timedelta(minutes=1)
        )
    )
    assert [make.unit(lambda: settling.settle_due(at=clock.at, limit=1)) for _ in range(2)] == [1, 0]
    with transaction(write=False):
        november = session.scalars(sa.select(Settlement).where(Settlement.month == NOVEMBER)).all()
    assert [each.station_id for each in november] == [other.id]


@pytest.mark.parametrize(
    ("added", "sealed_again"),
    [
        ({"opening": 50, "closing": 50}, True),
        ({"captured": 50, "closing": 50}, True),
        ({"captured": 50, "undone": 50}, False),
    ],
    ids=["a balance from nowhere", "more than the ledger has", "other sums than those sealed"],
)
def test_a_rewritten_statement_is_found_even_with_a_fitting_seal(scene, clock, added, sealed_again):
    scene.hand_over(scene.reserve())
    clock.advance(days=10)
    made = settle(scene, NOVEMBER)
    values = {name: getattr(made, name) + points for name, points in added.items()}
    if sealed_again:
        facts = made.facts | {"sums": made.facts["sums"] | values}
        values |= {"facts": facts, "sha256": settling.seal(facts)}
    with transaction():
        without_triggers()
        session.execute(sa.update(Settlement).values(values))
    with transaction(write=False):
        assert settling.settlements_that_disagree() == [made.number]
