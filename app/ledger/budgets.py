"""Funding the budgets that awards draw on."""

from __future__ import annotations

import re
from datetime import datetime
from hashlib import sha256
from typing import Any

from app.identity.actors import SYSTEM, Actor
from app.kernel.db import insert_if_absent
from app.kernel.errors import Forbidden
from app.kernel.events import publish
from app.kernel.ids import new_id
from app.ledger import queries
from app.ledger.accounts import issuance_of, own_budget_of, quarter
from app.ledger.errors import PeriodUnreadable
from app.ledger.events import BudgetFunded, BudgetRanLow
from app.ledger.models import MAX_SOURCE, BudgetWarning, LedgerTransaction
from app.ledger.posting import Leg, post
from app.ledger.queries import ALARM_PERCENT, WARN_PERCENT, BudgetState
from app.places import queries as places

WARNINGS = (WARN_PERCENT, ALARM_PERCENT, 100)
PERIOD = re.compile(r"20[2-8][0-9]Q[1-4]")


def fund_budget(
    *, region_code: str, period: str, points: int, source: str, by: Actor, at: datetime
) -> LedgerTransaction:
    """Put points into the budget of a region and quarter (`2026Q4`), once for this `source`.

    Whoever reviews rules or corrects the ledger there may. Raises Forbidden, RegionNotFound, PeriodUnreadable.
    """
    path = places.region_path(region_code)
    if not (by.can("rules.review", region_path=path) or by.can("ledger.correct", region_path=path)):
        raise Forbidden
    if not PERIOD.fullmatch(period):
        raise PeriodUnreadable(fields={"period": ["period-unreadable"]})
    funded = post(
        kind="funding",
        source=_named(source),
        legs=[
            Leg(issuance_of(region_code, period).id, -points),
            Leg(own_budget_of(region_code, period).id, points),
        ],
        words={"slug": "ledger.funded", "period": period},
        by=by,
        at=at,
    )
    publish(
        BudgetFunded(transaction_id=funded.id, region_code=region_code, period=period, points=points, at=at)
    )
    return funded


def _named(source: str) -> str:
    """How the book names this cause; a long one, such as somebody's key of 255 characters, by its digest."""
    name = f"funding:{source}"
    return name if len(name) <= MAX_SOURCE else f"funding:sha256:{sha256(source.encode()).hexdigest()}"


def warn_due(*, at: datetime) -> int:
    """Say once that a budget of this quarter has spent 80 %, 95 % or all it has; returns how many warnings were given.

    Paying an award does not stop to ask: this looks at the few budgets now and then. An empty budget drops no award,
    the rules keep them in a queue and pay when there are funds again.
    """
    return sum(_warn(state, at) for state in queries.budgets(by=SYSTEM, period=quarter(at)))


def _warn(state: BudgetState, at: datetime) -> bool:
    reached = [percent for percent in WARNINGS if state.percent >= percent]
    if not reached:
        return False
    values: dict[str, Any] = {
        "id": new_id(),
        "account_id": own_budget_of(state.region_code, state.period).id,
        "percent": reached[-1],
        "funded": state.funded,
        "at": at,
    }
    if not insert_if_absent(BudgetWarning, values):
        return False
    publish(
        BudgetRanLow(
            warning_id=values["id"],
            region_code=state.region_code,
            period=state.period,
            percent=reached[-1],
            left=state.left,
            at=at,
        )
    )
    return True
