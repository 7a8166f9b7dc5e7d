"""Looking up activities, shifts, sign-ups, attendance and hours."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, or_, select

from app.identity.actors import Actor
from app.identity.models import Person
from app.kernel import geo, i18n, paging
from app.kernel.asking import Question, ask
from app.kernel.db import session
from app.kernel.paging import CursorUnknown, Page
from app.places.models import Region
from app.places.queries import inside, region_path
from app.volunteering.errors import ActivityNotFound, AttendanceNotFound, HoursNotFound, ShiftNotFound
from app.volunteering.models import BASES, Activity, Attendance, Head, Hours, Shift, SignUp


@dataclass(frozen=True, slots=True)
class ShiftView:
    """A shift as a rider sees it: what is left, whether he is in, and whether it clashes with another of his."""

    shift: Shift
    activity: Activity
    signed_up: bool = False
    overlaps: bool = False

    @property
    def is_full(self) -> bool:
        return self.shift.places_left <= 0


@dataclass(frozen=True, slots=True)
class HoursTotals:
    """Confirmed minutes by how they are known, and minutes that wait."""

    proven: int = 0
    witnessed: int = 0
    backfilled: int = 0
    pending: int = 0

    @property
    def confirmed(self) -> int:
        """Everything that counts, back-filled included."""
        return self.proven + self.witnessed + self.backfilled


@dataclass(slots=True)
class Listed:
    """One rider on a shift's list, for the organiser."""

    person: Person
    sign_up: SignUp | None = None
    attendance: Attendance | None = None
    hours: list[Hours] = field(default_factory=list)
    look: Head | None = None  # the last time heads were counted


# --- activities and shifts -------------------------------------------------------------------------------------------


def activity(activity_id: UUID) -> Activity:
    """The activity with this id. Raises ActivityNotFound."""
    return _one(select(Activity).where(Activity.id == activity_id))


def activity_to_change(activity_id: UUID) -> Activity:
    """The same, locked until the unit of work ends."""
    return _one(select(Activity).where(Activity.id == activity_id).with_for_update())


def activity_to_join(activity_id: UUID) -> Activity:
    """The same, held as it is: many may join at once, but nobody calls it off in between."""
    return _one(select(Activity).where(Activity.id == activity_id).with_for_update(read=True))


def _one(statement: Select[Activity]) -> Activity:
    found = session.scalar(statement.execution_options(populate_existing=True))
    if found is None:
        raise ActivityNotFound
    return found


def published_activity(activity_id: UUID) -> Activity:
    """The activity, unless it is still a draft. Raises ActivityNotFound."""
    found = activity(activity_id)
    if found.state == "draft":
        raise ActivityNotFound
    return found


def activities_of(by: Actor, cursor: str | None = None, limit: int = paging.DEFAULT_LIMIT) -> Page[Activity]:
    """The activities an organiser may change, newest first."""
    return paging.page(where_held(select(Activity), by, "activity.organise"), Activity.id, cursor, limit)


def title_of(activity_id: UUID) -> str:
    """The activity's title in the caller's language."""
    found = activity(activity_id)
    return i18n.pick(found.title_zh, found.title_en)


def shift(shift_id: UUID) -> Shift:
    """The shift with this id. Raises ShiftNotFound."""
    found = session.get(Shift, shift_id)
    if found is None:
        raise ShiftNotFound
    return found


def shift_by_short_code(code: str) -> Shift:
    """The shift whose poster carries this short code. Raises ShiftNotFound."""
    found = session.scalar(select(Shift).where(Shift.short_code == code.upper()))
    if found is None:
        raise ShiftNotFound
    return found


def shifts_of(activity_id: UUID) -> Sequence[Shift]:
    """An activity's shifts, soonest first."""
    return session.scalars(
        select(Shift).where(Shift.activity_id == activity_id).order_by(Shift.starts_at, Shift.id)
    ).all()


def begun(activity_id: UUID, before: datetime) -> bool:
    """Whether a shift of this activity began before then."""
    chosen = select(Shift.id).where(Shift.activity_id == activity_id, Shift.starts_at < before)
    return session.scalar(select(chosen.exists())) or False


def open_shifts(
    *,
    region_code: str | None = None,
    near: geo.Position | None = None,
    within_m: int = 5_000,
    person_id: UUID | None = None,
    cursor: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
    at: datetime,
) -> Page[ShiftView]:
    """Shifts of published activities that are not over, soonest first; inside a region or around a position."""
    chosen = (
        select(Shift, Activity)
        .join(Activity, Activity.id == Shift.activity_id)
        .where(Activity.state == "open", Shift.ends_at > at)
    )
    if region_code:
        chosen = chosen.join(Region, Region.code == Activity.region_code)
        chosen = chosen.where(inside(Region.path, [region_path(region_code)]))
    if near:
        south, west, north, east = geo.box_around(near, within_m)
        chosen = chosen.where(Activity.lat.between(south, north), Activity.lng.between(west, east))
    if cursor:
        last = session.get(Shift, paging.decode(cursor))
        if last is None:
            raise CursorUnknown(fields={"cursor": ["cursor-unknown"]})
        chosen = chosen.where(
            or_(Shift.starts_at > last.starts_at, (Shift.starts_at == last.starts_at) & (Shift.id > last.id))
        )
    rows = session.execute(chosen.order_by(Shift.starts_at, Shift.id).limit(limit + 1)).all()
    views = _seen_by(person_id, [(found, about) for found, about in rows[:limit]])
    return Page(views, paging.encode(views[-1].shift.id) if len(rows) > limit else None)


