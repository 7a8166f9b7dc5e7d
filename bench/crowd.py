"""Riders by the thousand: people, wallets, handles, sessions, points and vouchers, in bulk and through every guard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count as counting
from typing import Any
from uuid import UUID

from sqlalchemy import update

from app.codes.models import LIVES, PersonalHandle
from app.identity.models import Person, SessionFamily
from app.identity.sessions import REFRESH_LIVES
from app.kernel.clock import city_day
from app.kernel.db import session, transaction
from app.kernel.ids import new_id
from app.ledger.accounts import wallet_key
from app.ledger.models import Account, Entry, Hold, LedgerTransaction
from app.rewards.models import MAX_OPEN_VOUCHERS, Stock, Voucher
from app.rewards.ordering import HOLD_OUTLIVES
from bench.bulk import batches, load
from bench.city import DISTRICTS, PRICE, City, Counter

AT_ONCE = 5_000
POINTS = 100  # what each rider with vouchers was given
_SCATTER = 7_368_787  # prime to ten: numbers of so many digits come once each, and not one after the other
_handed_out = counting(1)


@dataclass(frozen=True, slots=True)
class Rider:
    """A rider, and what their phone and their sign-in hold."""

    id: UUID
    wallet_id: UUID
    handle_id: UUID
    handle: str
    family_id: UUID


@dataclass(frozen=True, slots=True)
class Promise:
    """A voucher that waits at a counter."""

    voucher_id: UUID
    counter: Counter


def enrol(count: int, *, at: datetime) -> list[Rider]:
    """So many riders with a wallet, a phone and a session each."""
    riders = [Rider(new_id(), new_id(), new_id(), _digits(10), new_id()) for _ in range(count)]
    for some in batches(riders, AT_ONCE):
        with transaction():
            load(Person, list(_people(some, at)))
            load(Account, list(_wallets(some, at)))
            load(PersonalHandle, list(_handles(some, at)))
            load(SessionFamily, list(_families(some, at)))
    return riders


def _digits(length: int) -> str:
    """Digits that no other handle or serial of this run has."""
    return f"{next(_handed_out) * _SCATTER % 10**length:0{length}}"


def draw_by_server(riders: Sequence[Rider], *, at: datetime) -> None:
    """Handles for codes that the server draws, as a browser without a key of its own asks for once a week."""
    rows = [
        row
        | {"id": new_id(), "maker": "server", "handle": f"{(int(row['handle']) + 5 * 10**9) % 10**10:010}"}
        for row in _handles(riders, at)
    ]
    with transaction():
        load(PersonalHandle, rows)


def give_points(city: City, riders: Sequence[Rider], *, at: datetime, points: int = POINTS) -> int:
    """So many points for each of them, a transaction each. Returns how many entries that were."""
    assert city.issuance_id is not None
    for some in batches(riders, AT_ONCE):
        with transaction():
            book(_gifts(city.issuance_id, some, points), at=at)
    return 2 * len(riders)


def book(moves: Sequence[tuple[UUID, UUID, UUID, int]] | Iterator[Any], *, at: datetime) -> None:
    """Transactions of two legs: (id, from, to, points). Entries first, then what closes them, as `posting` does."""
    entries: list[dict[str, Any]] = []
    closing: list[dict[str, Any]] = []
    for transaction_id, payer, payee, points in moves:
        common = {"transaction_id": transaction_id, "expires_on": None}
        entries += [
            {"id": new_id(), "account_id": payer, "amount": -points, **common},
            {"id": new_id(), "account_id": payee, "amount": points, **common},
        ]
        closing.append(
            {
                "id": transaction_id,
                "kind": "funding",
                "source": f"bench:{transaction_id}",
                "words": {"slug": "ledger.funded"},
                "entry_count": 2,
                "at": at,
            }
        )
    load(Entry, entries)
    load(LedgerTransaction, closing)


def promise(
    city: City, riders: Sequence[Rider], counters: Sequence[Counter], *, at: datetime
) -> list[Promise]:
    """As many waiting vouchers as these riders may have, spread over these counters; they can pay for them."""
    made: list[Promise] = []
    number = 0
    for some in batches(riders, AT_ONCE // MAX_OPEN_VOUCHERS):
        holds: list[dict[str, Any]] = []
        vouchers: list[dict[str, Any]] = []
        held: dict[UUID, int] = {}
        for rider in some:
            for slot in range(1, MAX_OPEN_VOUCHERS + 1):
                counter = counters[number % len(counters)]
                number += 1
                hold, voucher = _promised(city, rider, counter, slot, _digits(13), at)
                holds.append(hold)
                vouchers.append(voucher)
                held[counter.stock_id] = held.get(counter.stock_id, 0) + 1
                made.append(Promise(voucher["id"], counter))
        with transaction():
            load(Hold, holds)
            for stock_id, count in held.items():
                session.execute(update(Stock).where(Stock.id == stock_id).values(held=Stock.held + count))
            load(Voucher, vouchers)
    return made


def _promised(
    city: City, rider: Rider, counter: Counter, slot: int, serial: str, at: datetime
) -> tuple[dict[str, Any], dict[str, Any]]:
    voucher_id, hold_id, expires_at = new_id(), new_id(), at + timedelta(days=7)
    hold = {
        "id": hold_id, "account_id": rider.wallet_id, "points": PRICE, "state": "held",
        "source": f"voucher:{voucher_id}", "expires_at": expires_at + HOLD_OUTLIVES, "made_by": rider.id, "made_at": at,
    }  # fmt: skip
    voucher = {
        "id": voucher_id, "serial": serial, "person_id": rider.id, "reward_id": city.reward.id,
        "station_id": counter.station.id, "stock_id": counter.stock_id, "hold_id": hold_id, "points": PRICE,
        "state": "reserved", "open_slot": slot, "period_on": city_day(at).replace(day=1), "reserved_at": at,
        "expires_at": expires_at,
    }  # fmt: skip
    return hold, voucher


def _gifts(issuance_id: UUID, riders: Sequence[Rider], points: int) -> Iterator[tuple[UUID, UUID, UUID, int]]:
    for rider in riders:
        yield new_id(), issuance_id, rider.wallet_id, points


def _people(riders: Sequence[Rider], at: datetime) -> Iterator[dict[str, Any]]:
    for number, rider in enumerate(riders):
        yield {
            "id": rider.id, "name": "王小明", "nickname": "骑手",
            "home_region_code": DISTRICTS[number % len(DISTRICTS)],
            "occupation": "food-delivery", "locale": "zh", "large_type": False, "enrolled_at": at, "created_at": at,
            "is_demo": False, "agrees_to_location": True,  # as anybody who has used a poster before
        }  # fmt: skip


def _wallets(riders: Sequence[Rider], at: datetime) -> Iterator[dict[str, Any]]:
    for rider in riders:
        yield {
            "id": rider.wallet_id, "key": wallet_key(rider.id), "kind": "wallet", "owner_id": rider.id, "balance": 0,
            "held": 0, "overdrawable": False, "created_at": at,
        }  # fmt: skip


def _handles(riders: Sequence[Rider], at: datetime) -> Iterator[dict[str, Any]]:
    for rider in riders:
        yield {
            "id": rider.handle_id, "person_id": rider.id, "maker": "phone", "device_name": "bench",
            "handle": rider.handle, "alg": "1", "epoch": 1, "created_at": at, "expires_at": at + LIVES,
        }  # fmt: skip


def _families(riders: Sequence[Rider], at: datetime) -> Iterator[dict[str, Any]]:
    for rider in riders:
        yield {
            "id": rider.family_id, "person_id": rider.id, "device": "bench", "opened_at": at,
            "expires_at": at + REFRESH_LIVES,
        }  # fmt: skip
