"""Settling a month with a merchant: the statements of its stations on one paper, sealed like each of them.

Nothing is booked for a merchant that is not booked for one of its stations: the sums are those of the stations'
statements, which add up to the ledger. To sign or pay the one is to sign or pay each of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from app.identity.actors import SYSTEM, Actor
from app.kernel.clock import city_midnight, city_time
from app.kernel.db import insert_if_absent, session
from app.kernel.ids import new_id
from app.kernel.paging import Page, page
from app.places import queries as places
from app.rewards.books import queries as books
from app.rewards.books import settling
from app.rewards.books.models import MADE, PAID, SIGNED, Settlement
from app.rewards.books.settling import BATCH, FORMAT, GRACE, SUMS, last_month, next_month, seal
from app.rewards.errors import (
    MonthNotOver,
    MonthSettled,
    NoStations,
    NothingOwed,
    SettlementPaid,
    SettlementSigned,
    SettlementUnknown,
)
from app.rewards.merchants import belonging
from app.rewards.merchants.models import Merchant, MerchantLine, MerchantStatement


@dataclass(frozen=True, slots=True)
class MerchantMonth:
    """A merchant's statement with those of its stations."""

    statement: MerchantStatement
    stations: Sequence[Settlement]

    @property
    def state(self) -> str:
        """Signed, or paid, once each of them is."""
        if all(each.paid_at for each in self.owed) and self.owed:
            return PAID
        return SIGNED if all(each.signed_at for each in self.stations) else MADE

    @property
    def owed(self) -> list[Settlement]:
        """Those that close in the station's favour; what others close with is carried forward."""
        return [each for each in self.stations if each.closing > 0]

    @property
    def points_owed(self) -> int:
        """What the merchant is given when it is paid."""
        return sum(each.closing for each in self.owed)

    @property
    def numbers(self) -> list[tuple[str, int]]:
        """What each station closes with, under its name and the number of its own statement."""
        return [(f"{each.facts['station']['name']} {each.number}", each.closing) for each in self.stations]


def settle_merchant(*, merchant_id: UUID, month: date, by: Actor, at: datetime) -> MerchantMonth:
    """Make a merchant's statement of a month that is over, and those of its stations that are still missing.

    Raises MerchantUnknown, MonthNotOver, NoStations, MonthSettled.
    """
    merchant, month = belonging.merchant_for(merchant_id, by), month.replace(day=1)
    by.must("rewards.manage", region_path=places.region_path(merchant.region_code))
    if city_midnight(next_month(month)) > at:
        raise MonthNotOver(month=month.strftime("%Y-%m"))
    ids = sorted(station.id for station, _ in belonging.stations_in(merchant_id, month))
    settled = [made for each in ids if (made := _settled(each, month, by, at)) is not None]
    if not settled:
        raise NoStations
    facts = _facts(merchant, month, settled, at)
    statement_id = new_id()
    written = {
        "id": statement_id,
        "number": facts["number"],
        "merchant_id": merchant_id,
        "month": month,
        **facts["sums"],
        "facts": facts,
        "sha256": seal(facts),
        "made_by": by.person_id,
        "made_at": at,
    }
    if not insert_if_absent(MerchantStatement, written):
        raise MonthSettled(month=month.strftime("%Y-%m"))
    lines = [{"statement_id": statement_id, "settlement_id": each.id} for each in settled]
    session.execute(insert(MerchantLine), lines)
    return MerchantMonth(session.get_one(MerchantStatement, statement_id), settled)


def sign(*, statement_id: UUID, by: Actor, at: datetime) -> MerchantMonth:
    """The department has checked all of it: each station's statement that is not signed yet is signed."""
    found = merchant_month(statement_id, by)
    unsigned = [each for each in found.stations if each.signed_at is None]
    if not unsigned:
        raise SettlementSigned(signed_at=max(each.signed_at for each in found.stations if each.signed_at))
    for each in unsigned:
        settling.sign(settlement_id=each.id, by=by, at=at)
    return merchant_month(statement_id, by)


def mark_paid(*, statement_id: UUID, by: Actor, at: datetime) -> MerchantMonth:
    """The merchant has been given what is owed for all its stations: the account of each is cleared.

    By somebody other than who signed. Raises NothingOwed, SettlementPaid, SettlementNotSigned,
    SettlementSignedByYourself.
    """
    found = merchant_month(statement_id, by)
    if not found.owed:
        raise NothingOwed
    unpaid = [each for each in found.owed if each.paid_at is None]
    if not unpaid:
        raise SettlementPaid(paid_at=max(each.paid_at for each in found.owed if each.paid_at))
    for each in unpaid:
        settling.mark_paid(settlement_id=each.id, by=by, at=at)
    return merchant_month(statement_id, by)


