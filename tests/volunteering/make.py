"""A published activity with a shift, an organiser, and riders who went through it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.identity.actors import Actor
from app.identity.models import Person
from app.kernel import clock, events
from app.kernel.db import transaction
from app.kernel.events import Event
from app.volunteering.attendance import scan_shift
from app.volunteering.models import Activity, Attendance, Shift
from app.volunteering.organising import add_shift, create_activity, publish_activity
from tests import make
from tests.databases import built_once


@dataclass(slots=True)
class Setting:
    """An organiser in a community and an open activity with one shift."""

    organiser: Actor
    activity: Activity
    shift: Shift


def activity(by: Actor, *, title_zh: str = "路口文明劝导", **more: Any) -> Activity:
    """A published activity in the community. Run inside a unit of work."""
    values: dict[str, Any] = {
        "category": "safety",
        "region_code": make.COMMUNITY,
        "place_words": "梅园路口",
    } | more
    drafted = create_activity(title_zh=title_zh, **values, by=by, at=clock.now())
    return publish_activity(activity_id=drafted.id, by=by, at=clock.now())


def shift(
    about: Activity, by: Actor, *, starts_in: float = 60, minutes: float = 120, places: int = 5
) -> Shift:
    """A shift that starts in so many minutes."""
    starts_at = clock.now() + timedelta(minutes=starts_in)
    return add_shift(
        activity_id=about.id,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=minutes),
        places=places,
        by=by,
        at=clock.now(),
    )


@built_once
def setting(**of_shift: Any) -> Setting:
    """Regions, an organiser of the district, an open activity and its shift, in a unit of work of its own."""
    with transaction():
        make.regions()
        organiser = make.actor(make.staff("organiser", region_code=make.XUANWU, name="赵组织"))
        about = activity(organiser)
        return Setting(organiser, about, shift(about, organiser, **of_shift))


def a_rider(nickname: str = "王师傅", **more: Any) -> Actor:
    """A rider as an actor. Run inside a unit of work."""
    return make.actor(make.rider(nickname, **more))


def new_rider(nickname: str = "王师傅", **more: Any) -> Actor:
    """The same, in a unit of work of its own."""
    with transaction():
        return a_rider(nickname, **more)


def new_staff(role: str, name: str = "李部门") -> Actor:
    """Somebody with a role in the city, in a unit of work of its own."""
    with transaction():
        return make.actor(staff_person(role, name))


def staff_person(role: str, name: str = "李部门") -> Person:
    """Somebody with a role in the city. Run inside a unit of work."""
    return make.staff(role, region_code=make.CITY, name=name)


def scan(where: Shift, by: Actor, at: datetime) -> Attendance:
    """One scan of the shift's code, in a unit of work of its own."""
    with transaction():
        return scan_shift(shift_id=where.id, by=by, at=at)


def attend(where: Shift, by: Actor) -> Attendance:
    """In at the start, out at the end."""
    scan(where, by, where.starts_at)
    return scan(where, by, where.ends_at)


@contextmanager
def listening(*types: type[Event]) -> Iterator[list[Event]]:
    """Everything of these types that is published while the block lasts."""
    heard: list[Event] = []
    before = {each: list(handlers) for each, handlers in events._handlers.items()}
    for each in types:
        events._handlers.setdefault(each, []).append(heard.append)
    try:
        yield heard
    finally:
        events._handlers.clear()
        events._handlers.update(before)
