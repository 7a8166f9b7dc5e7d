"""Where something was, to the metre, is kept for thirty days; then its community and its words remain.

A report that may still be worked on by then keeps the place to a hundred metres or so, for whoever is to mend it, until
it is over.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, update

from app.cases import states as s
from app.cases.models import REOPEN_WITHIN, Case
from app.kernel.db import session

KEPT = timedelta(days=30)
ROUGHLY = 3  # decimals of a degree


def forget_places(*, at: datetime) -> int:
    """Forget the raw positions of cases that came in more than thirty days ago. Returns how many."""
    old = Case.lat.is_not(None), Case.created_at <= at - KEPT
    over = update(Case).where(*old, ~_may_be_worked_on(at)).values(lat=None, lng=None)
    gone = session.execute(over.execution_options(synchronize_session=False))
    rough = 0
    for case in session.scalars(select(Case).where(*old).order_by(Case.id)):
        lat, lng = round(case.lat or 0, ROUGHLY), round(case.lng or 0, ROUGHLY)
        if (case.lat, case.lng) != (lat, lng):
            case.lat, case.lng, rough = lat, lng, rough + 1
    session.flush()
    return gone.rowcount + rough  # type: ignore[attr-defined, no-any-return]


def _may_be_worked_on(at: datetime) -> ColumnElement[bool]:
    """Open, or such that its reporter may say that it is not done."""
    lately = and_(Case.resolved_at.is_not(None), Case.resolved_at > at - REOPEN_WITHIN)
    return or_(Case.state.in_(s.OPEN), lately)
