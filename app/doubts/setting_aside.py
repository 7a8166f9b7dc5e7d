"""Points of doubted facts wait in the wallet: held, neither taken nor spent, until somebody has looked.

Only what is still there is held. Points that were spent before anybody doubted are not taken from others: what
becomes of them is decided with the fact, by the debt policy.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from app.doubts.models import LOOK_WITHIN, UNDECIDED, Doubt, SetAside
from app.identity.actors import SYSTEM
from app.kernel.db import session
from app.ledger import holds
from app.ledger.errors import PointsShort
from app.rules.models import ACTIVE, Award

AT_MOST = 500
OUTLIVES = timedelta(days=7)  # the doubt ends first, and gives the points back


def set_aside_due(*, at: datetime, limit: int = AT_MOST) -> int:
    """Hold what doubted facts gave and nobody has set aside yet. Returns how many awards were looked at."""
    waiting = session.execute(
        select(Doubt, Award)
        .join(Award, (Award.fact_kind == Doubt.fact_kind) & (Award.fact_id == Doubt.fact_id))
        .where(
            Doubt.state.in_(UNDECIDED),
            Award.state == ACTIVE,
            ~select(SetAside.award_id).where(SetAside.award_id == Award.id).exists(),
        )
        .order_by(Award.person_id, Award.id)
        .limit(limit)
        .with_for_update(of=Doubt, skip_locked=True)  # one that is being decided right now is left alone
    ).all()
    for doubt, award in waiting:
        _set_aside(doubt, award, at)
    return len(waiting)


def _set_aside(doubt: Doubt, award: Award, at: datetime) -> None:
    hold_id, points = _held(doubt, award, at)
    session.add(SetAside(doubt_id=doubt.id, award_id=award.id, hold_id=hold_id, points=points))
    session.flush()


def _held(doubt: Doubt, award: Award, at: datetime) -> tuple[UUID | None, int]:
    """A hold over the award's points, or over what is left of them: the rider may be spending them right now."""
    points = award.points
    while points > 0:
        try:
            held = holds.hold(
                person_id=award.person_id,
                points=points,
                source=f"doubt:{doubt.id}:{award.id}",
                expires_at=at + 2 * LOOK_WITHIN + OUTLIVES,
                by=SYSTEM,
                at=at,
            )
            return held.id, points
        except PointsShort as short:
            points = min(points - 1, short.facts["usable"])
    return None, 0


def give_free(doubt: Doubt, at: datetime) -> int:
    """Let go of all that is held for a doubt: usable again. Returns how many points."""
    kept = session.scalars(select(SetAside).where(SetAside.doubt_id == doubt.id, SetAside.points > 0)).all()
    for each in kept:
        assert each.hold_id is not None  # ck_doubt_holds_hold
        holds.release(
            each.hold_id, source=f"doubt:{doubt.id}:{each.award_id}:{doubt.state}", by=SYSTEM, at=at
        )
    return sum(each.points for each in kept)
