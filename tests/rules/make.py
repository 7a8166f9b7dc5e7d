"""Rule sets in force, funded budgets, and facts of every kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.identity.actors import SYSTEM, Actor
from app.identity.models import Person
from app.kernel import clock
from app.kernel.db import transaction
from app.kernel.ids import new_id
from app.ledger.accounts import budget_of, correction_account, quarter
from app.ledger.budgets import fund_budget
from app.ledger.posting import Leg, post
from app.ledger.queries import Balance, balance_of
from app.rules import awarding, drafting, queries, trying
from app.rules.kinds.shape import Fact, where_and_when
from app.rules.models import DryRun, RuleSetVersion
from app.rules.starter import STARTER_RULES
from tests import make
from tests.databases import built_once

PATH = "3201/320102/320102002/320102002001/"


def rule(key: str = "R-01", fact: str = "checkin", points: Any = 5, **more: Any) -> dict[str, Any]:
    """A rule as a clerk would write it; a number is that many points each time."""
    worth = {"kind": "fixed", "points": points} if isinstance(points, int) else points
    words = {"zh": "每天首次到站签到", "en": "first check-in of the day"}
    if fact == "report":  # it has steps, and a rule gives at one of them
        more = {"when": [when("stage", "accepted")]} | more
    return {"key": key, "fact": fact, "points": worth, "words": words, **more}


def when(field: str, value: Any, op: str = "is") -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


def cap(*, per: str = "rider", period: str = "day", **limit: int) -> dict[str, Any]:
    return {"per": per, "period": period, **limit}


@dataclass(slots=True)
class Scene:
    """A city with a rule editor, a reviewer, a rider, and rules in force."""

    editor: Actor
    reviewer: Actor
    rider: Person
    version: RuleSetVersion | None = None

    def balance(self, person: Person | None = None) -> Balance:
        with transaction(write=False):
            return balance_of((person or self.rider).id)

    def points(self) -> tuple[int, int]:
        balance = self.balance()
        return balance.usable, balance.pending


@built_once
def scene(rules: Sequence[dict[str, Any]] | None = None, *, budget: int = 10_000) -> Scene:
    """The starter rules, or these, in force in the city from now on; in a unit of work of its own."""
    with transaction():
        make.regions()
        editor = make.actor(make.staff("rule-editor", region_code=make.CITY, name="钱规则"))
        reviewer = make.actor(make.staff("department", region_code=make.CITY, name="孙部门"))
        made = Scene(editor, reviewer, make.rider())
        made.version = in_force(made, STARTER_RULES if rules is None else rules)
        if budget:
            fund(budget)
        return made


def in_force(
    made: Scene,
    rules: Sequence[dict[str, Any]],
    *,
    region_code: str = make.CITY,
    starts_at: datetime | None = None,
) -> RuleSetVersion:
    """One more version of a region's rules, published. Run inside a unit of work."""
    at = clock.now()
    found = queries.rule_set_of(region_code) or drafting.open_rule_set(
        region_code=region_code, title_zh="规则", title_en="Rules", by=made.editor, at=at
    )
    draft = drafting.draft_version(rule_set_id=found.id, rules=rules, by=made.editor, at=at)
    try_out(draft.id, made.editor)
    drafting.review(version_id=draft.id, by=made.reviewer, at=at)
    return drafting.publish(version_id=draft.id, starts_at=starts_at, by=made.reviewer, at=at)


def try_out(version_id: UUID, by: Actor, days: int = 1) -> DryRun:
    """A dry run over the last days, today included. Run inside a unit of work."""
    at = clock.now()
    until_on = clock.city_day(at)
    return trying.dry_run(
        version_id=version_id, from_on=until_on - timedelta(days=days - 1), until_on=until_on, by=by, at=at
    )


def fund(points: int, region_code: str = make.CITY) -> None:
    """Points in the present quarter's budget. Run inside a unit of work."""
    at = clock.now()
    source = str(new_id())
    fund_budget(region_code=region_code, period=quarter(at), points=points, source=source, by=SYSTEM, at=at)


def spend_budget() -> None:
    """Nothing is left of the city's budget: the next awards wait. Run inside a unit of work."""
    budget = budget_of(make.CITY, clock.now())
    legs = [Leg(budget.id, -budget.balance), Leg(correction_account().id, budget.balance)]
    post(kind="test", source="spent", legs=legs, words={}, by=SYSTEM, at=clock.now())


def budget_left() -> int:
    """What the city's budget still holds. Run inside a unit of work."""
    return budget_of(make.CITY, clock.now()).balance


def fact(
    kind: str, person: Person | UUID | None = None, *, at: datetime | None = None, **fields: Any
) -> Fact:
    """A fact of this kind in the community, now unless told otherwise."""
    happened_at = at or clock.now()
    person_id = person.id if isinstance(person, Person) else person or new_id()
    path = fields.pop("region", PATH)
    return Fact(
        kind=kind,
        id=fields.pop("id", None) or new_id(),
        person_id=person_id,
        region_code=path.strip("/").split("/")[-1],
        happened_at=happened_at,
        fields=where_and_when(path, happened_at) | fields,
    )


def checkin(person: Person | UUID | None = None, **more: Any) -> Fact:
    own = {"how": "scanned", "station": "00000000-0000-7000-8000-000000000001", "first_of_day": True}
    return fact("checkin", person, **(own | more))


def report(person: Person | UUID | None = None, **more: Any) -> Fact:
    return fact("report", person, **({"stage": "accepted", "category": "pothole", "grade": "normal"} | more))


def hours(person: Person | UUID | None = None, **more: Any) -> Fact:
    return fact("hours", person, **({"minutes": 60, "basis": "proven", "category": "safety"} | more))


def judge(one: Fact) -> bool:
    """Judge a fact in a unit of work of its own, as of now."""
    with transaction():
        return awarding.judge(one, at=clock.now())


def training(person: Person | UUID | None = None, **more: Any) -> Fact:
    return fact("training", person, **({"course": "first-aid", "minutes": 60} | more))
