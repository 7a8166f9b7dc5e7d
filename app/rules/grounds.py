"""What a fact is judged on besides itself: its rider, what was declared or held at that moment, the rules in force."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Date, String, and_, bindparam, or_, select
from sqlalchemy.orm import contains_eager, defer

from app.identity.errors import PersonNotFound
from app.identity.models import Grant, Person
from app.identity.permissions import GRID_MEMBER
from app.kernel.clock import city_day
from app.kernel.db import UtcDateTime, session
from app.rules.kinds.shape import Fact
from app.rules.models import IN_FORCE_STATES, Campaign, FirstFact, RuleSet, RuleSetVersion, VoidFact
from app.rules.queries import nearest_in_force

_AT, _DAY = bindparam("at", type_=UtcDateTime()), bindparam("day", type_=Date())
_CODES = bindparam("codes", type_=String(), expanding=True)

# One row per combination of what was found, of each sort one or two: the same as four questions, and asked once. Built
# once; the rules of a version are kept by the process (`queries.rules_of`) and not read again.
_GROUNDS = (
    select(
        Person.closed_at,
        Person.enrolled_at,
        Grant.id.label("membership"),
        Campaign.kind.label("campaign_kind"),
        Campaign.id.label("campaign_id"),
        select(FirstFact.fact_id)
        .where(
            FirstFact.person_id == bindparam("person_id"),
            FirstFact.kind == bindparam("sort"),
            FirstFact.day_on == bindparam("day", type_=Date()),
        )
        .scalar_subquery()
        .label("first_id"),
        RuleSet,
        RuleSetVersion,
        select(VoidFact.fact_id)
        .where(VoidFact.fact_kind == bindparam("kind"), VoidFact.fact_id == bindparam("fact_id"))
        .exists()
        .label("is_void"),
    )
    .outerjoin(
        Grant,
        and_(
            Grant.person_id == Person.id,
            Grant.role == GRID_MEMBER,
            Grant.given_at <= _AT,
            or_(Grant.revoked_at.is_(None), Grant.revoked_at > _AT),
        ),
    )
    .outerjoin(
        Campaign, and_(Campaign.region_code.in_(_CODES), Campaign.starts_at <= _AT, Campaign.ends_at > _AT)
    )
    .outerjoin(
        RuleSet,
        and_(
            RuleSet.region_code.in_(_CODES),
            RuleSet.starts_on <= _DAY,
            or_(RuleSet.ends_on.is_(None), RuleSet.ends_on >= _DAY),
        ),
    )
    .outerjoin(
        RuleSetVersion,
        and_(
            RuleSetVersion.rule_set_id == RuleSet.id,
            RuleSetVersion.state.in_(IN_FORCE_STATES),
            RuleSetVersion.starts_at <= _AT,
            or_(RuleSetVersion.ends_at.is_(None), RuleSetVersion.ends_at > _AT),
        ),
    )
    .where(Person.id == bindparam("person_id"))
    .order_by(Campaign.starts_at, Campaign.id)
    .options(defer(RuleSetVersion.rules), contains_eager(RuleSetVersion.rule_set))
)


@dataclass(frozen=True, slots=True)
class Grounds:
    """What was found. Of several campaigns of a kind, the one that began last."""

    is_enrolled: bool  # the rider, now
    is_closed: bool
    is_member: bool  # of the grid, at that moment
    is_void: bool
    first_id: UUID | None  # the rider's first fact of the sort on that day, as far as it is known
    campaigns: Mapping[str, UUID]
    version: RuleSetVersion | None


def grounds_of(fact: Fact) -> Grounds:
    """Everything at once. Raises PersonNotFound."""
    path, at = fact.fields["region"], fact.happened_at
    rows = session.execute(
        _GROUNDS,
        {
            "person_id": fact.person_id,
            "kind": fact.kind,
            "fact_id": fact.id,
            "sort": fact.sort,
            "codes": path.strip("/").split("/"),
            "at": at,
            "day": city_day(at),
        },
    ).all()
    if not rows:
        raise PersonNotFound
    first = rows[0]
    candidates = {
        row.RuleSetVersion.id: (row.RuleSetVersion, row.RuleSet) for row in rows if row.RuleSetVersion
    }
    return Grounds(
        is_enrolled=first.enrolled_at is not None,
        is_closed=first.closed_at is not None,
        is_member=first.membership is not None,
        is_void=first.is_void,
        first_id=first.first_id,
        campaigns={row.campaign_kind: row.campaign_id for row in rows if row.campaign_id},
        version=nearest_in_force(list(candidates.values()), path, at),
    )
