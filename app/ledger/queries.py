"""Reading the book: a person's balance and statement, budgets, and the auditor's totals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, bindparam, case, func, or_, select
from sqlalchemy.orm import aliased, contains_eager

from app.identity.actors import Actor
from app.kernel.asking import Question, ask
from app.kernel.db import session
from app.kernel.paging import DEFAULT_LIMIT, CursorUnknown, Page, page
from app.ledger.accounts import pending_key, wallet_key
from app.ledger.errors import CorrectionNotFound, EntryNotFound, SealNotFound
from app.ledger.models import NEVER, Account, Correction, Entry, LedgerTransaction, Lot, LotMove, Seal
from app.places import queries as places
from app.places.models import Region

WARN_PERCENT, ALARM_PERCENT = 80, 95


@dataclass(frozen=True, slots=True)
class Balance:
    """What a person has: usable now, waiting for an outcome, reserved by holds."""

    usable: int
    pending: int
    held: int


BALANCE = Question(
    select(
        func.sum(case((Account.kind == "wallet", Account.balance - Account.held), else_=0)),
        func.sum(case((Account.kind == "pending", Account.balance), else_=0)),
        func.sum(case((Account.kind == "wallet", Account.held), else_=0)),
    ).where(or_(Account.key == bindparam("wallet_key"), Account.key == bindparam("pending_key"))),
    lambda person_id: {"wallet_key": wallet_key(person_id), "pending_key": pending_key(person_id)},
    lambda found: Balance(*map(int, found)) if found and found[0] is not None else Balance(0, 0, 0),
)


@dataclass(frozen=True, slots=True)
class Total:
    """All accounts of one kind together."""

    kind: str
    accounts: int
    balance: int
    held: int


@dataclass(frozen=True, slots=True)
class BudgetState:
    """How far a region's budget of a period has gone."""

    region_code: str
    period: str
    funded: int
    left: int

    @property
    def spent(self) -> int:
        return self.funded - self.left

    @property
    def percent(self) -> int:
        """Spent, in whole percent rounded down; 100 only when nothing is left."""
        return 100 if self.left <= 0 else max(0, self.spent * 100 // max(1, self.funded))

    @property
    def level(self) -> str:
        """`ok`, `warning` from 80 %, `alarm` from 95 %, `exhausted`."""
        if self.left <= 0:
            return "exhausted"
        return (
            "alarm" if self.percent >= ALARM_PERCENT else "warning" if self.percent >= WARN_PERCENT else "ok"
        )


def balance_of(person_id: UUID) -> Balance:
    """A person's points, in one statement; zeros for somebody who never had any."""
    return ask(BALANCE, person_id)


def statement(person_id: UUID, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> Page[Entry]:
    """Every entry of a person's usable and pending points with its transaction, newest first."""
    accounts = session.scalars(
        select(Account.id).where(Account.key.in_([wallet_key(person_id), pending_key(person_id)]))
    ).all()
    return page(_explained_entries().where(Entry.account_id.in_(accounts)), Entry.id, cursor, limit)


def lots_of(person_id: UUID) -> Sequence[Lot]:
    """The points of a wallet by their last day, what runs out first in front; without those that are gone."""
    chosen = select(Lot).join(Account).where(Account.key == wallet_key(person_id), Lot.points > 0)
    return session.scalars(chosen.order_by(Lot.due_on, Lot.expires_on)).all()


def expiries_of(entry_id: UUID) -> Sequence[Row[date, date, int]]:
    """Which lots that run out an entry moved: the last day given at first, the one that holds, how many points."""
    chosen = (
        select(LotMove.expires_on, Lot.due_on, LotMove.amount)
        .join(Lot, and_(Lot.account_id == LotMove.account_id, Lot.expires_on == LotMove.expires_on))
        .where(LotMove.entry_id == entry_id, Lot.due_on != NEVER)
    )
    return session.execute(chosen.order_by(Lot.due_on, Lot.expires_on)).all()


def entry(entry_id: UUID, *, by: Actor) -> Entry:
    """One of one's own entries. Raises EntryNotFound, also for somebody else's."""
    mine = [wallet_key(by.id), pending_key(by.id)]
    found = session.scalar(_explained_entries().where(Entry.id == entry_id, Account.key.in_(mine)))
    if found is None:
        raise EntryNotFound
    return found


def entry_of(person_id: UUID, source: str) -> UUID | None:
    """The person's line of what was booked under this source; None if nothing was."""
    mine = [wallet_key(person_id), pending_key(person_id)]
    chosen = select(Entry.id).join(Account).join(LedgerTransaction).where(LedgerTransaction.source == source)
    return session.scalar(chosen.where(Account.key.in_(mine), Entry.amount > 0))


def any_entry(entry_id: UUID) -> Entry:
    """An entry of any account, for auditors. Raises EntryNotFound."""
    found = session.scalar(_explained_entries().where(Entry.id == entry_id))
    if found is None:
        raise EntryNotFound
    return found


def totals() -> Sequence[Total]:
    """The trial balance: each kind of account with its sum. The balances of all kinds sum to zero."""
    chosen = (
        select(Account.kind, func.count(), func.sum(Account.balance), func.sum(Account.held))
        .group_by(Account.kind)
        .order_by(Account.kind)
    )
    return [
        Total(kind, count, int(balance), int(held)) for kind, count, balance, held in session.execute(chosen)
    ]


def budget_state(region_code: str, period: str) -> BudgetState | None:
    """How far one budget has gone; None if it was never funded."""
    found = session.execute(
        _budgets().where(Account.region_code == region_code, Account.period == period)
    ).first()
    return BudgetState(*found) if found else None


def budgets(*, by: Actor, region_code: str | None = None, period: str | None = None) -> list[BudgetState]:
    """Budgets where the caller may read the ledger, in a region and below, newest period first."""
    chosen = _budgets().join(Region, Region.code == Account.region_code)
    chosen = chosen.where(places.inside(Region.path, by.scopes("ledger.read").region_paths))
    if region_code:
        chosen = chosen.where(places.inside(Region.path, [places.region_path(region_code)]))
    if period:
        chosen = chosen.where(Account.period == period)
    return [BudgetState(*row) for row in session.execute(chosen.order_by(Account.period.desc(), Region.path))]


def seals(cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> Page[Seal]:
    """The published seals, newest first. A cursor is the number of the last one seen."""
    chosen = select(Seal).order_by(Seal.number.desc()).limit(limit + 1)
    if cursor is not None:
        chosen = chosen.where(Seal.number < _seal_number(cursor))
    found = session.scalars(chosen).all()
    return Page(found[:limit], str(found[limit - 1].number) if len(found) > limit else None)


SEAL_DIGITS = 9  # a longer number is of no seal, and may be none of the database's either


def seal(number: int) -> Seal:
    """One published seal. Raises SealNotFound."""
    found = session.get(Seal, number) if number < 10**SEAL_DIGITS else None
    if found is None:
        raise SealNotFound
    return found


def corrections(
    *,
    by: Actor,
    state: str | None = None,
    decided: bool = False,
    cursor: str | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[Correction]:
    """Corrections in the regions where the caller may correct, newest first; `decided`: only what waits no more."""
    paths = by.scopes("ledger.correct").region_paths
    chosen = select(Correction).where(places.inside(Correction.region_path, paths))
    if state:
        chosen = chosen.where(Correction.state == state)
    if decided:
        chosen = chosen.where(Correction.state != "waiting")
    return page(chosen, Correction.id, cursor, limit)


def correction_to_decide(correction_id: UUID, *, by: Actor) -> Correction:
    """A correction in the caller's region, locked. Raises CorrectionNotFound."""
    paths = by.scopes("ledger.correct").region_paths
    chosen = (
        select(Correction)
        .where(Correction.id == correction_id, places.inside(Correction.region_path, paths))
        .with_for_update()
    )
    found = session.scalar(chosen.execution_options(populate_existing=True))
    if found is None:
        raise CorrectionNotFound
    return found


def _seal_number(cursor: str) -> int:
    if not cursor.isdecimal() or len(cursor) > SEAL_DIGITS:
        raise CursorUnknown(fields={"cursor": ["cursor-unknown"]})
    return int(cursor)


def _explained_entries() -> Select[Entry]:
    return (
        select(Entry)
        .join(Entry.account)
        .join(Entry.transaction)
        .options(contains_eager(Entry.account), contains_eager(Entry.transaction))
    )


def _budgets() -> Select[Any, Any, int, int]:
    # What was funded is what issuance has given: one row each, however many awards the budget has paid.
    issuance = aliased(Account)
    return (
        select(Account.region_code, Account.period, -issuance.balance, Account.balance)
        .join(issuance, and_(issuance.region_code == Account.region_code, issuance.period == Account.period))
        .where(Account.kind == "budget", issuance.kind == "issuance")
    )
