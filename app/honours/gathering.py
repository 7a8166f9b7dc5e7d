"""Reading the facts of a period and region from the floors below, set by set. Grievances are never among them."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased

from app.cases.models import Case
from app.cases.states import CLOSED, MERGED, RESOLVED
from app.honours.scoring import Facts, pseudonym
from app.identity.models import Person
from app.kernel.clock import city_day, city_midnight
from app.kernel.db import session
from app.places.models import Region
from app.rules.models import ACTIVE, Award, RecordedFact
from app.volunteering.queries import confirmed_minutes


def facts_of(*, selection_id: UUID, region_path: str, start_on: date, end_on: date) -> dict[UUID, Facts]:
    """Everything the criteria may look at, for every rider with any of it in the region and period."""
    since, until = city_midnight(start_on), city_midnight(end_on + timedelta(days=1))
    values: dict[UUID, dict[str, int]] = defaultdict(dict)
    for person_id, basis, minutes in confirmed_minutes(path=region_path, since=since, until=until):
        values[person_id][f"hours.{basis}"] = minutes
    reported = (
        _reports()
        .join(Region, Region.code == Case.region_code)
        .where(
            Case.created_at >= since,
            Case.created_at < until,
            Region.path.startswith(region_path, autoescape=True),
        )
    )
    for person_id, count in session.execute(reported):
        values[person_id]["reports.resolved"] = int(count)
    points = (
        select(Award.person_id, Award.fact_kind, func.sum(Award.points))
        .join(RecordedFact, RecordedFact.id == Award.recorded_fact_id)
        .join(Region, Region.code == RecordedFact.region_code)
        .where(
            Award.state == ACTIVE,
            RecordedFact.happened_at >= since,
            RecordedFact.happened_at < until,
            Region.path.startswith(region_path, autoescape=True),
        )
        .group_by(Award.person_id, Award.fact_kind)
    )
    for person_id, kind, total in session.execute(points):
        values[person_id][f"points.{kind}"] = int(total)
    riders = select(Person.id, Person.enrolled_at).where(
        Person.enrolled_at.is_not(None), Person.closed_at.is_(None)
    )
    return {
        person_id: Facts(pseudonym(selection_id, person_id), city_day(enrolled_at), values[person_id])
        for person_id, enrolled_at in session.execute(riders)
        if person_id in values and enrolled_at is not None
    }


def _reports() -> Select[Any, Any]:
    """Resolved reports by reporter; one merged into another counts once that other is resolved. Reports only."""
    original = aliased(Case)
    done = (RESOLVED, CLOSED)
    return (
        select(Case.reporter_id, func.count())
        .outerjoin(original, original.id == Case.duplicate_of)
        .where(
            Case.kind == "report",
            Case.reporter_id.is_not(None),
            Case.state.in_(done) | ((Case.state == MERGED) & original.state.in_(done)),
        )
        .group_by(Case.reporter_id)
    )
