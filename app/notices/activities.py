"""Riders are told when an activity they signed up for does not take place."""

from __future__ import annotations

from app.notices.telling import About, tell
from app.volunteering import queries as volunteering
from app.volunteering.events import ActivityCancelled


def on_activity_cancelled(event: ActivityCancelled) -> None:
    """It was called off: nobody who had a place goes there for nothing."""
    activity = volunteering.activity(event.activity_id)
    for person_id in event.person_ids:
        tell(
            person_id=person_id,
            slug="activity-cancelled",
            source=f"activity:{activity.id}:cancelled",
            facts={"activity": {"zh": activity.title_zh, "en": activity.title_en}},
            about=About("activity", activity.id),
            at=event.at,
        )
