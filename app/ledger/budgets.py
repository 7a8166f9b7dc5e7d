"""Funding the budgets that awards draw on."""

from __future__ import annotations

import re
from datetime import datetime

from app.identity.actors import Actor
from app.kernel.errors import Forbidden
from app.kernel.events import publish
from app.ledger.accounts import issuance_of, own_budget_of
from app.ledger.errors import PeriodUnreadable
from app.ledger.events import BudgetFunded
from app.ledger.models import LedgerTransaction
from app.ledger.posting import Leg, post
from app.places import queries as places

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
        source=f"funding:{source}",
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
