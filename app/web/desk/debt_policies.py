"""What becomes of points that riders owe: one person proposes it for a region, another agrees; and what was before."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import fields, validate

from app.identity import queries as people
from app.identity.actors import Actor
from app.kernel import clock
from app.kernel.clock import city_day
from app.kernel.http import requires, takes_form
from app.kernel.schemas import Day, QueryWhole, Schema, Text
from app.ledger import debt_policies
from app.ledger.debt_policies import MAY, WAITING
from app.places import queries as places
from app.web.desk.by_two import DecideForm
from app.web.edge import Pages, go, once, page
from app.web.menus import menu_of
from app.web.scopes import regions_of

pages = Pages("debt-policies")

HERE = "/desk/debt-policies"


class ProposeForm(Schema):
    """Which region, what share of later awards, from which day, and why."""

    region_code = fields.String(required=True, validate=validate.Regexp(r"^[0-9]{2,20}\Z"))
    share_percent = QueryWhole(0, 100, required=True)
    starts_on = Day(required=True)
    reason = Text(300, min_length=4, required=True)


@pages.get(HERE)
@requires("ledger.read")
def listed(by: Actor) -> str:
    """What is in force where, what waits, and what was before"""
    at = clock.now()
    regions = regions_of(by, MAY)
    return page(
        "desk/debt_policies.html",
        rows=[_row(each, policy, by) for each, policy in debt_policies.proposals(by=by)],
        in_force=[
            (name, debt_policies.in_words(debt_policies.policy_for(places.region_path(code), at).share_percent))
            for code, name in regions_of(by, "ledger.read")[:1]
        ],
        regions=regions, today=city_day(at), menu=menu_of(by),
    )  # fmt: skip


@pages.post(HERE, again=listed, blame={"policy-proposed": "region_code"})
@requires(MAY)
@once
@takes_form(ProposeForm)
def propose(region_code: str, share_percent: int, starts_on: date, reason: str, by: Actor) -> Response:
    """Propose what is to become of debts in a region"""
    debt_policies.propose_policy(
        region_code=region_code, share_percent=share_percent, starts_on=starts_on, reason=reason, by=by, at=clock.now()
    )  # fmt: skip
    return go(HERE, said="web.said.debt-policy-waiting")


@pages.post(f"{HERE}/<uuid:proposal_id>", again=listed)
@requires(MAY)
@takes_form(DecideForm)
def decide(proposal_id: UUID, decision: str, by: Actor) -> Response:
    """The second person's answer"""
    agreed = decision == "agree"
    done = debt_policies.decide_policy(proposal_id=proposal_id, agreed=agreed, by=by, at=clock.now())
    return go(HERE, said=f"web.said.debt-policy-{done.state}")


def _row(each: Any, policy: Any, by: Actor) -> dict[str, Any]:
    may = by.can(MAY, region_path=places.region_path(each.region_code))
    return {
        "proposal": each,
        "region": places.region(each.region_code).name,
        "in_words": debt_policies.in_words(each.share_percent),
        "proposed_by": people.display_name(people.person(each.proposed_by)),
        "decided_by": people.display_name(people.person(each.decided_by)) if each.decided_by else "",
        "starts_on": city_day(policy.starts_at) if policy else each.starts_on,
        "may": may and each.state == WAITING,
        "is_mine": by.person_id == each.proposed_by,
    }
