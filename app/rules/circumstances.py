"""What was so when a fact happened, besides the fact itself: the rider's first of the day, campaigns, grid membership.

It is looked up once and kept with the fact, so that a later look comes to the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.identity import queries as people
from app.identity.permissions import GRID_MEMBER
from app.kernel.bulk import insert_new
from app.kernel.clock import city_day
from app.kernel.db import session
from app.kernel.unanswered import claim
from app.rules import campaigns
from app.rules.counting import CAMPAIGN_OF
from app.rules.grounds import Grounds
from app.rules.kinds import KINDS
from app.rules.kinds.shape import Fact
from app.rules.models import FirstFact


def with_circumstances(fact: Fact, grounds: Grounds) -> Fact:
    """The fact with everything a rule may ask about; what it says itself stays."""
    is_first = "first_of_day" not in fact.fields and _is_first_of_day(fact, grounds)
    return _completed(fact, grounds.campaigns, grounds.is_member, is_first)


def all_with_circumstances(facts: Sequence[Fact]) -> list[Fact]:
    """The same of facts that are judged together, each of another rider or day, with one question of each sort."""
    running = campaigns.running_each([(fact.fields["region"], fact.happened_at) for fact in facts])
    unsaid = [fact for fact in facts if "grid_member" not in fact.fields]
    moments = [(fact.person_id, fact.happened_at) for fact in unsaid]
    members = dict(
        zip([fact.id for fact in unsaid], people.held_role_each(GRID_MEMBER, moments), strict=True)
    )
    firsts = _firsts_of_day([fact for fact in facts if "first_of_day" not in fact.fields])
    return [
        _completed(fact, declared, members.get(fact.id, False), fact.id in firsts)
        for fact, declared in zip(facts, running, strict=True)
    ]


def _completed(fact: Fact, declared: Mapping[str, UUID], is_member: bool, is_first: bool) -> Fact:
    found = {
        "basis": KINDS[fact.kind].usual_basis,
        **_campaigns(declared),
        "grid_member": is_member,
        "first_of_day": is_first,
    }
    return replace(fact, fields=found | dict(fact.fields))


def _campaigns(running: Mapping[str, UUID]) -> dict[str, Any]:
    flags: dict[str, Any] = {kind: kind in running for kind in CAMPAIGN_OF}
    return flags | {CAMPAIGN_OF[kind]: str(campaign_id) for kind, campaign_id in running.items()}


def _is_first_of_day(fact: Fact, grounds: Grounds) -> bool:
    """Whether it is its rider's first; where there seems to be none yet, this one claims the day."""
    if grounds.first_id is not None:
        return grounds.first_id == fact.id
    return claim(FirstFact, _day_of(fact)) or fact.id in _firsts_of_day([fact])


def _day_of(fact: Fact) -> dict[str, Any]:
    day = city_day(fact.happened_at)
    return {"person_id": fact.person_id, "kind": fact.sort, "day_on": day, "fact_id": fact.id}


def _firsts_of_day(facts: Sequence[Fact]) -> set[UUID]:
    """Those that are their rider's first of the kind (and stage) on that city day; of two at once the key takes one."""
    rows = [_day_of(fact) for fact in facts]
    firsts = {row["fact_id"] for row in insert_new(FirstFact, rows)}
    if len(firsts) == len(rows):
        return firsts
    keys = {row["fact_id"]: (row["person_id"], row["kind"], row["day_on"]) for row in rows}
    taken = {fact_id: key for fact_id, key in keys.items() if fact_id not in firsts}
    riders, kinds, days = (set(column) for column in zip(*taken.values(), strict=True))
    held = session.scalars(
        select(FirstFact).where(
            FirstFact.person_id.in_(riders), FirstFact.kind.in_(kinds), FirstFact.day_on.in_(days)
        )
    )
    first = {(each.person_id, each.kind, each.day_on): each.fact_id for each in held}
    return firsts | {fact_id for fact_id, key in taken.items() if first[key] == fact_id}  # judged before
