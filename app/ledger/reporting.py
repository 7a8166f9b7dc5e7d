"""The auditor's view: the book at any past moment, any account line by line, and what is owed to riders and when.

A moment is looked at backwards: today's balance less what moved since. A recent day costs little, however old the book.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Select, Subquery, cast, func, select, true

from app.identity.actors import Actor
from app.kernel.clock import city_day, city_midnight
from app.kernel.db import freeze, session
from app.kernel.paging import DEFAULT_LIMIT, Page, page
from app.ledger.errors import AccountNotFound
from app.ledger.models import ACCOUNT_KINDS, NEVER, Account, Entry, LedgerTransaction, Lot
from app.ledger.queries import BudgetState, any_entry, budgets
from app.ledger.scoping import must_read, must_read_city

KINDS = ACCOUNT_KINDS  # in the order of a trial balance
MOST_LINES = 200  # on a page; an export has them all


@dataclass(frozen=True, slots=True)
class KindBalance:
    """All accounts of one kind together, at one moment."""

    kind: str
    accounts: int
    balance: int


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of a statement and the balance after it."""

    entry_id: UUID
    at: datetime
    kind: str
    source: str
    words: dict[str, object]
    amount: int
    balance: int


@dataclass(frozen=True, slots=True)
class Statement:
    """What moved an account from one instant to another, both included. `more` lines were left out, the latest ones."""

    account: Account
    from_at: datetime
    to_at: datetime
    opening: int
    lines: Sequence[Line]
    closing: int
    more: int

    @property
    def from_on(self) -> date:
        return city_day(self.from_at)

    @property
    def to_on(self) -> date:
        return city_day(self.to_at)


@dataclass(frozen=True, slots=True)
class Due:
    """Points that run out in one month, unless they are used before."""

    month_on: date
    points: int
    held: int


@dataclass(frozen=True, slots=True)
class Liability:
    """What is owed to riders: usable, pending, what of it never runs out, and what is left to fund more."""

    usable: int
    held: int
    pending: int
    without_end: int
    owed_by_riders: int
    calendar: Sequence[Due]
    budgets: Sequence[BudgetState]

    @property
    def owed(self) -> int:
        return self.usable + self.held + self.pending


def trial_balance(moment: datetime, *, by: Actor) -> list[KindBalance]:
    """The sum of each kind of account at the end of that moment; all together they are zero.

    Raises Forbidden unless for the whole city.
    """
    must_read_city(by)
    since = (
        select(Entry.account_id, func.sum(Entry.amount).label("amount"))
        .join(LedgerTransaction, LedgerTransaction.id == Entry.transaction_id)
        .where(LedgerTransaction.at > moment)
        .group_by(Entry.account_id)
        .subquery()
    )
    balance = func.sum(Account.balance - func.coalesce(since.c.amount, 0))
    chosen = (
        select(Account.kind, func.count(), cast(balance, BigInteger))
        .outerjoin(since, since.c.account_id == Account.id)
        .where(Account.created_at <= moment)
        .group_by(Account.kind)
    )
    found = {kind: KindBalance(kind, count, int(total)) for kind, count, total in session.execute(chosen)}
    return [found[kind] for kind in KINDS if kind in found]


def end_of(day: date) -> datetime:
    """The last moment of a day in the city."""
    return city_midnight(day + timedelta(days=1)) - timedelta(microseconds=1)


def accounts(
    *,
    kind: str | None = None,
    key: str | None = None,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
    by: Actor,
) -> Page[Account]:
    """Accounts of a kind, or whose key holds a text, newest first. Raises Forbidden unless for the whole city."""
    must_read_city(by)
    chosen = select(Account)
    if kind:
        chosen = chosen.where(Account.kind == kind)
    if key:
        chosen = chosen.where(Account.key.contains(key, autoescape=True))
    return page(chosen, Account.id, cursor, limit)


def balances_at(found: Sequence[Account], moment: datetime) -> dict[UUID, int]:
    """What these accounts had at the end of that moment."""
    asked = _balances_before([each.id for each in found], LedgerTransaction.at > moment)
    return {account_id: int(balance) for account_id, balance in session.execute(asked)}


def account(account_id: UUID, *, by: Actor) -> Account:
    """One account. Raises AccountNotFound, also for one in another region."""
    found = session.get(Account, account_id)
    if found is None:
        raise AccountNotFound
    must_read(found, by)
    return found


def entry(entry_id: UUID, *, by: Actor) -> Entry:
    """One entry of any account. Raises EntryNotFound, AccountNotFound for one in another region."""
    found = any_entry(entry_id)
    must_read(found.account, by)
    return found


