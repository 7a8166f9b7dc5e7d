"""Looking for facts that contradict each other: by itself, every minute, over what came in since last time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.cases.models import Case
from app.checkins.models import Checkin
from app.doubts import setting_aside
from app.doubts.events import FactDoubted
from app.doubts.grounds import ALL
from app.doubts.grounds.shape import Found, Fresh
from app.doubts.models import LOOK_WITHIN, Doubt, LookedUntil
from app.kernel.db import Base, insert_if_absent, session
from app.kernel.events import publish
from app.kernel.ids import first_id_at, new_id
from app.rules import queries as rules
from app.volunteering.models import Hours

AT_MOST = 2_000  # rows of each sort in one round; the next round goes on
NOT_YET = timedelta(
    minutes=2
)  # an id is made before its COMMIT: whoever is still writing must not be passed over

SORTS: dict[str, tuple[type[Base], Any]] = {
    "checkins": (Checkin, None),
    "hours": (Hours, Hours.attendance_id.is_not(None)),
    "reports": (Case, (Case.kind == "report") & Case.reporter_id.is_not(None)),
}


def look_for_doubts(*, at: datetime) -> int:
    """Compare what came in since last time, and set aside what a doubted fact gave. Returns how many doubts are new.

    Publishes FactDoubted. A round that dies is done again; of a fact there is one doubt, however often it is found.
    """
    fresh = Fresh(**{what: _fresh(what, at) for what in SORTS})
    doubted = sum(_doubt(ground, each, at) for ground, find in ALL.items() for each in find(fresh))
    for what, ids in (("checkins", fresh.checkins), ("hours", fresh.hours), ("reports", fresh.reports)):
        if ids:
            session.merge(LookedUntil(what=what, until_id=ids[-1]))
    session.flush()
    setting_aside.set_aside_due(at=at)
    return doubted


def _fresh(what: str, at: datetime) -> Sequence[UUID]:
    """Ids of what came in since last time, oldest first."""
    model, condition = SORTS[what]
    mark = session.get(LookedUntil, what)
    key: Any = model.__table__.c.id
    chosen = select(key).where(key < first_id_at(at - NOT_YET)).order_by(key).limit(AT_MOST)
    if mark is not None:
        chosen = chosen.where(key > mark.until_id)
    if condition is not None:
        chosen = chosen.where(condition)
    return session.scalars(chosen).all()


def _doubt(ground: str, found: Found, at: datetime) -> bool:
    """Write it down, once. What is void already needs no second look."""
    if rules.is_void(found.fact_kind, found.fact_id):
        return False
    values = {
        "id": new_id(),
        "ground": ground,
        "fact_kind": found.fact_kind,
        "fact_id": found.fact_id,
        "person_id": found.person_id,
        "region_code": found.region_code,
        "happened_at": found.happened_at,
        "against": found.against,
        "found_at": at,
        "due_at": at + LOOK_WITHIN,
        "state": "open",
    }
    if not insert_if_absent(Doubt, values):
        return False
    publish(
        FactDoubted(
            doubt_id=values["id"],  # type: ignore[arg-type]
            person_id=found.person_id,
            fact_kind=found.fact_kind,
            ground=ground,
            happened_at=found.happened_at,
            due_at=at + LOOK_WITHIN,
            at=at,
        )
    )
    return True
