"""Trainings that riders finished, written down by whoever held them."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from app.identity import queries as people
from app.identity.actors import Actor
from app.kernel.clock import city_day
from app.kernel.db import insert_if_absent, session
from app.kernel.events import publish
from app.kernel.ids import new_id
from app.places.queries import region_path
from app.volunteering.errors import OwnHours, TrainingTimeWrong
from app.volunteering.events import TrainingFinished
from app.volunteering.models import Training

LATE_AFTER = timedelta(days=2)  # written down later than this, it counts as entered later
OLDEST = timedelta(days=30)


def record_training(
    *,
    person_id: UUID,
    course: str,
    region_code: str,
    minutes: int,
    finished_at: datetime,
    by: Actor,
    at: datetime,
) -> Training:
    """Write down that a rider finished a training; the same course on the same day leads to the first record."""
    by.must("hours.confirm", region_path=region_path(region_code))
    if by.id == person_id:
        raise OwnHours
    if not at - OLDEST <= finished_at <= at:
        raise TrainingTimeWrong(fields={"finished_at": ["training-time-wrong"]}, days=OLDEST.days)
    people.person(person_id)
    values = {
        "id": new_id(),
        "person_id": person_id,
        "course": course,
        "region_code": region_code,
        "minutes": minutes,
        "finished_at": finished_at,
        "finished_on": city_day(finished_at),
        "basis": "witnessed" if at - finished_at <= LATE_AFTER else "backfilled",
        "recorded_by": by.id,
        "recorded_at": at,
    }
    if not insert_if_absent(Training, values):  # sent twice, or by two trainers at once: one record
        same = {name: values[name] for name in ("person_id", "course", "finished_on")}
        return session.scalars(select(Training).filter_by(**same)).one()
    made = session.get_one(Training, values["id"])
    facts = ("person_id", "course", "region_code", "minutes", "basis", "finished_at")
    publish(TrainingFinished(training_id=made.id, at=at, **{name: values[name] for name in facts}))  # type: ignore[arg-type]
    return made
