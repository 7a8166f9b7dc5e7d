"""What a device needs for a day without a signal, and no more: no name, no phone number, no key that works tomorrow.

A rider is a handle, the key of one day (which makes no code that the server would take), and how many points may be
spent on trust. A voucher is a digest: a stolen device cannot show one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.codes.enrolling import key_of
from app.codes.kinds import voucher as voucher_code
from app.codes.kinds.personal import day_key
from app.codes.models import GRACE, PersonalHandle
from app.kernel.clock import city_day, city_time
from app.kernel.db import session
from app.ledger.queries import balance_of
from app.places import queries as places
from app.places.models import Station
from app.rewards import queries as rewards
from app.rewards.models import RESERVED, Voucher
from app.sync import queries
from app.sync.chain import packed
from app.sync.models import Lease

EVENING = 20  # from this hour on the keys of tomorrow come along
DIGEST_CHARS = 32  # 128 bits


def manifest_for(lease: Lease, *, at: datetime) -> dict[str, Any]:
    """Everything the device may know for as long as it has no signal."""
    station = places.station(lease.station_id)
    days = [city_day(at)] + ([city_day(at) + timedelta(days=1)] if city_time(at).hour >= EVENING else [])
    return {
        "days": days,
        "riders": _riders(station, days, lease.points_limit - lease.points_used, at),
        "vouchers": [_voucher(each) for each in _waiting_at(station.id)],
        "rewards": [
            {
                "id": each.reward.id,
                "name": each.reward.name,
                "points": each.reward.points,
                "free": each.stock.free,
            }
            for each in rewards.station_stock(station.id)
            if each.reward.active
        ],
    }


def _riders(station: Station, days: Sequence[date], most: int, at: datetime) -> list[dict[str, Any]]:
    handles = session.scalars(
        select(PersonalHandle)
        .where(
            PersonalHandle.person_id.in_(queries.riders_of(station, at)),
            PersonalHandle.revoked_at.is_(None),
            PersonalHandle.expires_at > at - GRACE,
        )
        .order_by(PersonalHandle.handle)
    )
    found = []
    for handle in handles:
        key = key_of(handle)
        if key is None:
            continue
        keys = [packed(day_key(key, handle.alg, day)) for day in days]
        spend = max(0, min(most, balance_of(handle.person_id).usable))
        found.append({"handle": handle.handle, "alg": handle.alg, "keys": keys, "spend": spend})
    return found


def _waiting_at(station_id: UUID) -> Sequence[Voucher]:
    chosen = select(Voucher).where(Voucher.station_id == station_id, Voucher.state == RESERVED)
    return session.scalars(chosen.order_by(Voucher.id)).all()


def _voucher(some: Voucher) -> dict[str, Any]:
    return {
        "digest": digest_of(voucher_code.make(some.serial)),
        "reward": rewards.reward(some.reward_id).name,
        "points": some.points,
        "expires_at": some.expires_at,
    }


def digest_of(code: str) -> str:
    """What a device compares a scanned voucher with."""
    return hashlib.sha256(f"voucher|{code}".encode()).hexdigest()[:DIGEST_CHARS]
