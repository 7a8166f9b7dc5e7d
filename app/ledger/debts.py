"""What a rider owes: points taken back that were spent already. The wallet itself never goes below zero.

What becomes of a debt is the published policy of the region (see `debt_policies`): by default it is written off at once
and the rider is told; or later awards pay it off, a stated share of each, and the rest is the rider's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.identity.actors import SYSTEM, Actor
from app.kernel.db import session
from app.kernel.events import publish
from app.ledger.accounts import debt_of, wallet_of, write_off_account
from app.ledger.debt_policies import policy_for
from app.ledger.events import DebtPaid, DebtWrittenOff
from app.ledger.models import Account, DebtPolicy
from app.ledger.posting import Leg, booked, post
from app.ledger.scoping import home_or_city


def policy_of(person_id: UUID, at: datetime) -> DebtPolicy:
    """The policy in force where a person is at home."""
    return policy_for(home_or_city(person_id), at)


def owed_by(person_id: UUID) -> int:
    """How many points a person owes."""
    return -(session.scalar(select(Account.balance).where(Account.key == f"debt:{person_id}")) or 0)


def owe(
    *,
    person_id: UUID,
    points: int,
    to_account_id: UUID,
    source: str,
    words: Mapping[str, Any],
    by: Actor,
    at: datetime,
) -> int:
    """Let a person owe points to an account; returns how many are still owed once the policy has spoken.

    Once for this `source`.
    """
    legs = [Leg(debt_of(person_id).id, -points), Leg(to_account_id, points)]
    post(kind="debt", source=source, legs=legs, words=words, by=by, at=at)
    if policy_of(person_id, at).writes_off:
        write_off(person_id=person_id, points=points, source=written_off(source), by=SYSTEM, at=at)
        return 0
    return points


def written_off(source: str) -> str:
    """The source under which a debt of this source is written off."""
    return f"{source}:written-off"


def write_off(*, person_id: UUID, points: int, source: str, by: Actor, at: datetime) -> None:
    """The programme bears what a person owes. Once for this `source`."""
    if booked(source) is not None:
        return
    written = post(
        kind="write-off",
        source=source,
        legs=[Leg(write_off_account().id, -points), Leg(debt_of(person_id).id, points)],
        words={"slug": "ledger.written-off", "points": points},
        by=by,
        at=at,
    )
    publish(DebtWrittenOff(person_id=person_id, points=points, transaction_id=written.id, at=at))


def pay_from_award(*, person_id: UUID, points: int, source: str, at: datetime) -> int:
    """Let an award that has just come into the wallet pay off a debt, as far as the policy says; returns how much.

    Once for this `source`. Whoever owes nothing is asked nothing: one look, no lock.
    """
    owed = owed_by(person_id)
    paid = min(owed, policy_of(person_id, at).share_of(points)) if owed else 0
    if paid < 1 or booked(source) is not None:
        return 0
    payment = post(
        kind="debt-payment",
        source=source,
        legs=[Leg(wallet_of(person_id).id, -paid), Leg(debt_of(person_id).id, paid)],
        words={"slug": "ledger.debt-paid", "points": paid},
        by=SYSTEM,
        at=at,
    )
    publish(DebtPaid(person_id=person_id, points=paid, transaction_id=payment.id, at=at))
    return paid
