"""Settling a month with a station: the statement adds up to the ledger's account, to the point.

A statement takes up every entry of the station's account that happened before the end of its month and that no
statement has yet. So it opens with what the last one closed with, and what came in late falls on the next.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from app.identity.actors import SYSTEM, Actor
from app.kernel.clock import city_day, city_midnight, city_time
from app.kernel.db import insert_if_absent, session
from app.kernel.errors import Forbidden
from app.kernel.ids import new_id
from app.ledger import accounts, posting, reconciling
from app.ledger.posting import Leg
from app.ledger.reconciling import Booked
from app.places import queries as places
from app.places.models import Station
from app.rewards.books import queries as books
from app.rewards.books.models import Settlement, SettlementLine
from app.rewards.errors import MonthNotOver, MonthSettled, MoreThanOwed, NothingOwed, SettlementCarriedOver
from app.rewards.redemption import HAND_OVER_KIND, REFUNDED_KIND, UNDONE_KIND

PAID_KIND = "settlement-paid"
FORMAT = 1
GRACE = timedelta(days=1)  # what stations send in late on the last evening still falls in its month
BATCH = 20
SUMS = ("opening", "captured", "undone", "refunded", "paid", "other", "closing")

_ON_A_STATEMENT = select(SettlementLine.entry_id)


def settle(*, station_id: UUID, month: date, by: Actor, at: datetime) -> Settlement:
    """Make a station's statement for the month that contains this day, once it is over.

    The station may and the department may. Raises MonthNotOver, MonthSettled.
    """
    if not (
        by.can("station.stock", station_id=station_id) or by.can("rewards.manage", station_id=station_id)
    ):
        raise Forbidden
    month, end = month.replace(day=1), next_month(month)
    if city_midnight(end) > at:
        raise MonthNotOver(month=month.strftime("%Y-%m"))
    books.books_to_change(station_id)
    last = books.last_settlement(station_id)
    if last is not None and month <= last.month:
        raise MonthSettled(month=last.month.strftime("%Y-%m"))
    booked = reconciling.booked_for(station_id, before=city_midnight(end), but_not=_ON_A_STATEMENT)
    station = places.station(station_id)
    facts = _facts(station, month, last.closing if last else 0, booked, at)
    settlement_id = new_id()
    written = {
        "id": settlement_id,
        "number": facts["number"],
        "station_id": station_id,
        "month": month,
        **facts["sums"],
        "facts": facts,
        "sha256": seal(facts),
        "made_by": by.person_id,
        "made_at": at,
    }
    if not insert_if_absent(Settlement, written):
        raise MonthSettled(month=month.strftime("%Y-%m"))  # somebody else made it at the same moment
    if booked:
        session.execute(
            insert(SettlementLine),
            [{"settlement_id": settlement_id, "entry_id": each.entry_id} for each in booked],
        )
    return session.get_one(Settlement, settlement_id)


def sign(*, settlement_id: UUID, by: Actor, at: datetime) -> Settlement:
    """The department has checked the statement. Raises SettlementUnknown, SettlementSigned."""
    made = books.settlement_to_change(settlement_id)
    by.must("rewards.manage", station_id=made.station_id)
    made.must_be_unsigned()
    made.signed_by, made.signed_at = by.id, at
    session.flush()
    return made


def mark_paid(*, settlement_id: UUID, by: Actor, at: datetime) -> Settlement:
    """The station has been given what the statement closes with: its account is cleared by that, in the ledger.

    By somebody other than who signed. A statement opens with what the one before closed with, so only the last one is
    paid, and never more than is owed at that moment: nothing is paid twice. Raises SettlementNotSigned, SettlementPaid,
    SettlementSignedByYourself, NothingOwed, SettlementCarriedOver, MoreThanOwed.
    """
    made = books.settlement_to_change(settlement_id)
    by.must("rewards.manage", station_id=made.station_id)
    made.must_be_payable_by(by.id)
    if made.closing <= 0:
        raise NothingOwed
    books.books_to_change(made.station_id)  # no statement is made, and none of its others is paid, meanwhile
    last = books.last_settlement(made.station_id)
    if last is not None and last.id != made.id:
        raise SettlementCarriedOver(month=last.month.strftime("%Y-%m"))
    owed = accounts.settlement_of(made.station_id).balance
    if owed < made.closing:
        raise MoreThanOwed(closing=made.closing, owed=owed)
    made.paid_by, made.paid_at = by.id, at
    session.flush()
    posting.post(
        kind=PAID_KIND,
        source=f"settlement:{made.id}:paid",
        legs=[
            Leg(accounts.settlement_of(made.station_id).id, -made.closing),
            Leg(accounts.redemption_account().id, made.closing),
        ],
        words={"slug": "rewards.entry-settled", "number": made.number},
        by=by,
        at=at,
    )
    return made


def settle_due(*, at: datetime, limit: int = BATCH) -> int:
    """Make last month's statements of stations that moved anything and have none; returns how many."""
    month = last_month(at - GRACE)
    moved = reconciling.stations_moved(before=city_midnight(next_month(month)), but_not=_ON_A_STATEMENT)
    settled = set(session.scalars(select(Settlement.station_id).where(Settlement.month >= month)))
    made = 0
    for station_id in [each for each in moved if each not in settled][:limit]:
        with suppress(MonthSettled):  # by hand, in this very moment
            settle(station_id=station_id, month=month, by=SYSTEM, at=at)
            made += 1
    return made


