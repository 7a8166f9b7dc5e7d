"""A rider chooses a reward: points and stock are put aside together, or given back together."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from app.codes.kinds.voucher import new_serial
from app.identity.actors import Actor
from app.kernel.db import insert_if_absent, session
from app.kernel.errors import Unavailable
from app.kernel.events import publish
from app.kernel.i18n import say
from app.kernel.ids import new_id
from app.ledger import holds
from app.places.models import Station
from app.rewards import queries, shelf, turning
from app.rewards.errors import OutOfStock, RewardLimitReached, VoucherLimitReached
from app.rewards.events import RewardCancelled, RewardReserved
from app.rewards.models import MAX_OPEN_VOUCHERS, RESERVED, Reward, Voucher, month_of

# A hold outlives its voucher, so that points and stock always end together, by `expiring`, and never one alone.
HOLD_OUTLIVES = timedelta(days=30)

_TRIES = 4


def reserve(*, reward_id: UUID, station_id: UUID, by: Actor, at: datetime) -> Voucher:
    """Put one reward aside for the rider who asks, and hold its points."""
    return reserve_for(person_id=by.id, reward_id=reward_id, station_id=station_id, by=by, at=at)


def reserve_for(*, person_id: UUID, reward_id: UUID, station_id: UUID, by: Actor, at: datetime) -> Voucher:
    """The same for a named rider: the counter reserves on the rider's behalf. Whoever calls has checked that it may."""
    reward, station = queries.on_offer_at(reward_id, station_id)
    numbers = _free_numbers(person_id, reward, at)
    stock_id = shelf.keep_one(reward_id=reward_id, station_id=station_id)
    if stock_id is None:
        raise _out_of_stock(reward, station)
    voucher_id, expires_at = new_id(), reward.pick_up_until(at)
    hold = holds.hold(
        person_id=person_id,
        points=reward.points,
        source=f"voucher:{voucher_id}",
        expires_at=expires_at + HOLD_OUTLIVES,
        by=by,
        at=at,
    )
    voucher = _write(
        {
            "id": voucher_id,
            "person_id": person_id,
            "reward_id": reward_id,
            "station_id": station_id,
            "stock_id": stock_id,
            "hold_id": hold.id,
            "points": reward.points,
            "state": RESERVED,
            "month": month_of(at),
            "reserved_at": at,
            "expires_at": expires_at,
        },
        reward,
        numbers,
    )
    publish(RewardReserved(**queries.facts_of(voucher), at=at))
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


def _write(values: dict[str, object], reward: Reward, numbers: dict[str, int | None]) -> Voucher:
    # Two requests of one rider at the same moment may have picked the same free number: the second waits for the
    # first, finds the number taken, and looks again.
    for _ in range(_TRIES):
        if insert_if_absent(Voucher, values | numbers | {"serial": new_serial()}):
            return session.get_one(Voucher, values["id"])
        numbers = _free_numbers(values["person_id"], reward, values["reserved_at"])  # type: ignore[arg-type]
    raise Unavailable


def _free_numbers(person_id: UUID, reward: Reward, at: datetime) -> dict[str, int | None]:
    """The lowest open slot and the lowest share of this month that the rider has left. Refuses when there is none."""
    taken = queries.numbers_taken(person_id, reward.id, month_of(at))
    slots = set(range(1, MAX_OPEN_VOUCHERS + 1)) - taken.open_slots
    if not slots:
        raise VoucherLimitReached(limit=MAX_OPEN_VOUCHERS)
    if reward.limit_per_month is None:
        return {"open_slot": min(slots), "month_no": None}
    shares = set(range(1, reward.limit_per_month + 1)) - taken.month_nos
    if not shares:
        raise RewardLimitReached(limit=reward.limit_per_month, reward=reward.name)
    return {"open_slot": min(slots), "month_no": min(shares)}


def _out_of_stock(reward: Reward, station: Station) -> OutOfStock:
    elsewhere = queries.places_with(reward.id, near=station.position, but_not=station.id)
    if not elsewhere:
        return OutOfStock(reward=reward.name, nearby=say("rewards.nowhere-near"))
    nearest = elsewhere[0]
    name, distance_m = nearest.station.name, nearest.distance_m
    nearby = say("rewards.nearby", station=name, distance_m=distance_m)
    return OutOfStock(
        reward=reward.name, nearby=nearby, station_id=nearest.station.id, station=name, distance_m=distance_m
    )
