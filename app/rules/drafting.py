"""From a draft to policy: one person writes, another reviews, then it is published from a date on, and retired."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from marshmallow import ValidationError
from sqlalchemy import func, select

from app.audit.recording import record
from app.identity.actors import Actor
from app.kernel.db import insert_if_absent, session
from app.kernel.errors import Invalid
from app.kernel.events import publish as tell
from app.kernel.ids import new_id
from app.places import queries as places
from app.rules import queries
from app.rules.errors import EndsInThePast, NumberTaken, RuleSetExists
from app.rules.events import RulesPublished
from app.rules.models import DRAFT, PUBLISHED, RETIRED, REVIEWED, RuleSet, RuleSetVersion
from app.rules.schemas import RulesIn


def open_rule_set(*, region_code: str, title_zh: str, title_en: str, by: Actor, at: datetime) -> RuleSet:
    """Give a region its rule set. A region has one; what changes is its versions."""
    by.must("rules.edit", region_path=places.region_path(region_code))
    values = {
        "region_code": region_code,
        "title_zh": title_zh,
        "title_en": title_en,
        "opened_by": by.id,
        "opened_at": at,
    }
    opened_id = new_id()
    if not insert_if_absent(
        RuleSet, {"id": opened_id, **values}
    ):  # two at once: the unique constraint takes one
        raise RuleSetExists(region_code=region_code)
    return queries.rule_set(opened_id)


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
    version.must_be(DRAFT)
    version.rules, version.written_by, version.written_at = checked(rules), by.id, at
    session.flush()
    return version


def review(*, version_id: UUID, by: Actor, at: datetime) -> RuleSetVersion:
    """A second person has read the draft and finds it right."""
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
        raise EndsInThePast(ends_at=ends_at)
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
