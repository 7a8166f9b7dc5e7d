"""Builders for the ledger: points in a wallet, a funded budget."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.identity.actors import SYSTEM
from app.kernel import clock
from app.kernel.db import session
from app.kernel.ids import new_id
from app.ledger import budgets, debt_policies, holds, posting
from app.ledger.accounts import correction_account, quarter, wallet_of
from app.ledger.debt_policies import DebtPolicyProposal
from app.ledger.models import Hold, LedgerTransaction, Lot
from app.ledger.posting import Leg
from tests import make as build

WORDS = {"slug": "ledger.told", "text": {"zh": "首次到站签到 +5", "en": "First check-in, +5"}}
_numbers = count()


def source(name: str = "test") -> str:
    """A source nobody used before."""
    return f"{name}:{next(_numbers)}"


def give(person_id: UUID, points: int, **changes: Any) -> LedgerTransaction:
    """Points into a wallet out of nowhere (the correction account may be overdrawn)."""
    values: dict[str, Any] = {
        "kind": "award",
        "source": source("award"),
        "legs": [Leg(correction_account().id, -points), Leg(wallet_of(person_id).id, points)],
        "words": WORDS,
        "by": SYSTEM,
        "at": clock.now(),
    }
    return posting.post(**values | changes)


def give_until(person_id: UUID, points: int, expires_on: date | None) -> LedgerTransaction:
    """Points that run out at the end of a day."""
    legs = [
        Leg(correction_account().id, -points),
        Leg(wallet_of(person_id).id, points, expires_on=expires_on),
    ]
    return give(person_id, points, legs=legs)


def lots(person_id: UUID) -> dict[date, tuple[int, int]]:
    """What lies in each lot of a wallet and what of it is held, by the day on which it is due."""
    found = session.scalars(select(Lot).where(Lot.account_id == wallet_of(person_id).id, Lot.points > 0))
    sums: dict[date, tuple[int, int]] = {}
    for each in found.all():
        points, reserved = sums.get(each.due_on, (0, 0))
        sums[each.due_on] = points + each.points, reserved + each.held
    return sums


def rich(points: int = 100) -> UUID:
    """The id of somebody with so many points."""
    person_id = new_id()
    if points:
        give(person_id, points)
    return person_id


def held(person_id: UUID, points: int, **changes: Any) -> Hold:
    """So many points of a wallet reserved for a day."""
    values: dict[str, Any] = {
        "source": source("hold"),
        "expires_at": clock.now() + timedelta(days=1),
        "by": SYSTEM,
        "at": clock.now(),
    }
    return holds.hold(person_id=person_id, points=points, **values | changes)


def fund(region_code: str, points: int) -> LedgerTransaction:
    """Points in the present quarter's budget of a region."""
    at = clock.now()
    period = quarter(at)
    return budgets.fund_budget(
        region_code=region_code, period=period, points=points, source=source("fund"), by=SYSTEM, at=at
    )


def policy(share_percent: int, region_code: str = build.CITY) -> DebtPolicyProposal:
    """What becomes of debts in a region from now on, by two people."""
    first, second = (build.actor(build.staff("department", region_code=build.CITY)) for _ in range(2))
    at = clock.now()
    asked = debt_policies.propose_policy(
        region_code=region_code,
        share_percent=share_percent,
        starts_on=clock.city_day(at),
        reason="公示",
        by=first,
        at=at,
    )
    return debt_policies.decide_policy(proposal_id=asked.id, agreed=True, by=second, at=at)