def seal(facts: dict[str, Any]) -> str:
    """The checksum of a statement: SHA-256 over its facts, keys in order, nothing between them."""
    written = json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()


def settlements_that_disagree() -> list[str]:
    """Statements whose seal is broken, that do not follow from the one before, or that the ledger contradicts."""
    wrong: list[str] = []
    opening: dict[UUID, int] = {}
    for each in session.scalars(select(Settlement).order_by(Settlement.month, Settlement.id)):
        on_it = select(SettlementLine.entry_id).where(SettlementLine.settlement_id == each.id)
        sound = each.sha256 == seal(each.facts) and each.facts["sums"] == _sums_of(each)
        if (
            not sound
            or each.opening != opening.get(each.station_id, 0)
            or each.closing - each.opening != reconciling.sum_of(on_it)
        ):
            wrong.append(each.number)
        opening[each.station_id] = each.closing
    return wrong


def _sums_of(made: Settlement) -> dict[str, int]:
    return {name: getattr(made, name) for name in SUMS}


def _facts(
    station: Station, month: date, opening: int, booked: Sequence[Booked], at: datetime
) -> dict[str, Any]:
    """The whole statement. No rider's name is in it: what was handed over is named by reward, day and entry."""
    return {
        "format": FORMAT,
        "number": f"JS{month:%Y%m}-{station.short_code}",
        "station": {"name": station.name, "address": station.address, "short_code": station.short_code},
        "region": places.full_name(station.region_code),
        "month": f"{month:%Y-%m}",
        "made_at": city_time(at).isoformat(timespec="seconds"),
        "sums": _sums(opening, booked),
        "lines": [_line(each) for each in booked],
    }


def _sums(opening: int, booked: Sequence[Booked]) -> dict[str, int]:
    def of(kind: str) -> int:
        return sum(each.amount for each in booked if each.kind == kind)

    told_apart = (HAND_OVER_KIND, UNDONE_KIND, REFUNDED_KIND, PAID_KIND)
    return {
        "opening": opening,
        "captured": of(HAND_OVER_KIND),
        "undone": -of(UNDONE_KIND),
        "refunded": -of(REFUNDED_KIND),
        "paid": -of(PAID_KIND),
        "other": sum(each.amount for each in booked if each.kind not in told_apart),
        "closing": opening + sum(each.amount for each in booked),
    }


def _line(booked: Booked) -> dict[str, Any]:
    reward = booked.words.get("reward")
    return {
        "entry": str(booked.entry_id),
        "at": city_time(booked.at).isoformat(timespec="seconds"),
        "kind": booked.kind,
        "reward": reward if isinstance(reward, dict) else None,
        "points": booked.amount,
    }


def next_month(day: date) -> date:
    """The first day of the month after."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def last_month(at: datetime) -> date:
    """The first day of the month before."""
    return (city_day(at).replace(day=1) - timedelta(days=1)).replace(day=1)
