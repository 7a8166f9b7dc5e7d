"""Hours that wait for somebody's word, and hours with the words around them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import or_, select

from app.identity.actors import Actor
from app.identity.models import Person
from app.kernel import paging
from app.kernel.db import session
from app.kernel.paging import Page
from app.volunteering import queries
from app.volunteering.models import Activity, Hours


@dataclass(frozen=True, slots=True)
class Waiting:
    """Hours that wait for somebody, with what they are about."""

    hours: Hours
    activity: Activity
    person: Person
    entered_by: Person | None  # of hours entered afterwards


def to_confirm(by: Actor, cursor: str | None = None, limit: int = paging.DEFAULT_LIMIT) -> Page[Hours]:
    """Pending hours somebody may confirm (scans) or approve (entered later); never his own, nor those he entered."""
    may_confirm = queries.where_held(select(Activity.id), by, "hours.confirm")
    may_approve = queries.where_held(select(Activity.id), by, "hours.approve")
    entered_by_others = Hours.created_by != by.person_id
    waiting = select(Hours).where(
        Hours.state == "pending",
        Hours.person_id != by.person_id,
        or_(
            (Hours.basis != "backfilled") & Hours.activity_id.in_(may_confirm),
            (Hours.basis == "backfilled") & Hours.activity_id.in_(may_approve) & entered_by_others,
        ),
    )
    return paging.page(waiting, Hours.id, cursor, limit)


def with_words(hours: Iterable[Hours]) -> list[Waiting]:
    """Hours together with their activity and people, in three queries whatever the number."""
    rows = list(hours)
    about = {row.activity_id for row in rows}
    who = {row.person_id for row in rows} | {row.created_by for row in rows if row.created_by}
    activities = {each.id: each for each in session.scalars(select(Activity).where(Activity.id.in_(about)))}
    people = {each.id: each for each in session.scalars(select(Person).where(Person.id.in_(who)))}
    return [
        Waiting(row, activities[row.activity_id], people[row.person_id], _entered_by(row, people))
        for row in rows
    ]


def _entered_by(hours: Hours, people: Mapping[UUID, Person]) -> Person | None:
    return people.get(hours.created_by) if hours.created_by and hours.basis == "backfilled" else None