def settle_merchants_due(*, at: datetime, limit: int = BATCH) -> int:
    """Make last month's statements of merchants that had a station and have none; returns how many."""
    month = last_month(at - GRACE)
    with_one = select(MerchantStatement.merchant_id).where(MerchantStatement.month == month)
    due = (
        select(Merchant.id)
        .where(Merchant.id.in_(belonging.merchants_with_stations(month)), Merchant.id.not_in(with_one))
        .order_by(Merchant.id)
        .limit(limit)
    )
    made = 0
    for merchant_id in session.scalars(due).all():
        # By hand in this very moment, or all its stations with a later month: the other merchants do not wait for it.
        with suppress(MonthSettled, NoStations):
            settle_merchant(merchant_id=merchant_id, month=month, by=SYSTEM, at=at)
            made += 1
    return made


def _settled(station_id: UUID, month: date, by: Actor, at: datetime) -> Settlement | None:
    """A station's statement of the month, made now if it is missing; None if a later one has taken up its entries."""
    books.books_to_change(station_id)
    made = session.scalar(
        select(Settlement).where(Settlement.station_id == station_id, Settlement.month == month)
    )
    last = books.last_settlement(station_id)
    if made is not None or (last is not None and month < last.month):
        return made
    return settling.settle(station_id=station_id, month=month, by=by, at=at)


def _facts(merchant: Merchant, month: date, settled: Sequence[Settlement], at: datetime) -> dict[str, Any]:
    """The whole statement, with each entry of its stations. No rider's name is in it."""
    own = [each.facts for each in settled]
    lines = [line | {"station": each["station"]["name"]} for each in own for line in each["lines"]]
    return {
        "format": FORMAT,
        "number": f"SH{month:%Y%m}-{merchant.short_code}",
        "merchant": {"name": merchant.name, "short_code": merchant.short_code},
        "region": places.full_name(merchant.region_code),
        "month": f"{month:%Y-%m}",
        "made_at": city_time(at).isoformat(timespec="seconds"),
        "sums": _sums(settled),
        "stations": [
            {
                "number": each.number,
                "sha256": each.sha256,
                "name": each.facts["station"]["name"],
                "sums": each.facts["sums"],
            }
            for each in settled
        ],
        "lines": sorted(lines, key=lambda line: (line["at"], line["entry"])),
    }


def _sums(settled: Sequence[Settlement]) -> dict[str, int]:
    return {name: sum(getattr(each, name) for each in settled) for name in SUMS}


# --- looking ---------------------------------------------------------------------------------------------------------


def merchant_month(statement_id: UUID, by: Actor) -> MerchantMonth:
    """A merchant's statement, for who may look at the merchant. Raises SettlementUnknown."""
    found = session.get(MerchantStatement, statement_id)
    if found is None:
        raise SettlementUnknown
    belonging.merchant_for(found.merchant_id, by)
    return MerchantMonth(found, _stations_of(found))


def months_of(
    merchant_id: UUID, *, by: Actor, cursor: str | None = None, limit: int = 20
) -> Page[MerchantMonth]:
    """A merchant's statements, newest first."""
    belonging.merchant_for(merchant_id, by)
    mine = select(MerchantStatement).where(MerchantStatement.merchant_id == merchant_id)
    found = page(mine, MerchantStatement.id, cursor, limit)
    return Page([MerchantMonth(each, _stations_of(each)) for each in found.items], found.next_cursor)


def statements_that_disagree() -> list[str]:
    """Merchants' statements whose seal is broken, or that are not the sum of their stations' statements."""
    wrong = []
    for each in session.scalars(select(MerchantStatement).order_by(MerchantStatement.id)):
        settled = _stations_of(each)
        sums = _sums(settled)
        seals = sorted(station["sha256"] for station in each.facts["stations"])
        sound = (
            each.sha256 == seal(each.facts)
            and each.facts["sums"] == sums == {name: getattr(each, name) for name in SUMS}
            and seals == sorted(one.sha256 for one in settled)
        )
        if not sound:
            wrong.append(each.number)
    return wrong


def _stations_of(statement: MerchantStatement) -> Sequence[Settlement]:
    chosen = (
        select(Settlement)
        .join(MerchantLine, MerchantLine.settlement_id == Settlement.id)
        .where(MerchantLine.statement_id == statement.id)
        .order_by(Settlement.id)
        .execution_options(populate_existing=True)
    )
    return session.scalars(chosen).all()
