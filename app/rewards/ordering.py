"""A rider chooses a reward: points and stock are put aside together, or given back together.

Reserving is four statements: read the offer and the rider's limits, promise an item, hold the points, write the
voucher. What many riders want at once, the stock row, is locked as late as the order of locks allows.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import make_transient_to_detached

from app.audit.recording import record
from app.codes.kinds.voucher import new_serial
from app.identity import queries as people
from app.identity.actors import Actor
from app.kernel.db import insert_if_absent, session
from app.kernel.errors import Unavailable
from app.kernel.events import publish
from app.kernel.i18n import say
from app.kernel.ids import new_id
from app.ledger import holds
from app.ledger.errors import PointsShort
from app.places.models import Station
from app.rewards import picking_up, queries, shares, shelf, shop, turning
from app.rewards.errors import OutOfStock, RiderUnknown
from app.rewards.events import ReservedOnBehalf, RewardCancelled, RewardReserved
from app.rewards.models import RESERVED, Reward, Voucher
from app.rewards.shares import Used

# A hold outlives its voucher, so that points and stock always end together, by `expiring`, and never one alone.
HOLD_OUTLIVES = timedelta(days=30)

_TRIES = 4


def reserve(*, reward_id: UUID, station_id: UUID, by: Actor, at: datetime) -> Voucher:
    """Put one reward aside for the rider who asks, and hold its points."""
    return reserve_for(person_id=by.id, reward_id=reward_id, station_id=station_id, by=by, at=at)


def reserve_for(*, person_id: UUID, reward_id: UUID, station_id: UUID, by: Actor, at: datetime) -> Voucher:
    """The same for a named rider: the counter reserves on the rider's behalf. Whoever calls has checked that it may."""
    reward, station, numbers = _may_have(person_id, reward_id, station_id, at)
    voucher_id, expires_at = new_id(), picking_up.deadline(reward, station, at)
    try:
        stock_id = shelf.keep_one(reward_id=reward_id, station_id=station_id)
        if stock_id is None:
            raise _out_of_stock(reward, station)
        hold = holds.hold(
            person_id=person_id,
            points=reward.points,
            source=f"voucher:{voucher_id}",
            expires_at=expires_at + HOLD_OUTLIVES,
            by=by,
            at=at,
        )
    except (OutOfStock, PointsShort):
        # Another request of this rider may have been waited for: what it used up is the first reason, as ever.
        _may_have(person_id, reward_id, station_id, at)
        raise
    promised = {
        "id": voucher_id,
        "person_id": person_id,
        "reward_id": reward_id,
        "station_id": station_id,
        "stock_id": stock_id,
        "hold_id": hold.id,
        "points": reward.points,
        "state": RESERVED,
        "reserved_by": by.person_id if by.person_id != person_id else None,
        "reserved_at": at,
        "expires_at": expires_at,
    }
    voucher = _write(promised, reward, numbers)
    publish(RewardReserved(**queries.facts_of(voucher), at=at))
    return voucher


def reserve_on_behalf(
    *, phone: str, reward_id: UUID, station_id: UUID, reason: str, by: Actor, at: datetime
) -> Voucher:
    """Staff reserve for a rider who has no phone at hand; the rider gets the voucher on paper and is told.

    `phone` is the rider's whole number, in E.164. Whoever did it, for whom and why, goes into the audit log. Raises
    RiderUnknown and what `reserve` raises.
    """
    by.must("station.scan", station_id=station_id)
    rider = people.person_by_phone(phone)
    if rider is None or not rider.is_rider:
        raise RiderUnknown(fields={"phone": ["rider-unknown"]})
    voucher = reserve_for(person_id=rider.id, reward_id=reward_id, station_id=station_id, by=by, at=at)
    facts = {"person_id": str(rider.id), "station_id": str(station_id), "reason": reason}
    record(action="voucher.reserved-on-behalf", subject=f"voucher:{voucher.id}", facts=facts, by=by, at=at)
    publish(ReservedOnBehalf(**queries.facts_of(voucher), at=at))
    return voucher


def cancel(*, voucher_id: UUID, by: Actor, at: datetime) -> Voucher:
    """The rider gives a reserved reward up; points and stock go back, once."""
    return cancel_for(voucher_id=voucher_id, person_id=by.id, by=by, at=at)


def cancel_for(*, voucher_id: UUID, person_id: UUID, by: Actor, at: datetime) -> Voucher:
    """The same for a named rider. Whoever calls has checked that it may."""
    voucher = turning.cancel(voucher_id, person_id=person_id, by=by, at=at)
    shelf.give_back([voucher])
    holds.release(voucher.hold_id, source=f"voucher:{voucher.id}:cancelled", by=by, at=at)
    publish(RewardCancelled(**queries.facts_of(voucher), at=at))
    return voucher


def _may_have(
    person_id: UUID, reward_id: UUID, station_id: UUID, at: datetime
) -> tuple[Reward, Station, dict[str, Any]]:
    """What is on offer there and the lowest numbers the rider has left. Refuses when there is none."""
    reward, station, used = shares.on_offer_to(person_id, reward_id=reward_id, station_id=station_id, at=at)
    return reward, station, _free_numbers(reward, used, at)


def _write(promised: dict[str, Any], reward: Reward, numbers: dict[str, Any]) -> Voucher:
    # Two requests of one rider at the same moment may have picked the same free number: the second waits for the
    # first, finds the number taken, and looks again.
    for _ in range(_TRIES):
        values = promised | numbers | {"serial": new_serial()}
        if insert_if_absent(Voucher, values):
            return _as_loaded(values)
        used = shares.used_by(promised["person_id"], promised["reserved_at"])
        numbers = _free_numbers(reward, used, promised["reserved_at"])
    raise Unavailable


def _as_loaded(values: dict[str, Any]) -> Voucher:
    # The row is in the database already; the session only learns of it.
    blank = {column.name: None for column in Voucher.__table__.columns}
    voucher = Voucher(**blank | values)
    make_transient_to_detached(voucher)
    session.add(voucher)
    return voucher


def _free_numbers(reward: Reward, used: Used, at: datetime) -> dict[str, Any]:
    """The lowest open slot and the lowest share that the rider has left. Refuses when there is none."""
    slot = used.free_slot()
    period_on, share_no = used.free_share(reward, at)
    return {"open_slot": slot, "period_on": period_on, "share_no": share_no}


def _out_of_stock(reward: Reward, station: Station) -> OutOfStock:
    elsewhere = shop.places_with(reward.id, near=station.position, but_not=station.id)
    if not elsewhere:
        return OutOfStock(reward=reward.name, nearby=say("rewards.nowhere-near"))
    nearest = elsewhere[0]
    name, distance_m = nearest.station.name, nearest.distance_m
    nearby = say("rewards.nearby", station=name, distance_m=distance_m)
    return OutOfStock(
        reward=reward.name, nearby=nearby, station_id=nearest.station.id, station=name, distance_m=distance_m
    )
