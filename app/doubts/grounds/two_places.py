"""Two check-ins of one rider, at stations so far apart that nobody gets from one to the other in that time.

One of the two cannot be right, and the records do not say which: both wait for a second look.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import select

from app.checkins.models import Checkin
from app.doubts.grounds.shape import Found, Fresh, Presence, by_rider, presences, too_far
from app.kernel.bulk import among
from app.kernel.db import session

APART = timedelta(hours=1)  # in an hour one gets anywhere in the city


def found(fresh: Fresh) -> Iterator[Found]:
    """Check-ins that cannot both be right."""
    if not fresh.checkins:
        return
    new = session.execute(
        select(Checkin.id, Checkin.person_id, Checkin.happened_at).where(among(Checkin.id, fresh.checkins))
    ).all()
    ids, instants = {row.id for row in new}, [row.happened_at for row in new]
    around = presences({row.person_id for row in new}, min(instants) - APART, max(instants) + APART)
    for there in by_rider(around).values():
        for before, after in pairwise(there):
            if not ids.isdisjoint((before.checkin_id, after.checkin_id)):
                yield from _compared(before, after)


def _compared(before: Presence, after: Presence) -> Iterator[Found]:
    metres = too_far(before.position, after.position, after.at - before.at)
    if metres is None:
        return
    seconds = round((after.at - before.at).total_seconds())
    for one, other in ((before, after), (after, before)):
        yield Found(
            fact_kind="checkin",
            fact_id=one.checkin_id,
            person_id=one.person_id,
            region_code=one.region_code,
            happened_at=one.at,
            against=_said(one, other, metres, seconds),
        )


def _said(one: Presence, other: Presence, metres: int, seconds: int) -> dict[str, Any]:
    return {
        "here": str(one.station_id),
        "there": str(other.station_id),
        "other_at": other.at.isoformat(),
        "metres": metres,
        "seconds": seconds,
    }
