"""The shop: what is on offer, where it lies, and what stands between a rider and it — said before the tap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from app.kernel import geo
from app.kernel.db import session
from app.kernel.errors import Conflict
from app.kernel.paging import Page, page
from app.ledger import queries as ledger
from app.places.models import Station
from app.places.queries import region_path
from app.rewards import queries, shares
from app.rewards.models import Reward, Stock
from app.rewards.shares import Used


@dataclass(frozen=True, slots=True)
class Place:
    """A station that has a reward, or usually has: how many are free, how far away (None without a position)."""

    station: Station
    free: int
    distance_m: int | None


@dataclass(frozen=True, slots=True)
class ShopItem:
    """A reward on offer and where it lies (nearest first); for a rider also what is missing and what is left."""

    reward: Reward
    places: list[Place]
    elsewhere: list[Place]  # stations that usually have it and have none now
    short_by: int | None
    left: int | None  # of the rider's share; None: no limit, or nobody asks
    obstacle: Conflict | None  # why this rider could not reserve it now, whatever the points

    @property
    def free(self) -> int:
        return sum(place.free for place in self.places)


def shop(
    *,
    region_code: str | None = None,
    near: geo.Position | None = None,
    person_id: UUID | None = None,
    cursor: str | None = None,
    limit: int = 20,
    at: datetime,
) -> Page[ShopItem]:
    """What is on offer (in a region), newest first, each with the stations that have it."""
    offered = select(Reward).where(Reward.active)
    if region_code:
        offered = offered.where(Reward.region_code.in_(region_path(region_code).strip("/").split("/")))
    found = page(offered, Reward.id, cursor, limit)
    return Page(_items(found.items, near, person_id, at), found.next_cursor)


def shop_item(
    reward_id: UUID, *, near: geo.Position | None = None, person_id: UUID | None = None, at: datetime
) -> ShopItem:
    """One reward with every station that has it. A withdrawn one has no places any more."""
    return _items([queries.reward(reward_id)], near, person_id, at)[0]


def places_with(reward_id: UUID, *, near: geo.Position | None, but_not: UUID | None = None) -> list[Place]:
    """The stations where one is free, nearest first."""
    found = _places([reward_id], near).get(reward_id, [])
    return [place for place in found if place.free > 0 and place.station.id != but_not]


def _items(
    rewards: Sequence[Reward], near: geo.Position | None, person_id: UUID | None, at: datetime
) -> list[ShopItem]:
    places = _places([each.id for each in rewards if each.active], near)
    usable = ledger.balance_of(person_id).usable if person_id else None
    used = shares.used_by(person_id, at) if person_id else None
    return [
        ShopItem(
            reward=each,
            places=[place for place in places.get(each.id, []) if place.free > 0],
            elsewhere=[place for place in places.get(each.id, []) if place.free == 0],
            short_by=None if usable is None else max(0, each.points - usable),
            left=used.left_of(each, at) if used else None,
            obstacle=_obstacle(each, used, at) if used else None,
        )
        for each in rewards
    ]


def _obstacle(reward: Reward, used: Used, at: datetime) -> Conflict | None:
    """The refusal a reservation would meet, from the very guards that it would meet."""
    try:
        used.free_slot()
        used.free_share(reward, at)
    except Conflict as refusal:
        return refusal
    return None


def _places(reward_ids: Sequence[UUID], near: geo.Position | None) -> dict[UUID, list[Place]]:
    found: dict[UUID, list[Place]] = {}
    rows = session.execute(
        select(Stock.reward_id, Stock.on_hand - Stock.held, Station)
        .join(Station, Station.id == Stock.station_id)
        .where(Stock.reward_id.in_(reward_ids), Station.active)
        .order_by(Station.name, Station.id)
    )
    for reward_id, free, station in rows:
        distance = round(geo.distance_m(near, station.position)) if near else None
        found.setdefault(reward_id, []).append(Place(station, free, distance))
    for places in found.values():
        places.sort(key=lambda place: place.distance_m or 0)
    return found
