"""Looking up rule sets, the version in force, awards and reasons for none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, func, or_, select
from sqlalchemy.orm import defer, joinedload

from app.cases.models import Case
from app.identity.actors import Actor
from app.kernel.bulk import one_of
from app.kernel.clock import city_day
from app.kernel.db import Statement, dialect_name, session
from app.kernel.driving import rows
from app.places import queries as places
from app.rules import rulebook
from app.rules.errors import AwardNotFound, FactNotFound, RuleSetNotFound, VersionNotFound
from app.rules.kept import AnyAward, AnyFact, AnyNone
from app.rules.models import (
    ACTIVE,
    IN_FORCE_STATES,
    PENDING,
    QUEUED,
    Award,
    NoAward,
    RecordedFact,
    RuleSet,
    RuleSetVersion,
    VoidFact,
)
from app.rules.rulebook import Rule
from app.volunteering.models import Hours

Judged = tuple[AnyFact, Sequence[AnyAward], AnyNone | None]

SEES_ALL = ("rules.edit", "rules.review")
AT_HAND = 64  # as many as come together


@dataclass(frozen=True, slots=True)
class InForce:
    """A rule set and its version in force, None while there is none."""

    rule_set: RuleSet
    version: RuleSetVersion | None


def rule_set(rule_set_id: UUID) -> RuleSet:
    """The rule set with this id. Raises RuleSetNotFound."""
    found = session.get(RuleSet, rule_set_id)
    if found is None:
        raise RuleSetNotFound
    return found


def rule_set_of(region_code: str) -> RuleSet | None:
    """The region's own rule set, that of the latest period."""
    own = select(RuleSet).where(RuleSet.region_code == region_code)
    return session.scalar(own.order_by(RuleSet.starts_on.desc()).limit(1))


def rule_set_to_change(rule_set_id: UUID) -> RuleSet:
    """A rule set, locked until the unit of work ends. Raises RuleSetNotFound."""
    chosen = select(RuleSet).where(RuleSet.id == rule_set_id).with_for_update()
    found = session.scalar(chosen.execution_options(populate_existing=True))
    if found is None:
        raise RuleSetNotFound
    return found


def version(version_id: UUID) -> RuleSetVersion:
    """The version with this id. Raises VersionNotFound."""
    found = session.get(RuleSetVersion, version_id)
    if found is None:
        raise VersionNotFound
    return found


def version_to_change(version_id: UUID) -> RuleSetVersion:
    """The same, locked until the unit of work ends."""
    chosen = select(RuleSetVersion).where(RuleSetVersion.id == version_id).with_for_update(of=RuleSetVersion)
    found = session.scalar(chosen.execution_options(populate_existing=True))
    if found is None:
        raise VersionNotFound
    return found


def visible_version(version_id: UUID, by: Actor) -> RuleSetVersion:
    """A published version for anybody; a draft for those who write or review rules there."""
    found = version(version_id)
    if found.state not in IN_FORCE_STATES and not _sees_drafts(found.rule_set, by):
        raise VersionNotFound
    return found


def versions_of(rule_set_id: UUID, by: Actor) -> Sequence[RuleSetVersion]:
    """The versions of a rule set that the caller may see, newest first."""
    found = rule_set(rule_set_id)
    chosen = select(RuleSetVersion).where(RuleSetVersion.rule_set_id == found.id)
    if not _sees_drafts(found, by):
        chosen = chosen.where(RuleSetVersion.state.in_(IN_FORCE_STATES))
    return session.scalars(chosen.order_by(RuleSetVersion.number.desc())).all()


def _sees_drafts(found: RuleSet, by: Actor) -> bool:
    path = places.region_path(found.region_code)
    return any(by.can(permission, region_path=path) for permission in SEES_ALL)


def version_in_force(region_path: str, at: datetime) -> RuleSetVersion | None:
    """The version that judged facts in this region at this instant: that of the nearest region with one in force."""
    return version_in_force_each([(region_path, at)])[0]


