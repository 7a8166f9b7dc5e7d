"""A hand-over whose writes go out with the COMMIT leaves the same rows as one that waits for each."""

from __future__ import annotations

import threading

from sqlalchemy import select

from app.kernel import clock
from app.kernel.answering import edge_of
from app.kernel.db import dialect_name, in_transaction, session, transaction
from app.kernel.idempotency import IdempotencyRecord
from app.ledger.models import Entry, Hold, LedgerTransaction
from app.ledger.verify import verify
from app.rewards import api, ordering, redemption
from app.rewards.models import StockMovement, Voucher

ITS_OWN = {"id", "serial", "key", "fingerprint", "source", "end_source", "open_slot", "share_no"}


def hand_over(counter, scene, voucher):
    body = {"voucher_id": str(voucher.id), "station_id": str(scene.station.id)}
    return counter.post("/api/v1/redemptions", json=body, headers={"Idempotency-Key": f"key-{voucher.id}"})


def written(voucher_id):
    """Every row of one hand-over, without what is each one's own."""
    with transaction(write=False):
        voucher = session.get_one(Voucher, voucher_id)
        hold = session.get_one(Hold, voucher.hold_id)
        booked = session.get_one(LedgerTransaction, hold.transaction_id)
        entries = session.scalars(
            select(Entry).where(Entry.transaction_id == booked.id).order_by(Entry.amount)
        ).all()
        moved = session.scalars(select(StockMovement).filter_by(voucher_id=voucher_id)).all()
        said = session.scalars(select(IdempotencyRecord).filter_by(key=f"key-{voucher_id}")).all()
        assert booked.source == hold.end_source == f"voucher:{voucher_id}:handed-over"
        assert verify() == []
        return [
            (
                type(each).__name__,
                {
                    name: str(getattr(each, name)).replace(str(voucher_id), "VOUCHER")
                    for name in each.__table__.columns.keys()  # noqa: SIM118
                    if name not in ITS_OWN and not name.endswith("_id")
                },
            )
            for each in (voucher, hold, booked, *entries, *moved, *said)
        ]


def test_both_ways_leave_the_same_rows(counter, scene, clock, monkeypatch):
    at_once = scene.reserve()
    assert hand_over(counter, scene, at_once).status_code == 201
    monkeypatch.setattr(edge_of(api.hand_over), "unanswered", False)
    one_by_one = scene.reserve()
    assert hand_over(counter, scene, one_by_one).status_code == 201
    rows = written(at_once.id)
    assert rows == written(one_by_one.id)
    assert len(rows) == 7


def test_a_voucher_that_is_cancelled_meanwhile_is_refused_and_leaves_nothing(counter, scene, monkeypatch):
    voucher, done = scene.reserve(), []
    looked = redemption.picking_up.must_be_open

    def cancelled_in_between(*given):
        looked(*given)
        if not done and dialect_name() == "postgresql":
            cancel = threading.Thread(target=lambda: cancelled(scene, voucher, counter.application))
            cancel.start()
            cancel.join()
        done.append(1)

    monkeypatch.setattr(redemption.picking_up, "must_be_open", cancelled_in_between)
    answer = hand_over(counter, scene, voucher)
    if dialect_name() == "postgresql":
        assert (answer.status_code, answer.json["code"]) == (409, "voucher-cancelled")
        assert scene.stock() == (4, 0)
    else:
        assert answer.status_code == 201
    with transaction(write=False):
        assert verify() == []


def cancelled(scene, voucher, app):
    with app.app_context():
        in_transaction(lambda: ordering.cancel(voucher_id=voucher.id, by=scene.rider, at=clock.now()))
