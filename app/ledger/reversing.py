"""Taking one named entry back: its whole transaction by its opposite, once, with a reason; above the limit by two.

A rider's wallet never goes below zero. What has been spent or reserved meanwhile is lent to it from the rider's debt
account first, so that the reversal is exact; what becomes of that debt is the published policy (see `debts`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from app.identity.actors import Actor
from app.kernel.clock import city_day
from app.kernel.db import insert_if_absent, session
from app.kernel.events import publish
from app.kernel.i18n import LOCALES
from app.kernel.ids import new_id
from app.ledger import debts, posting, reversals
from app.ledger.debt_policies import policy_for
from app.ledger.errors import (
    AlreadyReversed,
    EntryNotFound,
    EntryNotReversible,
    NotReversible,
    OwnPoints,
    ReversalOpen,
)
from app.ledger.events import EntryReversed, ReversalAgreed, ReversalAsked, ReversalRefused
from app.ledger.models import CORRECTION_LIMIT, Account, DebtPolicy, Entry, LedgerTransaction
from app.ledger.queries import any_entry
from app.ledger.reversals import POSTED, REFUSED, WAITING, Reversal
from app.ledger.scoping import PERSONS, home_path, path_of
from app.ledger.wording import explain

# What a mistake can be in. Vouchers are undone or refunded, void facts unwound: more than points hangs on those.
REVERSIBLE = frozenset({"award-given", "award-settled", "correction", "expiry", "funding", "debt-payment"})


@dataclass(frozen=True, slots=True)
class Move:
    """So many points that would go into (+) or out of (-) an account."""

    account: Account
    points: int


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What taking an entry back would do, before anybody does it."""

    entry: Entry
    person_id: UUID | None
    region_path: str
    points: int
    moves: Sequence[Move]
    usable: int  # in the wallet that points leave
    held: int
    missing: int  # of the points that leave: spent or reserved already, so a debt
    policy: DebtPolicy

    @property
    def needs_second(self) -> bool:
        return self.points > CORRECTION_LIMIT

    @property
    def written_off(self) -> int:
        """What of the debt the programme bears."""
        return self.missing if self.policy.writes_off else 0

    @property
    def owed(self) -> int:
        """What of the debt later awards pay off."""
        return self.missing - self.written_off

    @property
    def for_rider(self) -> int:
        """How many points come to the rider's usable and pending ones (+) or leave them (-)."""
        return sum(each.points for each in self.moves if each.account.kind in ("wallet", "pending"))


def foresee(*, entry_id: UUID, by: Actor, at: datetime) -> Foreseen:
    """What would happen. Raises EntryNotFound, EntryNotReversible, NotReversible, AlreadyReversed, OwnPoints."""
    return _foresee(entry_id, by, at, to_change=False)


def _foresee(entry_id: UUID, by: Actor, at: datetime, *, to_change: bool) -> Foreseen:
    entry = any_entry(entry_id)
    moves = _opposites(entry.transaction_id)
    person_id = next((each.account.owner_id for each in moves if each.account.kind in PERSONS), None)
    region_path = home_path(person_id) if person_id else _region_of(moves)
    if not by.can("ledger.correct", region_path=region_path):
        raise EntryNotFound
    _must_be_reversible(entry.transaction)
    if person_id is not None and person_id == by.person_id:
        raise OwnPoints
    taken = next((each for each in moves if each.account.kind == "wallet" and each.points < 0), None)
    usable, held = _usable(taken.account.id, to_change) if taken else (0, 0)
    return Foreseen(
        entry=entry,
        person_id=person_id,
        region_path=region_path,
        points=max(abs(each.points) for each in moves),
        moves=moves,
        usable=usable,
        held=held,
        missing=max(0, -taken.points - usable) if taken else 0,
        policy=policy_for(region_path, at),
    )


def ask_to_reverse(*, entry_id: UUID, reason: str, by: Actor, at: datetime) -> Reversal:
    """Take an entry back, up to the limit at once, above it when a second person agrees.

    Raises what `foresee` raises, ReversalOpen if somebody asked already, BudgetExhausted where a budget has given on
    what it got by mistake.
    """
    foreseen = foresee(entry_id=entry_id, by=by, at=at)
    values = {
        "id": new_id(),
        "entry_id": entry_id,
        "transaction_id": foreseen.entry.transaction_id,
        "person_id": foreseen.person_id,
        "region_path": foreseen.region_path,
        "points": foreseen.points,
        "reason": reason,
        "needs_second": foreseen.needs_second,
        "state": WAITING,
        "asked_by": by.id,
        "asked_at": at,
    }
    if not insert_if_absent(Reversal, values):
        foresee(entry_id=entry_id, by=by, at=at)  # whoever was waited for may have taken it back already
        raise ReversalOpen
    reversal = session.get_one(Reversal, values["id"])
    asked = _facts(reversal, foreseen.entry)
    publish(ReversalAsked(**asked, needs_second=reversal.needs_second, by=by, at=at))
    if not reversal.needs_second:
        _reverse(reversal, by, at)
    return reversal