def shift_view(shift_id: UUID, person_id: UUID | None = None) -> ShiftView:
    """One shift of a published activity as a rider sees it. Raises ShiftNotFound."""
    found = shift(shift_id)
    about = activity(found.activity_id)
    if about.state == "draft":
        raise ShiftNotFound
    return _seen_by(person_id, [(found, about)])[0]


def _seen_by(person_id: UUID | None, rows: Sequence[tuple[Shift, Activity]]) -> list[ShiftView]:
    mine: list[Shift] = []
    if person_id is not None and rows:
        earliest, latest = min(each.starts_at for each, _ in rows), max(each.ends_at for each, _ in rows)
        held = _active_of(person_id).where(Shift.starts_at < latest, Shift.ends_at > earliest)
        mine = list(session.scalars(held))
    ids = {each.id for each in mine}
    return [
        ShiftView(
            found, about, found.id in ids, any(_clash(found, other) for other in mine if other.id != found.id)
        )
        for found, about in rows
    ]


def _clash(one: Shift, other: Shift) -> bool:
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


# --- sign-ups and attendance -----------------------------------------------------------------------------------------


def _active_of(person_id: UUID) -> Select[Shift]:
    return (
        select(Shift)
        .join(SignUp, SignUp.shift_id == Shift.id)
        .where(SignUp.person_id == person_id, SignUp.state == "active")
    )


def sign_up_of(shift_id: UUID, person_id: UUID) -> SignUp | None:
    """A rider's sign-up for a shift, whatever its state."""
    chosen = select(SignUp).where(SignUp.shift_id == shift_id, SignUp.person_id == person_id)
    return session.scalar(chosen.execution_options(populate_existing=True))


def shift_that_overlaps(wanted: Shift, person_id: UUID) -> Shift | None:
    """Another shift the rider holds a place on that runs at the same time."""
    clash = _active_of(person_id).where(
        Shift.id != wanted.id, Shift.starts_at < wanted.ends_at, Shift.ends_at > wanted.starts_at
    )
    return session.scalar(clash.order_by(Shift.starts_at, Shift.id).limit(1))


def my_sign_ups(person_id: UUID, *, at: datetime, limit: int = 50) -> list[ShiftView]:
    """The shifts a rider holds a place on that are not over, soonest first."""
    ahead = _active_of(person_id).where(Shift.ends_at > at).order_by(Shift.starts_at, Shift.id).limit(limit)
    rows = session.execute(ahead.join(Activity, Activity.id == Shift.activity_id).add_columns(Activity)).all()
    return [ShiftView(found, about, signed_up=True) for found, about in rows]


def riders_of(activity_id: UUID) -> Sequence[Person]:
    """Who signed up for any shift of an activity, by name."""
    mine = (
        select(SignUp.person_id)
        .join(Shift, Shift.id == SignUp.shift_id)
        .where(Shift.activity_id == activity_id)
    )
    known = select(Person).where(Person.id.in_(mine), Person.closed_at.is_(None))
    return session.scalars(known.order_by(Person.nickname, Person.id)).all()


def attendance_of(shift_id: UUID, person_id: UUID) -> Attendance | None:
    """A rider's attendance of a shift."""
    return session.scalar(
        select(Attendance).where(Attendance.shift_id == shift_id, Attendance.person_id == person_id)
    )


def attendance_of_to_change(shift_id: UUID, person_id: UUID) -> Attendance | None:
    """The same, locked until the unit of work ends."""
    chosen = select(Attendance).where(Attendance.shift_id == shift_id, Attendance.person_id == person_id)
    return session.scalar(chosen.with_for_update().execution_options(populate_existing=True))


def attended(attendance_id: UUID) -> tuple[Shift, UUID]:
    """Which shift an attendance is of, and whose; neither ever changes. Raises AttendanceNotFound."""
    found = session.get(Attendance, attendance_id)
    if found is None:
        raise AttendanceNotFound
    return shift(found.shift_id), found.person_id


def attendance_to_change(attendance_id: UUID) -> Attendance:
    """The attendance with this id, locked. Raises AttendanceNotFound."""
    chosen = select(Attendance).where(Attendance.id == attendance_id)
    found = session.scalar(chosen.with_for_update().execution_options(populate_existing=True))
    if found is None:
        raise AttendanceNotFound
    return found


