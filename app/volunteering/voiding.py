"""An activity that was made up: what waits is settled, whoever is there is told, and nothing of it counts."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from app.identity.actors import Actor
from app.kernel import events
from app.kernel.db import session
from app.volunteering import queries
from app.volunteering.attendance import sign_out_all
from app.volunteering.confirming import void_hours
from app.volunteering.events import ActivityVoided, HoursRejected
from app.volunteering.models import Hours, Shift
from app.volunteering.organising import give_back_places


def find_made_up(*, activity_id: UUID, reason: str, by: Actor, at: datetime) -> int:
    """Nothing of an activity counts: hours that wait are rejected, whoever is inside is out, places are given back.

    Every rider reads the reason. Returns how many hours waited; the caller has checked who may, and has taken back what
    came of hours that counted.
    """
    activity = queries.activity_to_change(activity_id)  # whoever comes, goes or confirms holds it as well
    inside = sign_out_all(activity.id, at)
    waited = _settle(activity.id, reason, by, at)
    had_places = give_back_places(activity.id, Shift.ends_at > at)
    activity.find_void(reason)
    session.flush()
    told = tuple(sorted({*inside, *had_places}))
    events.publish(ActivityVoided(activity_id=activity.id, person_ids=told, reason=reason, at=at))
    return waited


def _settle(activity_id: UUID, reason: str, by: Actor, at: datetime) -> int:
    left = select(Hours).where(Hours.activity_id == activity_id, Hours.state != "rejected").order_by(Hours.id)
    waited = 0
    for each in session.scalars(left.execution_options(populate_existing=True)).all():
        if each.state == "confirmed":  # nothing came of them, or it is gone: they count all the same
            void_hours(hours_id=each.id, reason=reason, by=by, at=at)
            continue
        each.reject(reason, by.person_id, at)
        session.flush()
        events.publish(HoursRejected(hours_id=each.id, person_id=each.person_id, reason=reason, at=at))
        waited += 1
    return waited
