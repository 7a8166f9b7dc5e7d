"""Taking back points that were given for something that was not so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.identity.actors import Actor
from app.kernel.db import session
from app.ledger import debts
from app.ledger.accounts import correction_account, debt_of, pending_of, wallet_of
from app.ledger.errors import SourceUsedDifferently
from app.ledger.models import Account
from app.ledger.posting import Leg, booked, entry_of, legs_of, post

TAKING_BACK = "taking-back"


@dataclass(frozen=True, slots=True)
class TakenBack:
    """Where the points came from: usable ones, pending ones, and those spent already — owed or written off."""

    from_wallet: int
    from_pending: int
    owed: int
    written_off: int


def take_back(
    *,
    person_id: UUID,
    points: int,
    source: str,
    words: Mapping[str, Any],
    by: Actor,
    at: datetime,
    pending: int = 0,
    to_account_id: UUID | None = None,
    given_by: str | None = None,
) -> TakenBack:
    """Take points back, once for this `source`; the same again takes nothing more and answers the same.

    `pending` of them still wait for an outcome; the rest is taken from what is usable, and what was spent already
    becomes a debt that is owed or written off as the policy says: a wallet never goes below zero, and points reserved
    for a voucher stay reserved. They go back to `to_account_id` (the budget they came from; else the correction
    account). `given_by` is the source that gave them: they leave the lot it filled first.
    """
    if points < 1 or not 0 <= pending <= points:
        raise ValueError("take back at least one point, and of these so many that wait")
    usable = usable_to_change(person_id)
    before = _taken_before(person_id, source)
    if before is not None:
        return before
    from_wallet = min(points - pending, usable)
    missing = points - pending - from_wallet
    to_id = to_account_id or correction_account().id
    if from_wallet + pending:
        legs = [*_sides(person_id, from_wallet, pending, given_by), Leg(to_id, from_wallet + pending)]
        post(kind=TAKING_BACK, source=source, legs=legs, words=words, by=by, at=at)
    owed = 0
    if missing:
        facts: dict[str, Any] = {"words": words, "by": by, "at": at}
        owed = debts.owe(
            person_id=person_id, points=missing, to_account_id=to_id, source=_debt(source), **facts
        )
    return TakenBack(from_wallet, pending, owed, missing - owed)


def usable_to_change(person_id: UUID) -> int:
    """What somebody may spend; the wallet is locked: nobody does between looking and taking."""
    wallet = select(Account.balance, Account.held).where(Account.id == wallet_of(person_id).id)
    balance, held = session.execute(wallet.with_for_update(key_share=True)).one()
    return int(balance - held)


def _sides(person_id: UUID, from_wallet: int, pending: int, given_by: str | None) -> list[Leg]:
    sides = []
    if from_wallet:
        wallet_id = wallet_of(person_id).id
        gave = entry_of(given_by, wallet_id) if given_by else None
        sides.append(Leg(wallet_id, -from_wallet, returns_id=gave))
    if pending:
        sides.append(Leg(pending_of(person_id).id, -pending))
    return sides


def _taken_before(person_id: UUID, source: str) -> TakenBack | None:
    taken, debt = booked(source), booked(_debt(source))
    if taken is None and debt is None:
        return None
    if taken is not None and taken.kind != TAKING_BACK:
        raise SourceUsedDifferently(source=source)
    moved = dict(legs_of(taken.id)) if taken else {}
    owed = -dict(legs_of(debt.id))[debt_of(person_id).id] if debt else 0
    forgiven = owed if booked(debts.written_off(_debt(source))) else 0
    return TakenBack(
        from_wallet=-moved.get(wallet_of(person_id).id, 0),
        from_pending=-moved.get(pending_of(person_id).id, 0),
        owed=owed - forgiven,
        written_off=forgiven,
    )


def _debt(source: str) -> str:
    """The source of the part that had been spent already."""
    return f"{source}:debt"
