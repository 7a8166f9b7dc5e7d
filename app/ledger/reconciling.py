"""Reading what stations are owed entry by entry, for whoever settles it with them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, ScalarSelect, Select, exists, func, select

from app.kernel.db import session
from app.ledger.accounts import settlement_key
from app.ledger.models import Account, Entry, LedgerTransaction


class Booked(NamedTuple):
    """An entry of an account and why it is there."""

    entry_id: UUID
    amount: int
    kind: str
    words: dict[str, Any]
    at: datetime


def settlement_id(station_id: UUID) -> ScalarSelect[UUID]:
    """The account of what a station is owed, as part of another statement; NULL if it was never opened."""
    return select(Account.id).where(Account.key == settlement_key(station_id)).scalar_subquery()


def settlement_of_each(stations: FromClause, station_id: ColumnElement[UUID]) -> ScalarSelect[UUID]:
    """The same of each station in a statement that reads stations."""
    own = select(Account.id).where(Account.owner_id == station_id, Account.kind == "settlement")
    return own.correlate(stations).scalar_subquery()


def booked_for(station_id: UUID, *, before: datetime, but_not: Select[UUID]) -> list[Booked]:
    """What moved a station's account before an instant, in the order in which it happened; `but_not`: entry ids."""
    rows = session.execute(
        select(Entry.id, Entry.amount, LedgerTransaction.kind, LedgerTransaction.words, LedgerTransaction.at)
        .join(LedgerTransaction, LedgerTransaction.id == Entry.transaction_id)
        .where(Entry.account_id == settlement_id(station_id), LedgerTransaction.at < before)
        .where(Entry.id.not_in(but_not))
        .order_by(LedgerTransaction.at, Entry.id)
    )
    return [Booked(*row) for row in rows]


def stations_moved(*, before: datetime, but_not: Select[UUID]) -> Sequence[UUID]:
    """Stations whose account such an entry moved, in the order of their ids."""
    moved = (
        exists()
        .where(Entry.account_id == Account.id, LedgerTransaction.id == Entry.transaction_id)
        .where(LedgerTransaction.at < before, Entry.id.not_in(but_not))
    )
    chosen = select(Account.owner_id).where(Account.kind == "settlement", moved).order_by(Account.owner_id)
    return [each for each in session.scalars(chosen) if each is not None]


def sum_of(entry_ids: Select[UUID]) -> int:
    """What these entries add up to."""
    found = session.scalar(select(func.coalesce(func.sum(Entry.amount), 0)).where(Entry.id.in_(entry_ids)))
    return int(found or 0)
