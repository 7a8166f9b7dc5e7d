"""Proving the book: everything the database holds is looked at again, in sets, without trusting a trigger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Select, and_, cast, exists, func, literal, or_, select
from sqlalchemy.orm import aliased

from app.kernel.db import session
from app.ledger import verify_lots, verify_seals
from app.ledger.debt_policies import PROPOSAL_STATES, DebtPolicyProposal
from app.ledger.models import (
    CORRECTION_STATES,
    HOLD_STATES,
    Account,
    Correction,
    Entry,
    Hold,
    LedgerTransaction,
)
from app.ledger.reversals import Reversal

MOST_PER_CHECK = 100

Statement = Select[Any, Any, Any]  # of the rows that fail a check: row, found, expected
Broken = tuple[str, Any, Any, Any]  # check, row, found, expected
OnProgress = Callable[[int, int], None]  # done, of


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken row: which check, which row, what is there and what should be."""

    check: str
    row: str
    found: Any
    expected: Any

    def __str__(self) -> str:
        return f"{self.check}: {self.row} is {self.found}, expected {self.expected}"


def verify(
    *, published: Mapping[int, str] | None = None, on_progress: OnProgress = lambda done, of: None
) -> list[Finding]:
    """Every broken row, at most 100 per check; an empty list is a sound book.

    Sealed rows come first, for they name exactly what was changed; then sums, holds and lots; then the seals, which
    must be those that were `published` (hash by number). Read it in one moment: `kernel.db.freeze`.
    """
    return [
        Finding(name, str(row), found, expected)
        for name, row, found, expected in _all(published, on_progress)
    ]


def _all(published: Mapping[int, str] | None, on_progress: OnProgress) -> Iterator[Broken]:
    checks = _checks()
    progress = _Progress(on_progress, verify_seals.sealed_count() + len(checks))
    yield from _most_per_check(verify_seals.broken_rows(progress.step))
    for name, statement in checks:
        for row, found, expected in session.execute(statement):
            yield name, row, found, expected
        progress.step(1)
    yield from _most_per_check(verify_lots.wrongly_due())
    yield from _most_per_check(verify_seals.broken_seals(published or {}))


class _Progress:
    """Counts what is done and says so."""

    def __init__(self, tell: OnProgress, of: int) -> None:
        self._tell, self._of, self._done = tell, of, 0

    def step(self, count: int) -> None:
        self._done += count
        self._tell(self._done, self._of)


def _most_per_check(found: Iterator[Broken]) -> Iterator[Broken]:
    counts: Counter[str] = Counter()
    for each in found:
        counts[each[0]] += 1
        if counts[each[0]] <= MOST_PER_CHECK:
            yield each


@cache  # to say them anew costs more than a small book takes to answer
def _checks() -> list[tuple[str, Statement]]:
    return [(name, statement.limit(MOST_PER_CHECK)) for name, statement in _every_check()]


def _every_check() -> list[tuple[str, Statement]]:
    return [
        ("transaction-sum", _transaction_sums()),
        ("transaction-entry-count", _transaction_entry_counts()),
        ("entry-without-transaction", _orphans(Entry.transaction_id, LedgerTransaction)),
        ("entry-without-account", _orphans(Entry.account_id, Account)),
        ("total", _total()),
        ("account-balance", _balances()),
        ("account-held", _held()),
        ("overdraft", _overdrafts()),
        ("captured-hold", _captures()),
        ("reversal", _reversals()),
        ("open-hold", _not_open(Hold, HOLD_STATES, *_HOLD_END)),
        (
            "waiting-correction",
            _not_open(Correction, CORRECTION_STATES, *_DECISION),
        ),
        ("waiting-reversal", _not_open(Reversal, CORRECTION_STATES, *_TAKEN_BACK)),
        ("waiting-policy", _not_open(DebtPolicyProposal, PROPOSAL_STATES, *_PUT_IN_FORCE)),
        *verify_lots.checks(),
    ]


def _sum(column: Any) -> Any:
    return cast(func.coalesce(func.sum(column), 0), BigInteger)


