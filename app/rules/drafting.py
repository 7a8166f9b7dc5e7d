"""From a draft to policy: one person writes, another reviews, then it is published from a date on, and retired."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from marshmallow import ValidationError
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.audit.recording import record
from app.identity.actors import Actor
from app.kernel.clock import city_day
from app.kernel.db import insert_if_absent, session, violated
from app.kernel.errors import Invalid
from app.kernel.events import publish as tell
from app.kernel.ids import new_id
from app.places import queries as places
from app.rules import queries
from app.rules.errors import EndsInThePast, NumberTaken, RuleSetExists, StartsInThePast
from app.rules.events import RulesPublished
from app.rules.guards import PERIODS_OVERLAP
from app.rules.models import DRAFT, OPEN_STATES, PUBLISHED, RETIRED, REVIEWED, RuleSet, RuleSetVersion
from app.rules.rule_schemas import RulesIn


def open_rule_set(
    *,
    region_code: str,
    title_zh: str,
    title_en: str,
    starts_on: date | None = None,
    ends_on: date | None = None,
    by: Actor,
    at: datetime,
) -> RuleSet:
    """Give a region its rule set for a period, from today on if nothing is said. Periods of a region do not overlap."""
    by.must("rules.edit", region_path=places.region_path(region_code))
    starts_on = starts_on or city_day(at)
    if starts_on < city_day(at):
        raise StartsInThePast(fields={"starts_on": ["rule-starts-in-the-past"]})
    if ends_on is not None and ends_on < starts_on:
        raise EndsInThePast(fields={"ends_on": ["rule-ends-in-the-past"]})
    rule_set = RuleSet(
        region_code=region_code,
        starts_on=starts_on,
        ends_on=ends_on,
        title_zh=title_zh,
        title_en=title_en,
        opened_by=by.id,
        opened_at=at,
    )
    session.add(rule_set)
    _keep_apart(rule_set)
    return rule_set


def end_rule_set(*, rule_set_id: UUID, ends_on: date, by: Actor, at: datetime) -> RuleSet:
    """Say which day is the last of a rule set's period, today or later, so that the next period can be opened."""
    rule_set = queries.rule_set_to_change(rule_set_id)
    _must("rules.review", rule_set, by)
    if ends_on < max(city_day(at), rule_set.starts_on):
        raise EndsInThePast(fields={"ends_on": ["rule-ends-in-the-past"]})
    rule_set.ends_on = ends_on
    _keep_apart(rule_set)
    record(
        action="rules.period-ended",
        subject=f"rule-set:{rule_set.id}",
        facts={"ends_on": ends_on.isoformat()},
        by=by,
        at=at,
    )
    return rule_set


def _keep_apart(rule_set: RuleSet) -> None:
    """Write, and turn the database's refusal of two periods that overlap into words."""
    region_code = rule_set.region_code
    try:
        session.flush()
    except IntegrityError as error:
        if violated(error, PERIODS_OVERLAP):
            raise RuleSetExists(region_code=region_code) from None
        raise


def draft_version(
    *, rule_set_id: UUID, rules: Sequence[dict[str, Any]], by: Actor, at: datetime
) -> RuleSetVersion:
    """Write the next version of a rule set; it judges nothing until it is published."""
    rule_set = queries.rule_set(rule_set_id)
    _must("rules.edit", rule_set, by)
    version_id = new_id()
    values = {
        "id": version_id,
        "rule_set_id": rule_set_id,
        "number": _next_number(rule_set_id),
        "state": DRAFT,
        "rules": checked(rules),
        "written_by": by.id,
        "written_at": at,
    }
    if not insert_if_absent(RuleSetVersion, values):  # two drafts at once: the unique number takes one
        raise NumberTaken
    return queries.version(version_id)


def change_draft(
    *, version_id: UUID, rules: Sequence[dict[str, Any]], by: Actor, at: datetime
) -> RuleSetVersion:
    """Rewrite a draft. Whoever changes it last is its writer, so that its reviewer is always somebody else."""
    version = queries.version_to_change(version_id)
    _must("rules.edit", version.rule_set, by)
    version.must_be(*OPEN_STATES)
    version.rules, version.written_by, version.written_at = checked(rules), by.id, at
    version.state = DRAFT  # what was tried was another wording
    session.flush()
    return version


def review(*, version_id: UUID, by: Actor, at: datetime) -> RuleSetVersion:
    """A second person has read the draft and what its dry run says, and finds it right."""
    version = queries.version_to_change(version_id)
    _must("rules.review", version.rule_set, by)
    version.must_be_reviewable_by(by.id)
    version.state, version.reviewed_by, version.reviewed_at = REVIEWED, by.id, at
    session.flush()
    _note("rules.reviewed", version, by, at)
    return version


def publish(
    *, version_id: UUID, starts_at: datetime | None = None, by: Actor, at: datetime
) -> RuleSetVersion:
    """Put a reviewed version in force from now or later; from that moment it can never be edited."""
    starts_at = starts_at or at
    version = queries.version_to_change(version_id)
    _must("rules.review", version.rule_set, by)
    version.must_be_publishable(starts_at, at)
    version.state, version.published_by, version.published_at, version.starts_at = (
        PUBLISHED,
        by.id,
        at,
        starts_at,
    )
    session.flush()
    _note("rules.published", version, by, at)
    tell(
        RulesPublished(
            version_id=version.id,
            rule_set_id=version.rule_set_id,
            region_code=version.rule_set.region_code,
            starts_at=starts_at,
            at=at,
        )
    )
    return version


def retire(*, version_id: UUID, ends_at: datetime | None = None, by: Actor, at: datetime) -> RuleSetVersion:
    """End a published version, now or later; what it gave stays given."""
    ends_at = ends_at or at
    version = queries.version_to_change(version_id)
    _must("rules.review", version.rule_set, by)
    version.must_be(PUBLISHED)
    if ends_at < at or version.starts_at is None or ends_at < version.starts_at:
        raise EndsInThePast(fields={"ends_at": ["rule-ends-in-the-past"]}, ends_at=ends_at)
    version.state, version.ends_at = RETIRED, ends_at
    session.flush()
    _note("rules.retired", version, by, at)
    return version


def checked(rules: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rules as they are stored: complete, with every default written out. Raises Invalid with the fields named."""
    try:
        return list(RulesIn().load({"rules": list(rules)})["rules"])
    except ValidationError as error:
        raise Invalid(fields=error.normalized_messages()) from None


def _note(action: str, version: RuleSetVersion, by: Actor, at: datetime) -> None:
    record(
        action=action,
        subject=f"rule-set-version:{version.id}",
        facts={"number": version.number},
        by=by,
        at=at,
    )


def _must(permission: str, rule_set: RuleSet, by: Actor) -> None:
    by.must(permission, region_path=places.region_path(rule_set.region_code))


def _next_number(rule_set_id: UUID) -> int:
    newest = select(func.max(RuleSetVersion.number)).where(RuleSetVersion.rule_set_id == rule_set_id)
    return (session.scalar(newest) or 0) + 1