def version_in_force_each(moments: Sequence[tuple[str, datetime]]) -> list[RuleSetVersion | None]:
    """The same for many regions, each at an instant of its own."""
    codes = {code for path, _ in moments for code in path.strip("/").split("/")}
    first, last = min(at for _, at in moments), max(at for _, at in moments)
    asked = {"codes": list(codes), "first": first, "last": last}
    days = {"first_on": city_day(first), "last_on": city_day(last)}
    candidates = session.execute(_candidates(dialect_name()), asked | days).all()
    return [nearest_in_force([(row[0], row[1]) for row in candidates], path, at) for path, at in moments]


@cache
def _candidates(dialect: str) -> Select[RuleSetVersion, RuleSet]:
    return (
        select(RuleSetVersion, RuleSet)
        .join(RuleSet, RuleSet.id == RuleSetVersion.rule_set_id)
        .where(
            one_of(RuleSet.region_code, "codes", dialect),
            RuleSet.starts_on <= bindparam("last_on"),
            or_(RuleSet.ends_on.is_(None), RuleSet.ends_on >= bindparam("first_on")),
            RuleSetVersion.state.in_(IN_FORCE_STATES),
            RuleSetVersion.starts_at <= bindparam("last"),
            or_(RuleSetVersion.ends_at.is_(None), RuleSetVersion.ends_at > bindparam("first")),
        )
        .options(defer(RuleSetVersion.rules))  # kept by the process, see `rules_of`
    )


def nearest_in_force(
    candidates: Sequence[tuple[RuleSetVersion, RuleSet]], region_path: str, at: datetime
) -> RuleSetVersion | None:
    """Of versions and their rule sets, the one that judges here and then."""
    codes, day = region_path.strip("/").split("/"), city_day(at)
    nearest = sorted(
        (codes.index(found.region_code), each.starts_at, each.number, each.id)
        for each, found in candidates
        if found.region_code in codes
        and found.starts_on <= day
        and (found.ends_on is None or found.ends_on >= day)
        and each.starts_at is not None
        and each.starts_at <= at
        and (each.ends_at is None or each.ends_at > at)
    )
    return next((each for each, _ in candidates if each.id == nearest[-1][-1]), None) if nearest else None


def _covers(day: date) -> tuple[ColumnElement[bool], ...]:
    """The rule sets whose period holds a city day."""
    return RuleSet.starts_on <= day, or_(RuleSet.ends_on.is_(None), RuleSet.ends_on >= day)


def in_force(at: datetime) -> list[InForce]:
    """Every rule set with its version in force."""
    return [
        in_force_of(each, at)
        for each in session.scalars(select(RuleSet).order_by(RuleSet.region_code, RuleSet.starts_on))
    ]


def in_force_of(found: RuleSet, at: datetime) -> InForce:
    """A rule set with its own version in force."""
    current = session.scalar(
        select(RuleSetVersion)
        .join(RuleSet, RuleSet.id == RuleSetVersion.rule_set_id)
        .where(
            RuleSetVersion.rule_set_id == found.id,
            *_covers(city_day(at)),
            RuleSetVersion.state.in_(IN_FORCE_STATES),
            RuleSetVersion.starts_at <= at,
            or_(RuleSetVersion.ends_at.is_(None), RuleSetVersion.ends_at > at),
        )
        .order_by(RuleSetVersion.starts_at.desc(), RuleSetVersion.number.desc())
        .limit(1)
    )
    return InForce(found, current)


@lru_cache(maxsize=256)
def _published_rules(version_id: UUID, _published_at: datetime) -> tuple[Rule, ...]:
    return rulebook.read(version(version_id).rules)