def _transaction_sums() -> Statement:
    total = _sum(Entry.amount)
    return (
        select(Entry.transaction_id, total, literal(0))
        .group_by(Entry.transaction_id)
        .having(total != 0)
        .order_by(Entry.transaction_id)
    )


def _transaction_entry_counts() -> Statement:
    count = func.count(Entry.id)
    return (
        select(LedgerTransaction.id, count, LedgerTransaction.entry_count)
        .outerjoin(Entry, Entry.transaction_id == LedgerTransaction.id)
        .group_by(LedgerTransaction.id, LedgerTransaction.entry_count)
        .having(count != LedgerTransaction.entry_count)
        .order_by(LedgerTransaction.id)
    )


def _orphans(reference: Any, model: Any) -> Statement:
    return (
        select(Entry.id, literal(0), literal(1))
        .where(~exists().where(model.id == reference))
        .order_by(Entry.id)
    )


def _total() -> Statement:
    total = _sum(Account.balance)
    return select(literal("all accounts"), total, literal(0)).having(total != 0)


def _balances() -> Statement:
    sums = select(Entry.account_id, _sum(Entry.amount).label("amount")).group_by(Entry.account_id).subquery()
    amount = func.coalesce(sums.c.amount, 0)
    return (
        select(Account.key, Account.balance, amount)
        .outerjoin(sums, sums.c.account_id == Account.id)
        .where(Account.balance != amount)
        .order_by(Account.id)
    )


def _held() -> Statement:
    sums = (
        select(Hold.account_id, _sum(Hold.points).label("points"))
        .where(Hold.state == "held")
        .group_by(Hold.account_id)
        .subquery()
    )
    points = func.coalesce(sums.c.points, 0)
    return (
        select(Account.key, Account.held, points)
        .outerjoin(sums, sums.c.account_id == Account.id)
        .where(Account.held != points)
        .order_by(Account.id)
    )


def _overdrafts() -> Statement:
    usable = Account.balance - Account.held
    return (
        select(Account.key, usable, literal(0)).where(~Account.overdrawable, usable < 0).order_by(Account.id)
    )


def _captures() -> Statement:
    """A captured hold took exactly its captured points out of its wallet."""
    taken = func.coalesce(-Entry.amount, 0)
    return (
        select(Hold.id, taken, Hold.captured_points)
        .outerjoin(
            Entry, and_(Entry.transaction_id == Hold.transaction_id, Entry.account_id == Hold.account_id)
        )
        .where(Hold.state == "captured", taken != Hold.captured_points)
        .order_by(Hold.id)
    )


def _reversals() -> Statement:
    """Each entry of a reversal has its opposite in the transaction it takes back."""
    first = aliased(Entry)
    return (
        select(Entry.id, Entry.amount, func.coalesce(-first.amount, 0))
        .join(LedgerTransaction, LedgerTransaction.id == Entry.transaction_id)
        .outerjoin(
            first,
            and_(first.transaction_id == LedgerTransaction.reverses_id, first.account_id == Entry.account_id),
        )
        .where(LedgerTransaction.reverses_id.is_not(None))
        .where(or_(first.id.is_(None), first.amount != -Entry.amount))
        .order_by(Entry.id)
    )


_HOLD_END = (Hold.ended_at, Hold.ended_by, Hold.end_source, Hold.captured_points, Hold.transaction_id)
_DECISION = (Correction.decided_by, Correction.decided_at, Correction.transaction_id)
_PUT_IN_FORCE = (DebtPolicyProposal.decided_by, DebtPolicyProposal.decided_at, DebtPolicyProposal.policy_id)
_TAKEN_BACK = (Reversal.decided_by, Reversal.decided_at, Reversal.reversal_id)


def _not_open(model: Any, states: Sequence[str], *ends: Any) -> Statement:
    """What is open says nothing yet about how it ended, and whatever is not open has one of the known ends."""
    said = or_(*(each.is_not(None) for each in ends))
    wrong = or_(model.state.not_in(states), and_(model.state == states[0], said))
    return select(model.id, model.state, literal(states[0])).where(wrong).order_by(model.id)
