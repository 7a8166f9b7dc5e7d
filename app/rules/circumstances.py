"""What was so when a fact happened, besides the fact itself: the rider's first of the day, campaigns, grid membership.

It is looked up once and kept with the fact, so that a later look comes to the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import select

from app.identity import queries as people
from app.identity.permissions import GRID_MEMBER
from app.kernel.clock import city_day
from app.kernel.db import insert_if_absent, session
from app.rules import campaigns
from app.rules.counting import CAMPAIGN_OF
from app.rules.kinds import KINDS
from app.rules.kinds.shape import Fact
from app.rules.models import FirstFact


def with_circumstances(fact: Fact) -> Fact:
    """The fact with everything a rule may ask about; what it says itself stays."""
    found: dict[str, Any] = {"basis": KINDS[fact.kind].usual_basis}
    found |= _campaigns(fact)
    if "grid_member" not in fact.fields:
        found["grid_member"] = people.held_role(fact.person_id, GRID_MEMBER, fact.happened_at)
    if "first_of_day" not in fact.fields:
        found["first_of_day"] = _is_first_of_day(fact)
    return replace(fact, fields=found | dict(fact.fields))


def _campaigns(fact: Fact) -> dict[str, Any]:
    running = campaigns.running(fact.fields["region"], fact.happened_at)
    flags: dict[str, Any] = {kind: kind in running for kind in CAMPAIGN_OF}
    return flags | {CAMPAIGN_OF[kind]: str(campaign.id) for kind, campaign in running.items()}


def _is_first_of_day(fact: Fact) -> bool:
    """Whether this is the rider's first of its kind (and stage) on that city day; of two at once the key takes one."""
    kind = f"{fact.kind}:{fact.stage}" if fact.stage else fact.kind
    key = {"person_id": fact.person_id, "kind": kind, "day_on": city_day(fact.happened_at)}
    if insert_if_absent(FirstFact, {**key, "fact_id": fact.id}):
        return True
    return session.scalar(select(FirstFact.fact_id).filter_by(**key)) == fact.id
