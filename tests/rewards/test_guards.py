"""What the database refuses even if the code above it were wrong."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, insert, update
from sqlalchemy.exc import IntegrityError

from app.kernel import clock as clock_module
from app.kernel.db import session, transaction
from app.kernel.ids import new_id
from app.rewards import ordering
from app.rewards.models import Stock, StockMovement, Voucher
from tests.rewards import make

# How a voucher stands and what came of it.
NOT_PROMISED = {"state", "open_slot", "share_no"}
NOT_PROMISED |= {"handed_over_at", "handed_over_by", "ended_at", "ended_by"}


def refused(*statements):
    with pytest.raises(IntegrityError), transaction():
        for statement in statements:
            session.execute(statement)


def change(voucher, **values):
    return update(Voucher).where(Voucher.id == voucher.id).values(**values)


def movement(stock_id: UUID, kind: str, quantity: int, **more):
    row = {"id": new_id(), "stock_id": stock_id, "kind": kind, "quantity": quantity, "at": clock_module.now()}
    return insert(StockMovement).values(**row | more)


def test_an_ended_voucher_never_changes(app):
    scene = make.scene()
    cancelled = scene.cancel(scene.reserve())
    undone = scene.undo(scene.hand_over(scene.reserve()))
    for voucher in (cancelled, undone):
        refused(change(voucher, ended_at=clock_module.now()))
        refused(change(voucher, state="handed_over", handed_over_at=clock_module.now(), ended_at=None))


def test_a_voucher_keeps_what_it_promises(app):
    voucher = make.scene().reserve()
    refused(change(voucher, state="handed_over", open_slot=None, handed_over_at=clock_module.now(), points=1))
    refused(change(voucher, state="cancelled", open_slot=None, ended_at=clock_module.now(), serial="0" * 13))
    refused(change(voucher, expires_at=clock_module.now()))


def test_a_voucher_keeps_every_word_of_its_promise_also_while_it_ends(app, clock):
    voucher = make.scene().reserve()
    ends = {"state": "cancelled", "open_slot": None, "ended_at": clock.at}
    moment = timedelta(microseconds=1)
    others = {"serial": "0" * 13, "points": 1}
    others |= {"reserved_at": voucher.reserved_at - moment, "expires_at": voucher.expires_at + moment}
    others |= {"period_on": voucher.period_on - timedelta(days=31)}
    kept = {each.name for each in Voucher.__table__.columns} - NOT_PROMISED
    for column in sorted(kept):
        with pytest.raises(IntegrityError, match="only move forward"), transaction():
            session.execute(change(voucher, **ends, **{column: others.get(column, new_id())}))


def test_a_hand_over_is_not_backdated(app, clock):
    scene = make.scene()
    voucher = scene.hand_over(scene.reserve())
    refused(change(voucher, state="undone", ended_at=clock.at, handed_over_at=clock.advance(hours=-1)))


def test_who_reserved_it_for_a_rider_is_not_forgotten(app, clock):
    scene = make.scene()
    by_the_rider = scene.reserve()
    where = {"reward_id": scene.reward.id, "station_id": scene.station.id}
    by_staff = make.unit(
        lambda: ordering.reserve_for(person_id=scene.rider.id, **where, by=scene.manager, at=clock.at)
    )
    ends = {"state": "cancelled", "open_slot": None, "ended_at": clock.at}
    refused(change(by_staff, **ends, reserved_by=None))
    refused(change(by_the_rider, **ends, reserved_by=scene.manager.id))


def test_who_handed_it_over_stays_whatever_becomes_of_it(app, clock):
    scene = make.scene()
    voucher = scene.hand_over(scene.reserve())
    for somebody in (scene.rider.id, None):
        refused(change(voucher, state="undone", ended_at=clock.at, handed_over_by=somebody))


@pytest.mark.usefixtures("owned")
def test_a_voucher_is_never_deleted(app):
    voucher = make.scene().reserve()
    refused(delete(Voucher).where(Voucher.id == voucher.id))


def test_each_step_of_a_voucher_moves_stock_once(app):
    """Whatever the code does: the same voucher is not handed over, undone or refunded a second time on the shelf."""
    scene = make.scene()
    voucher = scene.undo(scene.hand_over(scene.reserve()))
    for kind, quantity in (("hand_over", -1), ("undo", 1)):
        with (
            pytest.raises(IntegrityError, match=r"once_per_voucher|voucher_id, stock_movements\.kind"),
            transaction(),
        ):
            session.execute(movement(voucher.stock_id, kind, quantity, voucher_id=voucher.id))


def test_stock_is_never_oversold(app):
    scene = make.scene(stock=1)
    stock_id = scene.reserve().stock_id
    refused(update(Stock).where(Stock.id == stock_id).values(held=2))
    refused(movement(stock_id, "write_off", -1, reason="x"))
    refused(update(Stock).where(Stock.id == stock_id).values(held=-1))


@pytest.mark.usefixtures("owned")
def test_movements_are_never_changed_or_deleted(app):
    make.scene()
    refused(update(StockMovement).values(quantity=9))
    refused(delete(StockMovement))


def test_one_voucher_takes_one_item_off_the_shelf(app):
    scene = make.scene()
    voucher = scene.hand_over(scene.reserve())
    refused(movement(voucher.stock_id, "hand_over", -1, voucher_id=voucher.id))


def test_a_write_off_and_a_difference_need_a_reason(app):
    stock_id = make.scene().reserve().stock_id
    refused(movement(stock_id, "write_off", -1))
    refused(movement(stock_id, "count", -1))
    refused(movement(stock_id, "delivery", -1))


def test_a_share_of_the_month_is_taken_once(app):
    voucher = make.scene(limit_count=2).reserve()
    columns = {each.name: getattr(voucher, each.name) for each in Voucher.__table__.columns}
    copy = {"id": new_id(), "serial": "1" * 13, "hold_id": new_id(), "open_slot": 2}
    refused(insert(Voucher).values(**columns | copy))


def test_a_fourth_open_voucher_has_no_slot(app):
    scene = make.scene()
    first, second = scene.reserve(), scene.reserve()
    columns = {each.name: getattr(second, each.name) for each in Voucher.__table__.columns}
    copy = {"id": new_id(), "serial": "1" * 13, "hold_id": new_id()}
    refused(insert(Voucher).values(**columns | copy | {"open_slot": first.open_slot}))
    refused(insert(Voucher).values(**columns | copy | {"open_slot": 4}))
    refused(insert(Voucher).values(**columns | copy | {"open_slot": None}))
