"""Criteria as data: written down in versions, each approved by a second person before anything is sealed by it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from app.audit.recording import record
from app.honours import combining, queries, scoring, sealing
from app.honours.errors import CriteriaWrong, SecondReviewerNeeded
from app.honours.models import DRAFT, CriteriaVersion, Selection
from app.identity.actors import Actor
from app.kernel.db import insert_if_absent, session
from app.kernel.errors import Unavailable
from app.kernel.ids import new_id
from app.places.queries import region_path

TRIES = 8


def write_version(
    *, region_code: str, name: str, criteria: Mapping[str, Any], by: Actor, at: datetime
) -> CriteriaVersion:
    """The next version of the criteria with this name. Of two at once the second takes the number after."""
    must_be_sound(criteria)
    wording = sealing.canonical({"format": scoring.CRITERIA_FORMAT, **criteria})
    known = select(func.max(CriteriaVersion.number)).where(
        CriteriaVersion.region_code == region_code, CriteriaVersion.name == name
    )
    written = {
        "region_code": region_code,
        "name": name,
        "wording": wording,
        "sha256": sealing.sha256(wording),
        "written_by": by.id,
        "written_at": at,
    }
    for _ in range(TRIES):
        values = {"id": new_id(), "number": (session.scalar(known) or 0) + 1, **written}
        if insert_if_absent(CriteriaVersion, values):
            return session.get_one(CriteriaVersion, values["id"])
    raise Unavailable


def rewrite_criteria(*, selection_id: UUID, criteria: dict[str, Any], by: Actor, at: datetime) -> Selection:
    """Give a selection another wording while nothing is sealed; it has to be approved again."""
    selection = queries.selection_to_change(selection_id)
    by.must("selection.run", region_path=region_path(selection.region_code))
    selection.must_be(DRAFT)
    selection.criteria_version = write_version(
        region_code=selection.region_code,
        name=selection.criteria_version.name,
        criteria=criteria,
        by=by,
        at=at,
    )
    session.flush()
    return selection


def approve_criteria(*, selection_id: UUID, by: Actor, at: datetime) -> Selection:
    """A second person agrees to the criteria before anybody's figures are sealed. Twice changes nothing."""
    selection = queries.selection_to_change(selection_id)
    by.must("selection.review", region_path=region_path(selection.region_code))
    selection.must_be(DRAFT)
    version = selection.criteria_version
    if by.id in (version.written_by, selection.created_by):
        raise SecondReviewerNeeded
    if version.approved_by is None:
        version.approved_by, version.approved_at = by.id, at
        session.flush()
        facts = {"criteria_sha256": version.sha256, "number": version.number}
        record(action="criteria.approved", subject=f"selection:{selection.id}", facts=facts, by=by, at=at)
    return selection


def must_be_sound(criteria: Mapping[str, Any]) -> None:
    """Raises CriteriaWrong if something stands twice, is unknown, or the quotas cannot be met by the seats."""
    sources = [each["source"] for each in criteria["components"]]
    ties = criteria["tie_break"]
    quotas = criteria.get("quotas", [])
    groups = [(each["by"], each["group"]) for each in quotas]
    least = sum(each["at_least"] for each in quotas)
    sound = (
        all(len(set(each)) == len(each) for each in (sources, ties, groups))
        and set(sources) <= set(scoring.SOURCES)
        and set(ties) <= set(scoring.TIES)
        and all(each["by"] in scoring.GROUPS and _is_possible(each) for each in quotas)
        and least <= criteria["seats"]
        and combining.is_sound(combining.rule_of(criteria))
    )
    if not sound:
        raise CriteriaWrong(fields={"criteria": ["criteria-wrong"]})


def _is_possible(quota: Mapping[str, Any]) -> bool:
    """A quota says something, does not contradict itself, and asks for a minimum of one named group only."""
    least, most = quota["at_least"], quota["at_most"]
    if most is None:
        return bool(least) and quota["group"] is not None
    return least <= most and (least == 0 or quota["group"] is not None)


def of(selection: Selection) -> dict[str, Any]:
    """The criteria of a selection as data."""
    found: dict[str, Any] = json.loads(selection.criteria_version.wording)
    return found