def open_attendance_of(person_id: UUID, at: datetime) -> Attendance | None:
    """Where the rider is signed in now, on a shift that is not over."""
    return session.scalar(
        select(Attendance)
        .join(Shift, Shift.id == Attendance.shift_id)
        .where(Attendance.person_id == person_id, Attendance.signed_out_at.is_(None), Shift.ends_at > at)
        .order_by(Attendance.id)
        .limit(1)
    )


def attendance_list(shift_id: UUID, by: Actor) -> list[Listed]:
    """Everybody who signed up for a shift or was there, for its organiser, in the order they signed up."""
    about = activity(shift(shift_id).activity_id)
    path = region_path(about.region_code)
    if not by.can("hours.witness", region_path=path, station_id=about.station_id):
        by.must("hours.confirm", region_path=path, station_id=about.station_id)
    listed: dict[UUID, Listed] = {}
    signed_up = (
        select(SignUp, Person)
        .join(Person, Person.id == SignUp.person_id)
        .where(SignUp.shift_id == shift_id, SignUp.state == "active")
        .order_by(SignUp.signed_up_at, SignUp.id)
    )
    for sign_up, someone in session.execute(signed_up):
        listed[someone.id] = Listed(someone, sign_up)
    attended = (
        select(Attendance, Person)
        .join(Person, Person.id == Attendance.person_id)
        .where(Attendance.shift_id == shift_id)
        .order_by(Attendance.id)
    )
    came = session.execute(attended).all()
    looks = last_looks([attendance.id for attendance, _ in came])
    for attendance, someone in came:
        line = listed.setdefault(someone.id, Listed(someone))
        line.attendance, line.look = attendance, looks.get(attendance.id)
    served = (
        select(Hours, Person)
        .join(Person, Person.id == Hours.person_id)
        .where(Hours.shift_id == shift_id)
        .order_by(Hours.id)
    )
    for hours, someone in session.execute(served):
        listed.setdefault(someone.id, Listed(someone)).hours.append(hours)
    return list(listed.values())


def last_looks(attendance_ids: Collection[UUID]) -> dict[UUID, Head]:
    """What the last count says of each of these, as far as they were looked for."""
    if not attendance_ids:
        return {}
    looks = select(Head).where(Head.attendance_id.in_(attendance_ids)).order_by(Head.looked_at, Head.id)
    return {each.attendance_id: each for each in session.scalars(looks)}


# --- hours -----------------------------------------------------------------------------------------------------------


def hours(hours_id: UUID) -> Hours:
    """The hours with this id. Raises HoursNotFound."""
    found = session.get(Hours, hours_id)
    if found is None:
        raise HoursNotFound
    return found


def hours_to_change(hours_id: UUID) -> Hours:
    """The hours with this id, locked. Raises HoursNotFound."""
    chosen = select(Hours).where(Hours.id == hours_id)
    found = session.scalar(chosen.with_for_update().execution_options(populate_existing=True))
    if found is None:
        raise HoursNotFound
    return found


def hours_of_attendance_to_change(attendance_id: UUID) -> Hours | None:
    """The hours that stand for an attendance and were not rejected, locked."""
    chosen = select(Hours).where(Hours.attendance_id == attendance_id, Hours.state != "rejected")
    return session.scalar(chosen.with_for_update().execution_options(populate_existing=True))


def hours_that_overlap(person_id: UUID, starts_at: datetime, ends_at: datetime) -> Hours | None:
    """Counted hours of a person that overlap a span."""
    return session.scalar(
        select(Hours)
        .where(
            Hours.person_id == person_id,
            Hours.state != "rejected",
            Hours.starts_at < ends_at,
            Hours.ends_at > starts_at,
        )
        .limit(1)
    )


def my_hours(person_id: UUID, cursor: str | None = None, limit: int = paging.DEFAULT_LIMIT) -> Page[Hours]:
    """A person's own hours, newest first, rejected ones with their reason."""
    return paging.page(select(Hours).where(Hours.person_id == person_id), Hours.id, cursor, limit)


def _minutes(*which: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((and_(*which), Hours.minutes), else_=0)), 0)


TOTALS = Question(
    select(
        *(_minutes(Hours.state == "confirmed", Hours.basis == basis) for basis in BASES),
        _minutes(Hours.state != "confirmed"),
    ).where(Hours.person_id == bindparam("person_id"), Hours.state != "rejected"),
    lambda person_id: {"person_id": person_id},
    lambda found: HoursTotals(**dict(zip((*BASES, "pending"), map(int, found or ()), strict=False))),
)


def hours_totals(person_id: UUID) -> HoursTotals:
    """A person's own totals, by how the hours are known."""
    return ask(TOTALS, person_id)


def where_held(statement: Select[Any], by: Actor, permission: str) -> Select[Any]:
    """Of a selection of activities, those where the actor holds the permission."""
    scopes = by.scopes(permission)
    held = statement.join(Region, Region.code == Activity.region_code)
    there = inside(Region.path, scopes.region_paths)
    return held.where(or_(there, Activity.station_id.in_(scopes.station_ids)))