def rules_of(found: RuleSetVersion) -> tuple[Rule, ...]:
    """The rules of a version, read once per process if it is published: it never changes then."""
    if found.state in IN_FORCE_STATES and found.published_at is not None:
        return _published_rules(found.id, found.published_at)
    return rulebook.read(found.rules)


def void_ones(fact_kind: str, fact_ids: Sequence[UUID]) -> set[UUID]:
    """Those of these facts that were found void."""
    return {
        fact_id for (fact_id,) in rows(_void(dialect_name()), {"kind": fact_kind, "facts": list(fact_ids)})
    }


@cache
def _void(dialect: str) -> Statement:
    return select(VoidFact.fact_id).where(
        VoidFact.fact_kind == bindparam("kind"), one_of(VoidFact.fact_id, "facts", dialect)
    )


def is_void(fact_kind: str, fact_id: UUID) -> bool:
    """Whether a fact was found void and unwound."""
    return session.get(VoidFact, (fact_kind, fact_id)) is not None


# --- awards --------------------------------------------------------------------------------------------------------


def award(award_id: UUID) -> Award:
    """The award with this id. Raises AwardNotFound."""
    found = session.get(Award, award_id)
    if found is None:
        raise AwardNotFound
    return found


def award_for(award_id: UUID, by: Actor) -> Award:
    """An award for its owner, or for staff who read the ledger of the region. To all others it does not exist."""
    found = award(award_id)
    if not _may_see(found.recorded, by):
        raise AwardNotFound
    return found


def _may_see(recorded: RecordedFact, by: Actor) -> bool:
    if by.person_id is not None and recorded.person_id == by.person_id:
        return True
    return by.can("ledger.read", region_path=places.region_path(recorded.region_code))


def awards_of_fact(fact_kind: str, fact_id: UUID) -> Sequence[Award]:
    """All awards a fact gave, over all its stages, in the order given."""
    chosen = select(Award).where(Award.fact_kind == fact_kind, Award.fact_id == fact_id)
    return session.scalars(chosen.order_by(Award.id)).all()


def reports_decided_by(case_id: UUID) -> list[UUID]:
    """A report and those merged into it: one outcome for all."""
    return [case_id, *session.scalars(select(Case.id).where(Case.duplicate_of == case_id).order_by(Case.id))]


def told_before(case_id: UUID, reporter_id: UUID | None, into_id: UUID) -> bool:
    """Whether the reporter of this report had told the same before: in the one it was merged into, or with it."""
    same = or_(Case.id == into_id, Case.duplicate_of == into_id)
    chosen = select(Case.id).where(same, Case.reporter_id == reporter_id, Case.id != case_id)
    return session.scalar(chosen.limit(1)) is not None


def served_until(hours_id: UUID) -> datetime:
    """When the service behind these hours ended."""
    return session.get_one(Hours, hours_id).ends_at


def awards_to_change(fact_kind: str, fact_ids: Sequence[UUID], *states: str) -> Sequence[Award]:
    """The awards of these facts in these states, locked in id order until the unit of work ends."""
    return session.scalars(
        select(Award)
        .where(Award.fact_kind == fact_kind, Award.fact_id.in_(fact_ids), Award.state.in_(states))
        .order_by(Award.id)
        .with_for_update(of=Award)
        .execution_options(populate_existing=True)
    ).all()


def remember_judged(recorded: AnyFact, awards: Sequence[AnyAward], none: AnyNone | None = None) -> None:
    """Keep at hand what this unit of work has judged: it is told in the answer, and need not be read again."""
    judged_now = session.info.setdefault("judged", {})
    if len(judged_now) >= AT_HAND:  # a long unit of work: what it tells is told at once
        judged_now.clear()
    judged_now[recorded.kind, recorded.fact_id] = recorded, awards, none


def _judged_just_now(fact_kind: str, fact_id: UUID) -> Judged | None:
    found: Judged | None = session.info.get("judged", {}).get((fact_kind, fact_id))
    return found