def decide_reversal(*, reversal_id: UUID, approved: bool, by: Actor, at: datetime) -> Reversal:
    """The second person's answer; whoever asked may take it back the same way.

    Raises ReversalNotFound, CorrectionDecided, ApproverIsAsker, and what `ask_to_reverse` raises.
    """
    reversal = reversals.reversal_to_decide(reversal_id, by=by)
    reversal.must_be_decidable_by(by.id, approved=approved)
    entry = any_entry(reversal.entry_id)
    if approved:
        publish(ReversalAgreed(**_facts(reversal, entry), by=by, at=at))
        _reverse(reversal, by, at)
        return reversal
    reversal.state, reversal.decided_by, reversal.decided_at = REFUSED, by.id, at
    session.flush()
    publish(ReversalRefused(**_facts(reversal, entry), by=by, at=at))
    return reversal


def _reverse(reversal: Reversal, by: Actor, at: datetime) -> None:
    """Lend what is missing, then the exact opposite."""
    foreseen = _foresee(reversal.entry_id, by, at, to_change=True)
    owed = _lend(reversal, foreseen, by, at) if foreseen.missing else 0
    made = posting.reverse(
        transaction_id=reversal.transaction_id,
        source=source_of(reversal.id),
        words=_words(reversal, foreseen),
        by=by,
        at=at,
    )
    reversal.state, reversal.decided_by, reversal.decided_at = POSTED, by.id, at
    reversal.reversal_id = made.id
    session.flush()
    publish(
        EntryReversed(
            **_facts(reversal, foreseen.entry),
            line_id=_line_of(made.id),
            for_rider=foreseen.for_rider,
            owed=owed,
            written_off=foreseen.missing - owed,
            by=by,
            at=at,
        )
    )


def _lend(reversal: Reversal, foreseen: Foreseen, by: Actor, at: datetime) -> int:
    """The rider owes what was spent already; it goes into the wallet so that all can leave it. What stays owed."""
    assert foreseen.person_id is not None  # only a wallet can have too little
    slug = "ledger.lent-written-off" if foreseen.policy.writes_off else "ledger.lent-owed"
    wallet = next(each.account for each in foreseen.moves if each.account.kind == "wallet")
    return debts.owe(
        person_id=foreseen.person_id,
        points=foreseen.missing,
        to_account_id=wallet.id,
        source=f"{source_of(reversal.id)}:debt",
        words={"slug": slug, "points": foreseen.missing},
        by=by,
        at=at,
    )


def source_of(reversal_id: UUID) -> str:
    """The ledger's name for a reversal that staff asked for."""
    return f"reversal:{reversal_id}"


def _words(reversal: Reversal, foreseen: Foreseen) -> dict[str, Any]:
    first = foreseen.entry.transaction
    way = "funding" if foreseen.person_id is None else "down" if foreseen.for_rider < 0 else "up"
    return {
        "slug": f"ledger.reversed-{way}",
        "what": {locale: explain(first.words, locale) for locale in LOCALES},
        "day": city_day(first.at).isoformat(),
        "points": reversal.points,
        "reason": reversal.reason,
    }


def _facts(reversal: Reversal, entry: Entry) -> dict[str, Any]:
    return {
        "reversal_id": reversal.id,
        "person_id": reversal.person_id,
        "region_path": reversal.region_path,
        "entry_id": entry.id,
        "kind": entry.transaction.kind,
        "source": entry.transaction.source,
        "points": reversal.points,
        "reason": reversal.reason,
    }


def _must_be_reversible(transaction: LedgerTransaction) -> None:
    if transaction.reverses_id is not None:
        raise NotReversible
    if reversals.mended_by(transaction.id) is not None:
        raise AlreadyReversed
    if transaction.kind not in REVERSIBLE:
        raise EntryNotReversible


def _opposites(transaction_id: UUID) -> list[Move]:
    """What the opposite of a transaction moves, the rider's accounts first."""
    found = session.execute(
        select(Account, Entry.amount)
        .join(Entry, Entry.account_id == Account.id)
        .where(Entry.transaction_id == transaction_id)
        .order_by(Account.key.desc())
    ).all()
    return [Move(account, -amount) for account, amount in found]


def _region_of(moves: Sequence[Move]) -> str:
    """Of the budget; what belongs to no region is the whole city's."""
    budget = next((each.account for each in moves if each.account.kind == "budget"), moves[0].account)
    return path_of(budget)


def _usable(account_id: UUID, to_change: bool) -> Row[int, int]:
    """What a wallet has free, and what is held; locked to change it: nobody spends between looking and taking."""
    wallet = select(Account.balance - Account.held, Account.held).where(Account.id == account_id)
    return session.execute(wallet.with_for_update(key_share=True) if to_change else wallet).one()


def _line_of(transaction_id: UUID) -> UUID | None:
    """The line of a transaction in its rider's statement, if there is one."""
    return session.scalar(
        select(Entry.id)
        .join(Account, Account.id == Entry.account_id)
        .where(Entry.transaction_id == transaction_id, Account.kind.in_(["wallet", "pending"]))
        .order_by(Account.key.desc())
        .limit(1)
    )
