"""Reading the facts of a period and regions from the floors below: grouped statements, never one per rider.

Only what `scoring.SOURCES` names is read. Grievances, mediation, ratings and stars are not among the tables asked.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, Subquery, case, cast, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from app.cases.grades import GRADES
from app.cases.models import Case
from app.cases.states import CLOSED, MERGED, RESOLVED
from app.honours.models import IntegrityHold
from app.honours.pseudonyms import pseudonyms_in
from app.honours.scoring import GROUPS, OPEN_HOLDS, SOURCES, TRAINING, Facts
from app.identity.models import Person
from app.kernel.bulk import read_many
from app.kernel.clock import city_day, city_midnight
from app.kernel.db import session
from app.places import queries as places
from app.places.models import Region
from app.rules.models import ACTIVE, Award, RecordedFact
from app.volunteering.models import BASES, Activity, Hours, Training


class Span(NamedTuple):
    """Which facts count: those inside these regions, from `since` until before `until`."""

    paths: tuple[str, ...]
    since: datetime
    until: datetime

    def inside(self) -> ColumnElement[bool]:
        """Whether the Region of the statement is one of these or lies in one."""
        return places.inside(Region.path, self.paths)

    def during(self, moment: InstrumentedAttribute[datetime]) -> ColumnElement[bool]:
        """Whether the moment lies in the span."""
        return (moment >= self.since) & (moment < self.until)


class Gathered(NamedTuple):
    """Facts in the order of the pseudonyms, and whose they are: the bytes of a person's id by pseudonym."""

    facts: list[Facts]
    people: dict[str, bytes]


def facts_of(
    *,
    selection_id: UUID,
    region_paths: Collection[str],
    start_on: date,
    end_on: date,
    person_id: UUID | None = None,
) -> Gathered:
    """Everything the criteria may look at, for every rider with any of it in the regions and period, or for one."""
    span = Span(
        tuple(sorted(region_paths)), city_midnight(start_on), city_midnight(end_on + timedelta(days=1))
    )
    asked, sources = _asked(span)
    if person_id is not None:
        asked = asked.where(Person.id == person_id)
    name_of, groups_of = pseudonyms_in(selection_id), _Groups()
    found, people = [], {}
    for whose, enrolled_at, home, occupation, platform, trained, held, *counted in read_many(asked):
        values = {source: value for source, value in zip(sources, counted, strict=True) if value}
        if not values:
            continue
        if trained is not None:
            values[TRAINING] = trained
        if held:
            values[OPEN_HOLDS] = 1
        raw = bytes.fromhex(whose.replace("-", ""))
        pseudonym = name_of(raw)
        people[pseudonym] = raw
        found.append(Facts(pseudonym, city_day(enrolled_at), values, groups_of(home, occupation, platform)))
    found.sort(key=attrgetter("pseudonym"))
    return Gathered(found, people)


def _asked(span: Span) -> tuple[Select[Any], list[str]]:
    """One statement, so all figures are of one moment: riders with whatever was counted, and what its columns are."""
    counted = (_hours(span), _reports(span), _points(span))
    columns = [column for each in counted for column in each.c if column.name in SOURCES]
    trained = _trainings(span)
    of_rider = Person.__table__.outerjoin(trained, trained.c.person_id == Person.id)
    open_hold = (IntegrityHold.person_id == Person.id) & IntegrityHold.lifted_at.is_(None)
    of_rider = of_rider.outerjoin(IntegrityHold, open_hold)
    for each in counted:
        of_rider = of_rider.outerjoin(each, each.c.person_id == Person.id)
    asked = (
        select(
            cast(Person.id, String), Person.enrolled_at, Person.home_region_code, Person.occupation,
            Person.platform, trained.c.minutes, case((IntegrityHold.id.is_not(None), 1), else_=0), *columns,
        )
        .select_from(of_rider)
        .where(Person.enrolled_at.is_not(None), Person.closed_at.is_(None))
        .where(or_(*(each.c.person_id.is_not(None) for each in counted)))
    )  # fmt: skip
    return asked, [column.name for column in columns]


class _Groups:
    """The groups that quotas go by. Few, and shared by thousands of riders."""

    def __init__(self) -> None:
        self._districts = _districts()
        self._known: dict[tuple[str | None, ...], dict[str, str]] = {}

    def __call__(self, *told: str | None) -> dict[str, str]:
        known = self._known.get(told)
        if known is None:
            home, *others = told
            named = zip(GROUPS, (self._districts.get(home), *others), strict=True)
            known = self._known[told] = {by: group for by, group in named if group}
        return known


def _districts() -> dict[str | None, str]:
    """The district of each region that is one or lies in one."""
    districts = set(session.scalars(select(Region.code).where(Region.level == "district")))
    found: dict[str | None, str] = {}
    for code, path in session.execute(select(Region.code, Region.path)):
        for district in districts & set(path.split("/")):
            found[code] = district
    return found


def _hours(span: Span) -> Subquery:
    """Confirmed minutes by how they are known; how often somebody came to a rescue, in how many sorts of service."""
    seen = Hours.basis != "backfilled"
    return (
        select(
            Hours.person_id,
            *(func.sum(Hours.minutes).filter(Hours.basis == each).label(f"hours.{each}") for each in BASES),
            func.count().filter(seen, Activity.category == "rescue").label("callups.rescue"),
            func.count(Activity.category.distinct()).filter(seen).label("breadth.categories"),
        )
        .join(Activity, Activity.id == Hours.activity_id)
        .join(Region, Region.code == Activity.region_code)
        .where(Hours.state == "confirmed", span.during(Hours.starts_at), span.inside())
        .group_by(Hours.person_id)
        .subquery()
    )


def _trainings(span: Span) -> Subquery:
    """Minutes of finished training, wherever, until the end of the period: what one has learned stays."""
    return (
        select(Training.person_id, func.sum(Training.minutes).label("minutes"))
        .where(Training.finished_at < span.until)
        .group_by(Training.person_id)
        .subquery()
    )


def _reports(span: Span) -> Subquery:
    """Resolved reports by grade; one merged into another counts once that other is resolved. Reports only."""
    original = aliased(Case)
    done = (RESOLVED, CLOSED)
    return (
        select(
            Case.reporter_id.label("person_id"),
            func.count().label("reports.resolved"),
            *(func.count().filter(Case.grade == each).label(f"reports.{each}") for each in GRADES),
        )
        .outerjoin(original, original.id == Case.duplicate_of)
        .join(Region, Region.code == Case.region_code)
        .where(
            Case.kind == "report",
            Case.reporter_id.is_not(None),
            Case.state.in_(done) | ((Case.state == MERGED) & original.state.in_(done)),
            span.during(Case.created_at),
            span.inside(),
        )
        .group_by(Case.reporter_id)
        .subquery()
    )


def _points(span: Span) -> Subquery:
    """Points that count, by what they were given for."""
    kinds = [each.removeprefix("points.") for each in SOURCES if each.startswith("points.")]
    return (
        select(
            Award.person_id,
            *(
                func.sum(Award.points).filter(Award.fact_kind == each).label(f"points.{each}")
                for each in kinds
            ),
        )
        .join(RecordedFact, RecordedFact.id == Award.recorded_fact_id)
        .join(Region, Region.code == RecordedFact.region_code)
        .where(Award.state == ACTIVE, span.during(RecordedFact.happened_at), span.inside())
        .group_by(Award.person_id)
        .subquery()
    )
