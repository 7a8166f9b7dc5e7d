"""Setting a selection up and running it: criteria are fixed first, then the facts are sealed and put in order."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from app.audit.recording import record
from app.honours import gathering, queries, scoring
from app.honours.errors import ApprovalNumberNeeded, CriteriaWrong, PeriodNotOver, PeriodWrong
from app.honours.events import SelectionFrozen
from app.honours.models import DRAFT, FROZEN, IN, OUT, Candidate, Selection
from app.honours.scoring import Facts, Scored
from app.identity.actors import Actor
from app.kernel import events, i18n
from app.kernel.clock import city_day
from app.kernel.db import session
from app.kernel.ids import new_id
from app.places.queries import region_path

LONGEST_PERIOD_DAYS = 366


def create_selection(
    *,
    title_zh: str,
    title_en: str | None = None,
    region_code: str,
    purpose: str,
    approval_number: str | None = None,
    period_start_on: date,
    period_end_on: date,
    criteria: dict[str, Any],
    is_demo: bool = False,
    by: Actor,
    at: datetime,
) -> Selection:
    """Write down what is looked for before anybody's figures are seen."""
    by.must("selection.run", region_path=region_path(region_code))
    if not 0 <= (period_end_on - period_start_on).days < LONGEST_PERIOD_DAYS:
        raise PeriodWrong(fields={"period_end_on": ["selection-period-wrong"]})
    if purpose == "commendation" and not approval_number:
        raise ApprovalNumberNeeded(fields={"approval_number": ["approval-number-needed"]})
    must_be_sound(criteria)
    words = scoring.canonical({"format": scoring.CRITERIA_FORMAT, **criteria})
    selection = Selection(
        title_zh=title_zh,
        title_en=title_en,
        region_code=region_code,
        purpose=purpose,
        approval_number=approval_number,
        period_start_on=period_start_on,
        period_end_on=period_end_on,
        criteria=words,
        criteria_sha256=scoring.sha256(words),
        created_by=by.id,
        created_at=at,
        is_demo=is_demo,
    )
    session.add(selection)
    session.flush()
    return selection


def dry_run(*, selection_id: UUID, by: Actor, at: datetime) -> list[Scored]:
    """What the criteria would give now, by pseudonym; nothing is kept."""
    selection = queries.selection(selection_id)
    by.must("selection.run", region_path=region_path(selection.region_code))
    return scoring.order(
        list(_gather(selection).values()), json.loads(selection.criteria), selection.period_end_on
    )


def run_selection(*, selection_id: UUID, by: Actor, at: datetime) -> Selection:
    """Seal the facts of the period and put everybody eligible in order; the first so many are in, by the criteria."""
    selection = queries.selection_to_change(selection_id)
    by.must("selection.run", region_path=region_path(selection.region_code))
    selection.must_be(DRAFT)
    if city_day(at) <= selection.period_end_on:
        raise PeriodNotOver(day=selection.period_end_on.isoformat())
    facts = _gather(selection)
    criteria = json.loads(selection.criteria)
    scored = scoring.order(list(facts.values()), criteria, selection.period_end_on)
    selection.snapshot = scoring.seal(_head(selection, criteria, at), list(facts.values()), scored)
    selection.snapshot_sha256 = scoring.sha256(selection.snapshot)
    selection.frozen_at, selection.state = at, FROZEN
    session.flush()
    _put_in_order(selection, facts, scored, criteria)
    record(
        action="selection.frozen",
        subject=f"selection:{selection.id}",
        facts={"snapshot_sha256": selection.snapshot_sha256, "candidates": len(scored)},
        by=by,
        at=at,
    )
    events.publish(
        SelectionFrozen(selection_id=selection.id, snapshot_sha256=selection.snapshot_sha256, at=at)
    )
    return selection


def must_be_sound(criteria: dict[str, Any]) -> None:
    """Raises CriteriaWrong if a source stands twice or ties are broken by something that is not a source once."""
    sources = [each["source"] for each in criteria["components"]]
    ties = criteria["tie_break"]
    if len(set(sources)) != len(sources) or len(set(ties)) != len(ties):
        raise CriteriaWrong(fields={"criteria": ["criteria-wrong"]})
    if not set(sources) | set(ties) <= set(scoring.SOURCES):
        raise CriteriaWrong(fields={"criteria": ["criteria-wrong"]})


def _gather(selection: Selection) -> dict[UUID, Facts]:
    return gathering.facts_of(
        selection_id=selection.id,
        region_path=region_path(selection.region_code),
        start_on=selection.period_start_on,
        end_on=selection.period_end_on,
    )


def _head(selection: Selection, criteria: dict[str, Any], at: datetime) -> dict[str, Any]:
    return {
        "format": 1,
        "selection": str(selection.id),
        "region": selection.region_code,
        "period": [selection.period_start_on.isoformat(), selection.period_end_on.isoformat()],
        "criteria": criteria,
        "criteria_sha256": selection.criteria_sha256,
        "frozen_at": at.isoformat(),
    }


def _put_in_order(
    selection: Selection, facts: dict[UUID, Facts], scored: list[Scored], criteria: dict[str, Any]
) -> None:
    people = {each.pseudonym: (person_id, each) for person_id, each in facts.items()}
    rows = []
    for each in scored:
        person_id, known = people[each.pseudonym]
        chosen = each.position <= criteria["seats"]
        rows.append(
            {
                "id": new_id(),
                "selection_id": selection.id,
                "person_id": person_id,
                "pseudonym": each.pseudonym,
                "figures": {
                    "enrolled_on": known.enrolled_on.isoformat(),
                    "values": known.values,
                    "parts": each.parts,
                },
                "score": each.score,
                "position": each.position,
                "decision": IN if chosen else OUT,
                "reason": i18n.say("honours.by-criteria" if chosen else "honours.beyond-seats", locale="zh"),
            }
        )
    if rows:
        session.execute(insert(Candidate), rows)
