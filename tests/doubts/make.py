"""A city with rules in force, two stations far apart, and riders who do things in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.cases import reporting, triage, working
from app.checkins.checking_in import check_in_by_code
from app.doubts.deciding import find_in_order, find_wanting, lapse_due
from app.doubts.looking import look_for_doubts
from app.doubts.models import Doubt
from app.identity.actors import Actor
from app.identity.models import Person
from app.kernel import clock
from app.kernel.db import session, transaction
from app.kernel.geo import Position
from app.ledger.queries import Balance, balance_of
from app.media.accepting import accept_photo
from app.media.cleaning import clean
from app.places.models import Station
from app.volunteering import confirming
from app.volunteering.heads import Looked, count_heads
from app.volunteering.models import Attendance
from tests import make as people
from tests.databases import built_once
from tests.rules import make as rules
from tests.rules.make import rule, when
from tests.volunteering import make as volunteering

FAR = Position(people.STATION_POSITION.lat + 0.135, people.STATION_POSITION.lng)  # 15 km to the north
MERGED = rule("R-05", "report", 2, when=[when("stage", "merged")])
RULES = [rule(points=5), rule("R-02", "hours", 20), rule("R-03", "report", 10), MERGED]


@dataclass
class Town:
    """Who and what is there."""

    rider: Person
    here: Station
    there: Station
    at_the_counter: Actor
    dispatcher: Actor
    organiser: Actor
    first: Actor
    second: Actor

    def balance(self) -> Balance:
        with transaction(write=False):
            return balance_of(self.rider.id)

    def check_in(self, station: Station, *, happened_at: datetime | None = None) -> UUID:
        """The counter scans the rider."""
        with transaction():
            made = check_in_by_code(
                person_id=self.rider.id, station_id=station.id, happened_at=happened_at, by=self.at_the_counter,
                at=clock.now(),
            )  # fmt: skip
            return made.id

    def report(
        self,
        *,
        by: Person | None = None,
        metres: float = 0,
        category: str = "pothole",
        photos: Sequence[bytes] = (),
        happened_at: datetime | None = None,
    ) -> UUID:
        """The rider reports something, so many metres to the north of the station."""
        spot = Position(people.STATION_POSITION.lat + 0.001 + metres / 111_195, people.STATION_POSITION.lng)
        with transaction():
            actor = people.actor(by or self.rider)
            taken = [
                accept_photo(data=clean(each), purpose="report", by=actor, at=clock.now()) for each in photos
            ]
            told = reporting.report(
                category=category, position=spot, place_words="珠江路口", by=actor, at=clock.now(),
                photo_ids=[each.id for each in taken], happened_at=happened_at,
            )  # fmt: skip
            return told.id

    def accept(self, case_id: UUID) -> None:
        """A dispatcher takes it on; the rules pay."""
        with transaction():
            triage.accept(case_id=case_id, by=self.dispatcher, at=clock.now())

    def reject(self, case_id: UUID) -> None:
        """A dispatcher finds nothing in it."""
        with transaction():
            triage.reject(case_id=case_id, reason="照片看不清", by=self.dispatcher, at=clock.now())

    def resolve(self, case_id: UUID) -> None:
        """It is done."""
        with transaction():
            working.resolve(case_id=case_id, note="已经处理好", by=self.dispatcher, at=clock.now())

    def volunteer(self, clock: Any, station: Station, *, elsewhere_after_min: float | None = None) -> UUID:
        """Two hours at a station, confirmed; with a check-in at the other one on the way, if asked. The hours' id."""
        attended = self.attend(clock, station, elsewhere_after_min=elsewhere_after_min)
        with transaction():
            return confirming.confirm_attendance(attendance_id=attended.id, by=self.organiser, at=clock.at).id

    def serve(self, clock: Any, *looks: tuple[int, bool]) -> UUID:
        """Two hours here, with heads counted so many minutes after the beginning: seen or not. Confirmed."""
        with transaction():
            about = volunteering.activity(self.organiser, position=self.here.position)
            shift = volunteering.shift(about, self.organiser, starts_in=1, minutes=120)
            by = people.actor(self.rider)
        attended = volunteering.scan(shift, by, clock.at)
        began = clock.advance(minutes=1)
        for minutes, seen in looks:
            clock.at = began + timedelta(minutes=minutes)
            with transaction():
                looked = [Looked(attended.id, seen)]
                count_heads(shift_id=shift.id, here=int(seen), heads=looked, by=self.organiser, at=clock.at)
        clock.at = began + timedelta(minutes=120)
        volunteering.scan(shift, by, clock.at)
        with transaction():
            return confirming.confirm_attendance(attendance_id=attended.id, by=self.organiser, at=clock.at).id

    def attend(self, clock: Any, station: Station, *, elsewhere_after_min: float | None = None) -> Attendance:
        """The same, not confirmed yet."""
        with transaction():
            about = volunteering.activity(self.organiser, position=station.position)
            shift = volunteering.shift(about, self.organiser, starts_in=1, minutes=120)
            by = people.actor(self.rider)
        clock.advance(minutes=1)
        volunteering.scan(shift, by, clock.at)
        spent = elsewhere_after_min or 0
        clock.advance(minutes=spent)
        if spent:
            self.check_in(self.there if station is self.here else self.here)
        clock.advance(minutes=120 - spent)
        return volunteering.scan(shift, by, clock.at)


@built_once
def town(*more: dict[str, Any], others: Sequence[dict[str, Any]] = ()) -> Town:
    """With more rules, or with others, if given. In a unit of work of its own."""
    scene = rules.scene(others or [*RULES, *more])
    with transaction():
        here, there = people.station(), people.station("江北驿站", position=FAR)
        counter = people.staff("station-manager", region_code=people.CITY, name="两处站长")
        return Town(
            rider=scene.rider,
            here=here,
            there=there,
            at_the_counter=people.actor(counter),
            dispatcher=people.actor(people.staff("dispatcher", region_code=people.CITY, name="陈调度")),
            organiser=people.actor(people.staff("organiser", region_code=people.CITY, name="赵组织")),
            first=people.actor(people.staff("department", region_code=people.CITY, name="周部门")),
            second=people.actor(people.staff("department", region_code=people.CITY, name="吴部门")),
        )


def look(clock: Any) -> list[Doubt]:
    """The round of the worker, a little later; all doubts there are."""
    clock.advance(minutes=5)
    with transaction():
        look_for_doubts(at=clock.at)
    return doubts()


def doubts() -> list[Doubt]:
    """All there are, oldest first."""
    with transaction(write=False):
        return list(session.scalars(select(Doubt).order_by(Doubt.id)))


def in_order(doubt: Doubt, by: Actor) -> Doubt:
    with transaction():
        return find_in_order(doubt_id=doubt.id, words="站长说两处都见过他", by=by, at=clock.now())


def wanting(doubt: Doubt, by: Actor) -> Doubt:
    with transaction():
        return find_wanting(doubt_id=doubt.id, words="站长说是别人拿截图来刷的", by=by, at=clock.now())


def lapse() -> int:
    with transaction():
        return lapse_due(at=clock.now())