def statement_of(
    account_id: UUID, *, from_at: datetime, to_at: datetime, limit: int | None = MOST_LINES, by: Actor
) -> Statement:
    """What moved an account between two instants, the oldest first. Raises AccountNotFound.

    One statement, because points move meanwhile: of several each would see another moment, and they would not add up.
    """
    found = account(account_id, by=by)
    asked = _balances_before([account_id], LedgerTransaction.at >= from_at)
    before = asked.with_only_columns(asked.selected_columns.balance)
    moved = _moved(account_id, from_at, to_at)
    every = select(func.count().label("moves"), func.sum(moved.c.amount).label("total")).subquery()
    lined = select(moved, every, before.scalar_subquery().label("opening")).join(every, true())
    rows = session.execute(lined.order_by(moved.c.at, moved.c.id).limit(limit)).all()
    opening = balance = int(rows[0].opening if rows else session.execute(before).scalar_one())
    lines = []
    for row in rows:
        balance += row.amount
        lines.append(Line(row.id, row.at, row.kind, row.source, row.words, row.amount, balance))
    closing, more = (opening + int(rows[0].total), int(rows[0].moves) - len(rows)) if rows else (opening, 0)
    return Statement(found, from_at, to_at, opening, lines, closing, more)


def _moved(account_id: UUID, first: datetime, last: datetime) -> Subquery:
    transaction = LedgerTransaction
    return (
        select(
            Entry.id, transaction.at, transaction.kind, transaction.source, transaction.words, Entry.amount
        )
        .join(transaction, transaction.id == Entry.transaction_id)
        .where(Entry.account_id == account_id, transaction.at >= first, transaction.at <= last)
        .subquery()
    )


def _balances_before(ids: Sequence[UUID], since: ColumnElement[bool]) -> Select[UUID, int]:
    """The balances of these accounts less what has moved since, both as of one moment."""
    moved = (
        select(Entry.account_id, func.sum(Entry.amount).label("amount"))
        .join(LedgerTransaction, LedgerTransaction.id == Entry.transaction_id)
        .where(Entry.account_id.in_(ids), since)
        .group_by(Entry.account_id)
        .subquery()
    )
    balance = (Account.balance - func.coalesce(moved.c.amount, 0)).label("balance")
    return (
        select(Account.id, balance)
        .outerjoin(moved, moved.c.account_id == Account.id)
        .where(Account.id.in_(ids))
    )


def liability(*, by: Actor) -> Liability:
    """What is owed to all riders, when it runs out, and what the budgets can still give.

    Raises Forbidden unless for the whole city.
    """
    must_read_city(by)
    freeze()  # what the accounts hold and what runs out when are asked one after the other
    sums = {
        kind: (int(balance), int(held))
        for kind, balance, held in session.execute(
            select(Account.kind, func.sum(Account.balance), func.sum(Account.held))
            .where(Account.kind.in_(["wallet", "pending", "debt"]))
            .group_by(Account.kind)
        )
    }
    wallets, held = sums.get("wallet", (0, 0))
    calendar, without_end = _calendar()
    return Liability(
        usable=wallets - held,
        held=held,
        pending=sums.get("pending", (0, 0))[0],
        without_end=without_end,
        owed_by_riders=-sums.get("debt", (0, 0))[0],
        calendar=calendar,
        budgets=budgets(by=by),
    )


def _calendar() -> tuple[list[Due], int]:
    """By month, and what never runs out."""
    days = session.execute(
        select(Lot.due_on, func.sum(Lot.points), func.sum(Lot.held))
        .where(Lot.points > 0)
        .group_by(Lot.due_on)
        .order_by(Lot.due_on)
    )
    months: dict[date, tuple[int, int]] = {}
    without_end = 0
    for due_on, points, held in days:
        if due_on == NEVER:
            without_end = int(points)
            continue
        before = months.get(due_on.replace(day=1), (0, 0))
        months[due_on.replace(day=1)] = before[0] + int(points), before[1] + int(held)
    return [Due(month, points, held) for month, (points, held) in months.items()], without_end


def span_asked(
    from_on: date | None, to_on: date | None, to_at: datetime | None, at: datetime
) -> tuple[datetime, datetime]:
    """The instants a statement is about: to the one asked for or the end of a day, from thirty days before if not said.

    What ends before it begins is the day it ends on.
    """
    last = to_at or end_of(to_on or max(city_day(at), from_on or city_day(at)))
    first = min(from_on or city_day(last) - timedelta(days=30), city_day(last))
    return city_midnight(first), last


def moment_asked(day: date | None, moment: datetime | None, at: datetime) -> datetime:
    """The moment a trial balance is about: the one asked for, or the end of a day, or now."""
    return moment or (end_of(day) if day else at)
