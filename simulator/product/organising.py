"""What organisers do: plan, call off, confirm, enter later."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from app.identity.actors import Actor
from app.kernel.geo import Position
from app.volunteering import confirming
from app.volunteering import heads as counting
from app.volunteering import organising as use_cases
from app.volunteering.heads import Looked
from simulator.product.answers import Facts, of_hours


def plan_activity(
    *,
    by: Actor,
    at: datetime,
    station_id: str | None = None,
    place: tuple[float, float] | None = None,
    **facts: Any,
) -> Facts:
    """An activity, as a draft."""
    made = use_cases.create_activity(
        station_id=UUID(station_id) if station_id else None,
        position=Position(*place) if place else None,
        is_demo=True,
        by=by,
        at=at,
        **facts,
    )
    return {"activity": str(made.id)}


def add_shift(
    *, by: Actor, at: datetime, activity_id: str, starts_at: str, ends_at: str, places: int
) -> Facts:
    """A span with so many places."""
    made = use_cases.add_shift(
        activity_id=UUID(activity_id),
        starts_at=datetime.fromisoformat(starts_at),
        ends_at=datetime.fromisoformat(ends_at),
        places=places,
        by=by,
        at=at,
    )
    return {"shift": str(made.id), "short_code": made.short_code}


def publish_activity(*, by: Actor, at: datetime, activity_id: str) -> Facts:
    """Riders may sign up."""
    return {"activity": str(use_cases.publish_activity(activity_id=UUID(activity_id), by=by, at=at).id)}


def call_off(*, by: Actor, at: datetime, activity_id: str) -> Facts:
    """An activity that will not be."""
    return {"activity": str(use_cases.cancel_activity(activity_id=UUID(activity_id), by=by, at=at).id)}


def confirm(*, by: Actor, at: datetime, attendance_id: str, signed_out_at: str | None = None) -> Facts:
    """What the scans show counts."""
    left_at = datetime.fromisoformat(signed_out_at) if signed_out_at else None
    return of_hours(
        confirming.confirm_attendance(attendance_id=UUID(attendance_id), signed_out_at=left_at, by=by, at=at)
    )


def count_heads(*, by: Actor, at: datetime, shift_id: str, here: int, heads: list[tuple[str, bool]]) -> Facts:
    """So many are there, and these are not."""
    looked = [Looked(UUID(attendance_id), seen) for attendance_id, seen in heads]
    return {
        "count": str(counting.count_heads(shift_id=UUID(shift_id), here=here, heads=looked, by=by, at=at).id)
    }


def confirm_counted(*, by: Actor, at: datetime, shift_id: str) -> Facts:
    """All who were looked for."""
    return {"confirmed": len(counting.confirm_counted(shift_id=UUID(shift_id), by=by, at=at))}


def reject_hours(*, by: Actor, at: datetime, hours_id: str, reason: str) -> Facts:
    """Hours that do not count."""
    return of_hours(confirming.reject(hours_id=UUID(hours_id), reason=reason, by=by, at=at))


def witness(*, by: Actor, at: datetime, shift_id: str, person_id: str, reason: str) -> Facts:
    """Somebody vouches for a rider without scans."""
    return of_hours(
        confirming.witness(shift_id=UUID(shift_id), person_id=UUID(person_id), reason=reason, by=by, at=at)
    )


def back_fill(
    *,
    by: Actor,
    at: datetime,
    activity_id: str,
    person_id: str,
    starts_at: str,
    ends_at: str,
    reason: str,
) -> Facts:
    """Hours entered later."""
    return of_hours(
        confirming.back_fill(
            activity_id=UUID(activity_id),
            person_id=UUID(person_id),
            starts_at=datetime.fromisoformat(starts_at),
            ends_at=datetime.fromisoformat(ends_at),
            reason=reason,
            by=by,
            at=at,
        )
    )


def approve(*, by: Actor, at: datetime, hours_id: str) -> Facts:
    """A second person lets them count."""
    return of_hours(confirming.approve(hours_id=UUID(hours_id), by=by, at=at))
