"""Riders are told when an activity they signed up for does not take place, or was made up."""

from __future__ import annotations

from app.notices.telling import About, tell
from app.volunteering import queries as volunteering
from app.volunteering.events import ActivityCancelled, ActivityVoided


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


def on_activity_voided(event: ActivityVoided) -> None:
    """It was found made up: whoever had a place or was inside reads why, as the others do with their hours."""
    activity = volunteering.activity(event.activity_id)
    for person_id in event.person_ids:
        tell(
            person_id=person_id,
            slug="activity-void",
            source=f"activity:{activity.id}:void",
            facts={"activity": {"zh": activity.title_zh, "en": activity.title_en}, "reason": event.reason},
            about=About("activity", activity.id),
            at=event.at,
        )
