"""Reading the facts of a period and regions from the floors below: grouped statements, never one per rider.

Only what `scoring.SOURCES` names is read. Grievances, mediation, ratings and stars are not among the tables asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, literal_column, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from app.cases.models import Case
from app.cases.states import CLOSED, MERGED, RESOLVED
from app.honours.models import IntegrityHold
from app.honours.pseudonyms import pseudonym
from app.honours.scoring import OPEN_HOLDS, SOURCES, Facts
from app.identity.models import Person
from app.kernel.clock import city_day, city_midnight
from app.kernel.db import session
from app.places.models import Region
from app.rules.models import ACTIVE, Award, RecordedFact
from app.volunteering.models import Activity, Hours, Training


class Span(NamedTuple):
    """Which facts count: those inside these regions, from `since` until before `until`."""

    paths: tuple[str, ...]
    since: datetime
    until: datetime

    def inside(self) -> ColumnElement[bool]:
        """Whether the Region of the statement is one of these or lies in one."""
        return or_(*(Region.path.startswith(path, autoescape=True) for path in self.paths))

    def during(self, moment: InstrumentedAttribute[datetime]) -> ColumnElement[bool]:
        """Whether the moment lies in the span."""
        return (moment >= self.since) & (moment < self.until)


def facts_of(
    *, selection_id: UUID, region_paths: Collection[str], start_on: date, end_on: date
) -> dict[UUID, Facts]:
    """Everything the criteria may look at, for every rider with any of it in the regions and period."""
    span = Span(
        tuple(sorted(region_paths)), city_midnight(start_on), city_midnight(end_on + timedelta(days=1))
    )
    values: dict[UUID, dict[str, int]] = defaultdict(dict)
    for statement in (_hours(span), _service(span), _reports(span), _points(span)):
        for person_id, *named in session.execute(statement):
            for source, value in _values(named):
                values[person_id][source] = values[person_id].get(source, 0) + value
    for person_id, minutes in session.execute(_trainings(span)):
        if person_id in values:
            values[person_id]["training.minutes"] = int(minutes)
    for person_id in session.scalars(
        select(IntegrityHold.person_id).where(IntegrityHold.lifted_at.is_(None))
    ):
        if person_id in values:
            values[person_id][OPEN_HOLDS] = 1
    return _with_people(selection_id, values)


def _values(named: list[Any]) -> Iterator[tuple[str, int]]:
    """(source, value) pairs of a row `prefix, name, value, …`; what is no source is left out."""
    for prefix, name, value in zip(named[::3], named[1::3], named[2::3], strict=True):
        if (source := f"{prefix}.{name}") in SOURCES and value:
            yield source, int(value)


def _with_people(selection_id: UUID, values: dict[UUID, dict[str, int]]) -> dict[UUID, Facts]:
    """The facts of those who are riders now, with the groups that quotas go by."""
    districts = _districts()
    riders = select(
        Person.id, Person.enrolled_at, Person.home_region_code, Person.occupation, Person.platform
    ).where(Person.enrolled_at.is_not(None), Person.closed_at.is_(None))
    found = {}
    for person_id, enrolled_at, home, occupation, platform in session.execute(riders):
        if person_id in values and enrolled_at is not None:
            told = {"district": districts.get(home), "occupation": occupation, "platform": platform}
            found[person_id] = Facts(
                pseudonym(selection_id, person_id),
                city_day(enrolled_at),
                values[person_id],
                {by: group for by, group in told.items() if group},
            )
    return found


def _districts() -> dict[str | None, str]:
    """The district of each region that is one or lies in one."""
    districts = set(session.scalars(select(Region.code).where(Region.level == "district")))
    found: dict[str | None, str] = {}
    for code, path in session.execute(select(Region.code, Region.path)):
        for district in districts & set(path.split("/")):
            found[code] = district
    return found


def _hours(span: Span) -> Select[Any]:
    """Confirmed minutes by how they are known."""
    return (
        select(Hours.person_id, _word("hours"), Hours.basis, func.sum(Hours.minutes))
        .join(Activity, Activity.id == Hours.activity_id)
        .join(Region, Region.code == Activity.region_code)
        .where(Hours.state == "confirmed", span.during(Hours.starts_at), span.inside())
        .group_by(Hours.person_id, Hours.basis)
    )


def _service(span: Span) -> Select[Any]:
    """How often somebody came to a rescue, and in how many sorts of service."""
    rescues = func.count().filter(Activity.category == "rescue")
    return (
        select(
            Hours.person_id,
            *(_word("callups"), _word("rescue"), rescues),
            *(_word("breadth"), _word("categories"), func.count(Activity.category.distinct())),
        )
        .join(Activity, Activity.id == Hours.activity_id)
        .join(Region, Region.code == Activity.region_code)
        .where(
            Hours.state == "confirmed",
            Hours.basis != "backfilled",
            span.during(Hours.starts_at),
            span.inside(),
        )
        .group_by(Hours.person_id)
    )


def _trainings(span: Span) -> Select[UUID, int]:
    """Minutes of finished training, wherever, until the end of the period: what one has learned stays."""
    return (
        select(Training.person_id, func.sum(Training.minutes))
        .where(Training.finished_at < span.until)
        .group_by(Training.person_id)
    )


def _reports(span: Span) -> Select[Any]:
    """Resolved reports by grade; one merged into another counts once that other is resolved. Reports only."""
    original = aliased(Case)
    done = (RESOLVED, CLOSED)
    return (
        select(
            Case.reporter_id,
            *(_word("reports"), _word("resolved"), func.count()),
            *(_word("reports"), Case.grade, func.count()),
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
        .group_by(Case.reporter_id, Case.grade)
    )


def _points(span: Span) -> Select[Any]:
    """Points that count, by what they were given for."""
    return (
        select(Award.person_id, _word("points"), Award.fact_kind, func.sum(Award.points))
        .join(RecordedFact, RecordedFact.id == Award.recorded_fact_id)
        .join(Region, Region.code == RecordedFact.region_code)
        .where(Award.state == ACTIVE, span.during(RecordedFact.happened_at), span.inside())
        .group_by(Award.person_id, Award.fact_kind)
    )


def _word(text: str) -> Any:
    return literal_column(f"'{text}'")
