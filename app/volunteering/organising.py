"""Organising: an activity, its shifts, publishing it and calling it off."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, select, update

from app.identity.actors import Actor
from app.kernel import events, randomness
from app.kernel.db import session
from app.kernel.geo import Position
from app.places import queries as places
from app.volunteering import queries
from app.volunteering.errors import PublishedTooLate, ShiftTimesWrong, StationElsewhere
from app.volunteering.events import ActivityCancelled, ActivityPublished
from app.volunteering.models import MAX_MINUTES, Activity, Shift, SignUp, changed

JUST_BEGUN = timedelta(minutes=15)  # people stand there already while somebody types the shift in


def create_activity(
    *,
    title_zh: str,
    title_en: str | None = None,
    words: str = "",
    category: str,
    region_code: str,
    station_id: UUID | None = None,
    place_words: str,
    position: Position | None = None,
    is_demo: bool = False,
    by: Actor,
    at: datetime,
) -> Activity:
    """Draft an activity in a region, maybe at a station there. Riders see nothing until it is published."""
    path = places.region_path(region_code)
    by.must("activity.organise", region_path=path)
    # Whoever works at its station reads and witnesses attendance, so it must be one the organiser has a say in.
    if station_id and not places.station(station_id).region.path.startswith(path):
        raise StationElsewhere(fields={"station_id": ["activity-station-elsewhere"]})
    activity = Activity(
        title_zh=title_zh,
        title_en=title_en,
        words=words,
        category=category,
        region_code=region_code,
        station_id=station_id,
        place_words=place_words,
        lat=position.lat if position else None,
        lng=position.lng if position else None,
        organiser_id=by.person_id,
        is_demo=is_demo,
        created_at=at,
    )
    session.add(activity)
    session.flush()
    return activity


def add_shift(
    *, activity_id: UUID, starts_at: datetime, ends_at: datetime, places: int, by: Actor, at: datetime
) -> Shift:
    """Add a span with so many places, ahead of now and no longer than a day's service.

    Past service is entered later, where a second person looks: a shift planned after the fact would need one word only.
    """
    activity = _to_organise(activity_id, by)
    activity.must_be_planned()
    if starts_at < at - JUST_BEGUN:
        raise ShiftTimesWrong(fields={"starts_at": ["shift-times-wrong"]})
    if not at < ends_at or not timedelta(0) < ends_at - starts_at <= timedelta(minutes=MAX_MINUTES):
        raise ShiftTimesWrong(fields={"ends_at": ["shift-times-wrong"]})
    shift = Shift(
        activity_id=activity.id,
        short_code=randomness.crockford(8),
        starts_at=starts_at,
        ends_at=ends_at,
        places=places,
        taken=0,
    )
    session.add(shift)
    session.flush()
    return shift


def publish_activity(*, activity_id: UUID, by: Actor, at: datetime) -> Activity:
    """Let riders see the activity and sign up, before any of its shifts has begun unseen."""
    activity = _to_organise(activity_id, by)
    if activity.state == "draft" and queries.begun(activity.id, at - JUST_BEGUN):
        raise PublishedTooLate
    activity.publish()
    session.flush()
    events.publish(ActivityPublished(activity_id=activity.id, region_code=activity.region_code, at=at))
    return activity


def cancel_activity(*, activity_id: UUID, by: Actor, at: datetime) -> Activity:
    """Call an activity off; places on shifts that have not begun are given back and their riders told."""
    activity = _to_organise(activity_id, by)
    if activity.state == "cancelled":
        return activity
    activity.cancel()
    people = give_back_places(activity.id, Shift.starts_at > at)
    events.publish(ActivityCancelled(activity_id=activity.id, person_ids=people, at=at))
    return activity


def give_back_places(activity_id: UUID, which: ColumnElement[bool]) -> tuple[UUID, ...]:
    """Nobody has a place on these shifts of an activity any more. Returns who had one."""
    shifts = select(Shift.id).where(Shift.activity_id == activity_id, which)
    given_back = (
        select(SignUp).where(SignUp.shift_id.in_(shifts), SignUp.state == "active").order_by(SignUp.id)
    )
    sign_ups = session.scalars(given_back.with_for_update()).all()
    for sign_up in sign_ups:
        sign_up.state = "cancelled"
    session.execute(update(Shift).where(Shift.id.in_(shifts)).values(taken=0))
    session.flush()
    return tuple(sign_up.person_id for sign_up in sign_ups)


def end_activities(*, at: datetime) -> int:
    """Mark published activities as over a day after their last shift. Returns how many."""
    recent = select(Shift.activity_id).where(Shift.ends_at > at - timedelta(days=1))
    over = (
        Activity.state == "open", Activity.id.in_(select(Shift.activity_id)), Activity.id.not_in(recent)
    )  # fmt: skip
    # Held first, then asked again: a shift may just have been added, and an end is for good.
    held = session.scalars(select(Activity.id).where(*over).order_by(Activity.id).with_for_update()).all()
    return changed(update(Activity).where(Activity.id.in_(held), *over).values(state="ended"))


def _to_organise(activity_id: UUID, by: Actor) -> Activity:
    activity = queries.activity_to_change(activity_id)
    by.must(
        "activity.organise",
        region_path=places.region_path(activity.region_code),
        station_id=activity.station_id,
    )
    activity.must_be_believed()
    return activity