def no_award_of_fact(fact_kind: str, fact_id: UUID) -> AnyNone | None:
    """The latest reason why a fact gave no points."""
    if now := _judged_just_now(fact_kind, fact_id):
        return now[2]
    return session.scalar(
        select(NoAward)
        .join(RecordedFact, RecordedFact.id == NoAward.recorded_fact_id)
        .where(RecordedFact.kind == fact_kind, RecordedFact.fact_id == fact_id)
        .order_by(NoAward.id.desc())
        .limit(1)
    )


def recorded_fact(fact_kind: str, fact_id: UUID) -> RecordedFact | None:
    """The latest stage of a judged fact, None if it was not judged."""
    return session.scalar(
        select(RecordedFact)
        .where(RecordedFact.kind == fact_kind, RecordedFact.fact_id == fact_id)
        .order_by(RecordedFact.id.desc())
        .limit(1)
    )


def judged(fact_kind: str, fact_id: UUID) -> tuple[AnyFact, Sequence[AnyAward]] | None:
    """The latest stage of a judged fact and the awards of all stages, in one statement; None if it was not judged."""
    if (now := _judged_just_now(fact_kind, fact_id)) and not now[0].stage:
        return now[0], now[1]
    rows = session.execute(
        select(RecordedFact, Award)
        .outerjoin(Award, (Award.fact_kind == RecordedFact.kind) & (Award.fact_id == RecordedFact.fact_id))
        .where(RecordedFact.kind == fact_kind, RecordedFact.fact_id == fact_id)
        .order_by(RecordedFact.id.desc(), Award.id)
        .options(
            joinedload(Award.recorded, innerjoin=False),  # a fact without an award is told too
            joinedload(Award.version, innerjoin=False).defer(RuleSetVersion.rules),
        )
    ).all()
    if not rows:
        return None
    latest = rows[0].RecordedFact
    return latest, [row.Award for row in rows if row.RecordedFact is latest and row.Award]


def recorded_fact_for(fact_kind: str, fact_id: UUID, by: Actor) -> RecordedFact:
    """The same for its owner, or for staff who read the ledger there. Raises FactNotFound."""
    found = recorded_fact(fact_kind, fact_id)
    if found is None or not _may_see(found, by):
        raise FactNotFound
    return found


def points_given_each(fact_kind: str, fact_ids: Sequence[UUID]) -> dict[UUID, int]:
    """The same of many facts; those that gave nothing are not in it."""
    found = rows(_given(dialect_name()), {"kind": fact_kind, "facts": list(fact_ids)})
    return {fact_id: int(points) for fact_id, points in found}


@cache
def _given(dialect: str) -> Statement:
    return (
        select(Award.fact_id, func.sum(Award.points))
        .where(
            Award.fact_kind == bindparam("kind"),
            one_of(Award.fact_id, "facts", dialect),
            or_(*(Award.state == each for each in (QUEUED, PENDING, ACTIVE))),
        )
        .group_by(Award.fact_id)
    )


def queued_awards() -> tuple[int, int]:
    """How many awards wait for a budget, and their points together."""
    count, points = session.execute(
        select(func.count(), func.coalesce(func.sum(Award.points), 0)).where(Award.state == QUEUED)
    ).one()
    return int(count), int(points)


def points_waiting(person_id: UUID) -> int:
    """Points promised to a rider that wait for the budget to be filled."""
    return _sum(Award.person_id == person_id, Award.state == QUEUED)


def points_given_for(fact_kind: str, *fact_ids: UUID) -> int:
    """The points that facts gave and that were not given back."""
    return _sum(
        Award.fact_kind == fact_kind, Award.fact_id.in_(fact_ids), Award.state.in_((QUEUED, PENDING, ACTIVE))
    )


def _sum(*conditions: object) -> int:
    return session.scalar(select(func.coalesce(func.sum(Award.points), 0)).where(*conditions)) or 0  # type: ignore[arg-type]
