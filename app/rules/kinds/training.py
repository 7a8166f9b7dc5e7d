"""A training that was finished."""

from __future__ import annotations

from app.rules.kinds.shape import Fact, FactKind, Field, where_and_when
from app.volunteering.events import TrainingFinished
from app.volunteering.models import COURSES, MAX_MINUTES

KIND = FactKind(
    name="training",
    own_fields=(
        Field(name="course", type="choice", choices=COURSES),
        Field(name="minutes", type="whole", minimum=1, maximum=MAX_MINUTES, unit="minutes"),
    ),
)


def fact_of(event: TrainingFinished, *, region_path: str) -> Fact:
    """The fact behind a finished training. It happened when the training ended, not when somebody wrote it down."""
    own = {"course": event.course, "minutes": event.minutes, "basis": event.basis}
    return Fact(
        kind=KIND.name,
        id=event.training_id,
        person_id=event.person_id,
        region_code=event.region_code,
        happened_at=event.finished_at,
        fields=where_and_when(region_path, event.finished_at) | own,
    )
