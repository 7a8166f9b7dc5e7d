"""Finding accounts, and opening those that are not there yet. Balances are asked of `queries`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select

from app.kernel import clock
from app.kernel.bulk import one_of
from app.kernel.db import Statement, as_loaded, dialect_name, insert_if_absent, session
from app.kernel.driving import rows
from app.kernel.ids import new_id
from app.ledger.models import OVERDRAWABLE_KINDS, Account
from app.places import queries as places


def wallet_of(person_id: UUID) -> Account:
    """The points a person may use."""
    return _account(wallet_key(person_id), "wallet", owner_id=person_id)


def pending_of(person_id: UUID) -> Account:
    """The points that wait for an outcome."""
    return _account(pending_key(person_id), "pending", owner_id=person_id)


def debt_of(person_id: UUID) -> Account:
    """What a person owes, as a balance below zero: points taken back that were spent already."""
    return _account(debt_key(person_id), "debt", owner_id=person_id)


def settlement_of(station_id: UUID) -> Account:
    """What a station has taken in for goods and services, until it is paid."""
    return _account(settlement_key(station_id), "settlement", owner_id=station_id)


def redemption_account() -> Account:
    """Points redeemed where no station is owed anything."""
    return _account("redemption", "redemption")


def expiry_account() -> Account:
    """Points that ran out."""
    return _account("expiry", "expiry")


def correction_account() -> Account:
    """The other side of every correction."""
    return _account("correction", "correction")


def write_off_account() -> Account:
    """Debts that the programme bears."""
    return _account("write-off", "write-off")


def unmatched_account() -> Account:
    """What stations gave without a signal and no wallet paid: cleared to zero by people, conflict by conflict."""
    return _account("offline-unmatched", "offline-unmatched")


def budget_of(region_code: str, at: datetime) -> Account:
    """The budget that funds awards of a region at that time: its own, else the nearest above that has one.

    Where none was ever funded it is the top region's, empty, so that the refusal can name it.
    """
    period = quarter(at)
    codes = _codes(places.region_path(region_code))
    keys = [budget_key(code, period) for code in codes]
    found = set(session.scalars(select(Account.region_code).where(Account.key.in_(keys))))
    nearest = next((code for code in reversed(codes) if code in found), codes[0])
    return own_budget_of(nearest, period)


@dataclass(frozen=True, slots=True)
class EndsOfAward:
    """Where the points of an award come from and go to, and whether the rider owes any."""

    budget_id: UUID
    to_account_id: UUID
    owes: bool
    left: int  # of the budget, as it was when it was looked at


class ToAward(NamedTuple):
    """Who is to be given points, where and when; `pending` if they wait for an outcome."""

    person_id: UUID
    region_code: str
    at: datetime
    pending: bool

    @property
    def purse(self) -> str:
        """The key of the account that they go to."""
        return (pending_key if self.pending else wallet_key)(self.person_id)


def ends_of_awards(wanted: Sequence[ToAward]) -> list[EndsOfAward]:
    """`budget_of`, and the wallet or the pending points of the person, of each; in one statement if all are there."""
    paths = places.region_paths({each.region_code for each in wanted})
    shared: dict[tuple[str, str], list[str]] = {}
    budgets = []
    for each in wanted:
        place = each.region_code, quarter(each.at)
        if place not in shared:
            codes = reversed(_codes(paths[each.region_code]))
            shared[place] = [budget_key(code, place[1]) for code in codes]
        budgets.append(shared[place])
    keys = {key for some in shared.values() for key in some}
    keys |= {key for each in wanted for key in (each.purse, debt_key(each.person_id))}
    found: dict[str, Any] = {
        row[0]: _Found(*row) for row in rows(_by_keys(dialect_name()), {"keys": list(keys)})
    }
    for each in wanted:
        if each.purse not in found:
            kind = "pending" if each.pending else "wallet"
            found[each.purse] = _opened(each.purse, kind, owner_id=each.person_id)
    return [
        _ends(each, found, own, _codes(paths[each.region_code])[0])
        for each, own in zip(wanted, budgets, strict=True)
    ]


class _Found(NamedTuple):
    key: str
    id: UUID
    balance: int


@cache
def _by_keys(dialect: str) -> Statement:
    return select(Account.key, Account.id, Account.balance).where(one_of(Account.key, "keys", dialect))


def _ends(wanted: ToAward, found: Mapping[str, Any], budgets: Sequence[str], top: str) -> EndsOfAward:
    budget = next((found[key] for key in budgets if key in found), None)
    debt = found.get(debt_key(wanted.person_id))
    return EndsOfAward(
        budget_id=budget.id if budget else own_budget_of(top, quarter(wanted.at)).id,
        to_account_id=found[wanted.purse].id,
        owes=debt is not None and debt.balance < 0,
        left=budget.balance if budget else 0,
    )


def _codes(path: str) -> list[str]:
    return path.strip("/").split("/")


def own_budget_of(region_code: str, period: str) -> Account:
    """The budget of exactly this region and period."""
    return _account(budget_key(region_code, period), "budget", region_code=region_code, period=period)


def issuance_of(region_code: str, period: str) -> Account:
    """Where the points of a budget come from: its balance is minus all that was ever funded."""
    return _account(issuance_key(region_code, period), "issuance", region_code=region_code, period=period)


def quarter(at: datetime) -> str:
    """The budget period an instant falls in, by the city's calendar: `2026Q4`."""
    day = clock.city_day(at)
    return f"{day.year}Q{(day.month + 2) // 3}"


def wallet_key(person_id: UUID) -> str:
    """The key of a person's wallet."""
    return f"wallet:{person_id}"


def pending_key(person_id: UUID) -> str:
    """The key of a person's pending points."""
    return f"pending:{person_id}"


def debt_key(person_id: UUID) -> str:
    """The key of what a person owes."""
    return f"debt:{person_id}"


def settlement_key(station_id: UUID) -> str:
    """The key of what a station is owed."""
    return f"settlement:{station_id}"


def budget_key(region_code: str, period: str) -> str:
    """The key of a region's budget for a period."""
    return f"budget:{region_code}:{period}"


def issuance_key(region_code: str, period: str) -> str:
    """The key of the account that funds such a budget."""
    return f"issuance:{region_code}:{period}"


def forget_balances(account_ids: Iterable[UUID]) -> None:
    """Let the session read these balances anew: triggers have just moved them."""
    for account_id in account_ids:
        loaded = session.identity_map.get(session.identity_key(Account, account_id))
        if loaded is not None:
            session.expire(loaded, ["balance", "held"])


def _account(
    key: str,
    kind: str,
    *,
    owner_id: UUID | None = None,
    region_code: str | None = None,
    period: str | None = None,
) -> Account:
    found = session.scalar(select(Account).where(Account.key == key))
    return found or _opened(key, kind, owner_id=owner_id, region_code=region_code, period=period)


def _opened(
    key: str,
    kind: str,
    *,
    owner_id: UUID | None = None,
    region_code: str | None = None,
    period: str | None = None,
) -> Account:
    """A new account. Of two that open the same at once, the unique key lets one in and the other finds it."""
    values = {
        "id": new_id(),
        "key": key,
        "kind": kind,
        "owner_id": owner_id,
        "region_code": region_code,
        "period": period,
        "balance": 0,
        "held": 0,
        "overdrawable": kind in OVERDRAWABLE_KINDS,
        "created_at": clock.now(),
    }
    if insert_if_absent(Account, values):
        return as_loaded(Account(**values))
    return session.scalars(select(Account).where(Account.key == key)).one()
