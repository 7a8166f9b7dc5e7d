"""Refunds after the quarter of an hour: asked for by one person, decided by the department, never by the same."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app.identity.actors import Actor
from app.kernel.db import insert_if_absent, session
from app.kernel.errors import Forbidden
from app.kernel.events import publish
from app.kernel.ids import new_id
from app.places import queries as places
from app.rewards import queries, redemption, shelf, turning
from app.rewards.books import queries as books
from app.rewards.books.models import APPROVED, REFUSED, WAITING, Refund
from app.rewards.errors import RefundAsked, RefundTooEarly
from app.rewards.events import RefundDeclined, RewardRefunded


def ask_refund(*, voucher_id: UUID, reason: str, came_back: bool, by: Actor, at: datetime) -> Refund:
    """Ask for a hand-over to be taken back. `came_back`: the thing lies on the shelf again.

    The station that handed it over may ask, and the department. Raises VoucherUnknown, RefundTooEarly, RefundAsked.
    """
    voucher = queries.voucher(voucher_id)
    if not (_may_decide(voucher.station_id, by) or by.can("station.scan", station_id=voucher.station_id)):
        raise Forbidden
    voucher.must_be_refundable()
    if voucher.undo_until and at <= voucher.undo_until:
        raise RefundTooEarly(undo_until=voucher.undo_until)
    refund_id = new_id()
    asked = {
        "id": refund_id,
        "voucher_id": voucher_id,
        "station_id": voucher.station_id,
        "reason": reason,
        "came_back": came_back,
        "state": WAITING,
        "asked_by": by.id,
        "asked_at": at,
    }
    if not insert_if_absent(Refund, asked):
        raise RefundAsked
    return session.get_one(Refund, refund_id)


def decide_refund(*, refund_id: UUID, approved: bool, by: Actor, at: datetime) -> Refund:
    """The department's answer. Approved: points to the rider, the thing (if it came back) to the shelf, all at once.

    Raises RefundUnknown, RefundDecided, RefundByYourself.
    """
    refund = books.refund_to_change(refund_id)
    by.must("rewards.manage", region_path=_path_of(refund.station_id))
    refund.must_be_waiting()
    refund.must_be_decided_by_another_than(by.id)
    refund.state, refund.decided_by, refund.decided_at = APPROVED if approved else REFUSED, by.id, at
    session.flush()
    if not approved:
        voucher = queries.voucher(refund.voucher_id)
        publish(RefundDeclined(**queries.facts_of(voucher), at=at))
        return refund
    voucher = turning.refund(refund.voucher_id, by=by, at=at)
    shelf.refunded(voucher, came_back=refund.came_back, by=by, at=at)
    redemption.give_points_back(voucher, kind=redemption.REFUNDED_KIND, how="refunded", by=by, at=at)
    publish(RewardRefunded(**queries.facts_of(voucher), at=at))
    return refund


def _may_decide(station_id: UUID, by: Actor) -> bool:
    return by.can("rewards.manage", region_path=_path_of(station_id))


def _path_of(station_id: UUID) -> str:
    return places.region_path(places.station(station_id).region_code)
