"""Volunteer time of somebody who was signed in, and not seen when whoever led the shift counted heads.

A picture of the shift's screen signs in whoever is not there. Whoever was fetching water when heads were counted says
so: it is the time that waits for a second look, and it counts if nobody looks. The last count that fell into the time
is the one that speaks; where nobody counted, nothing contradicts anything.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from app.doubts.grounds.shape import Found, Fresh
from app.kernel.bulk import among
from app.kernel.db import session
from app.volunteering.models import Activity, Head, Hours


def found(fresh: Fresh) -> Iterator[Found]:
    """Hours during which their rider was looked for and not seen: written when one signs out, after the count."""
    if not fresh.hours:
        return
    looks = (
        select(
            Hours.id, Hours.person_id, Hours.ends_at, Activity.id.label("activity_id"), Activity.region_code,
            Head.looked_at, Head.seen,
        )
        .join(Activity, Activity.id == Hours.activity_id)
        .join(Head, Head.attendance_id == Hours.attendance_id)
        .where(
            among(Hours.id, fresh.hours), Hours.state != "rejected",
            Head.looked_at >= Hours.starts_at, Head.looked_at < Hours.ends_at,
        )
        .order_by(Hours.id, Head.looked_at, Head.id)
    )  # fmt: skip
    last = {row.id: row for row in session.execute(looks)}
    for row in last.values():
        if not row.seen:
            yield Found(
                fact_kind="hours",
                fact_id=row.id,
                person_id=row.person_id,
                region_code=row.region_code,
                happened_at=row.ends_at,
                against={"here": str(row.activity_id), "other_at": row.looked_at.isoformat()},
            )
