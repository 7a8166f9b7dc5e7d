"""Volunteer time during which the rider checked in at a station far away from the place of the shift.

The check-in was seen at a station's counter or by its poster; the time stands on a code that can be sent to a friend.
So it is the time that waits for a second look.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select

from app.doubts.grounds.shape import NEAR_M, Found, Fresh, Presence, by_rider, presences
from app.kernel.bulk import among
from app.kernel.db import session
from app.kernel.geo import Position, distance_m
from app.volunteering.models import Activity, Hours

MARGIN = timedelta(minutes=15)  # at both ends: coming from somewhere and going on is not being away


def found(fresh: Fresh) -> Iterator[Found]:
    """New hours that cannot be right beside a check-in.

    No check-in that speaks comes after them: hours are written when they are over, and a check-in that was seen as it
    happened has come before the margin at their end is over.
    """
    spans = _new(fresh.hours)
    if not spans:
        return
    first, last = min(each.starts_at for each in spans), max(each.ends_at for each in spans)
    there = by_rider(presences({each.person_id for each in spans}, first, last))
    for span in spans:
        away = _away(span, there.get(span.person_id, []))
        if away is not None:
            yield away


def _new(ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    return session.execute(_spans().where(among(Hours.id, ids))).all() if ids else []


def _spans() -> Select[*tuple[Any, ...]]:
    """Hours that may count, of an activity with a place."""
    return (
        select(
            Hours.id, Hours.person_id, Hours.starts_at, Hours.ends_at, Activity.id.label("activity_id"),
            Activity.region_code, Activity.lat, Activity.lng,
        )
        .join(Activity, Activity.id == Hours.activity_id)
        .where(Hours.state != "rejected", Activity.lat.is_not(None))
        .order_by(Hours.id)
    )  # fmt: skip


def _away(span: Row[Any], there: list[Presence]) -> Found | None:
    place = Position(span.lat, span.lng)
    for one in there:
        metres = distance_m(place, one.position)
        if metres > NEAR_M and span.starts_at + MARGIN < one.at < span.ends_at - MARGIN:
            return Found(
                fact_kind="hours",
                fact_id=span.id,
                person_id=span.person_id,
                region_code=span.region_code,
                happened_at=span.ends_at,
                against={
                    "here": str(span.activity_id),
                    "there": str(one.station_id),
                    "other_at": one.at.isoformat(),
                    "metres": round(metres),
                },
            )
    return None
