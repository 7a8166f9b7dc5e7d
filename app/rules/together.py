"""Facts of different riders that came together, judged in a few statements: in their order, and just as one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.checkins.events import CheckedIn
from app.identity import queries as people
from app.kernel.bulk import insert_new
from app.kernel.errors import Conflict
from app.kernel.events import publish_all
from app.kernel.ids import new_id
from app.places.queries import region_paths
from app.rules import queries, usage
from app.rules.awarding import as_drawn_up, as_recorded, not_awarded, not_entitled, usage_told
from app.rules.circumstances import all_with_circumstances
from app.rules.evaluating import Outcome, Usage, evaluate
from app.rules.kept import DrawnAward, KeptFact, KeptNone
from app.rules.kinds import checkin
from app.rules.kinds.shape import Fact
from app.rules.models import NoAward, RecordedFact, RuleSetVersion
from app.rules.paying import fund_all
from app.rules.queries import rules_of
from app.rules.reasons import NO_RULES, nearest_miss, said
from app.rules.usage import Counter, Counters


@dataclass(frozen=True, slots=True)
class Judged:
    """A fact, as it is kept, and the version that was in force; None where there was none."""

    fact: Fact
    recorded: KeptFact
    version: RuleSetVersion | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Miss:
    """A fact that gives nothing, and why."""

    judged: Judged
    why: Mapping[str, Any]
    version: RuleSetVersion | None = None  # that decided it, if rules did


def on_all_checked_in(events: Sequence[CheckedIn]) -> None:
    """Check-ins of different riders may give points."""
    paths = region_paths({each.region_code for each in events})
    facts = [checkin.fact_of(each, region_path=paths[each.region_code]) for each in events]
    judge_together(facts, [each.at for each in events])


def judge_together(facts: Sequence[Fact], at: Sequence[datetime]) -> None:
    """Turn facts of one kind, each of another rider, into awards or into the reason for none; each as of its instant.

    What they share (a cap of a station, the budget) is used up in their order.
    """
    judged = _recorded(all_with_circumstances(facts), at)
    void = queries.void_ones(facts[0].kind, [each.fact.id for each in judged])
    riders = people.standings([each.fact.person_id for each in judged])
    entitled: list[Judged] = []
    misses: list[Miss] = []
    for each in judged:
        person = riders[each.fact.person_id]
        refusal = not_entitled(
            void=each.fact.id in void,
            closed=person.closed_at is not None,
            enrolled=person.enrolled_at is not None,
        )
        if refusal is None and each.version is not None:
            entitled.append(each)
        else:
            misses.append(Miss(each, said(refusal or NO_RULES)))
    awards, missed = _by_rules(entitled)
    fund_all(awards)
    _remember(awards)
    _tell_no_awards([*misses, *missed])


def _recorded(facts: Sequence[Fact], at: Sequence[datetime]) -> list[Judged]:
    """Claim the facts: those that were judged before are left out. The unique constraint settles two at one moment."""
    rows = [as_recorded(fact, when) for fact, when in zip(facts, at, strict=True)]
    claimed = {id(row) for row in insert_new(RecordedFact, rows)}
    versions = queries.version_in_force_each([(fact.fields["region"], fact.happened_at) for fact in facts])
    return [
        Judged(fact, KeptFact(**row), version, when)
        for fact, row, version, when in zip(facts, rows, versions, at, strict=True)
        if id(row) in claimed
    ]


def _by_rules(judged: Sequence[Judged]) -> tuple[list[tuple[DrawnAward, datetime]], list[Miss]]:
    """What the rules say of each, in their order: each counts on what those before it have used of a cap."""
    counters = _counters_to_change(judged)
    awards: list[tuple[DrawnAward, datetime]] = []
    misses: list[Miss] = []
    for each, own in zip(judged, counters, strict=True):
        assert each.version is not None
        before = usage.used(own)
        outcomes = evaluate(rules_of(each.version), each.fact, before)
        given = [outcome for outcome in outcomes if outcome.points]
        usage.count(own, given)
        awards += [(_drawn(each, each.version, outcome, before), each.at) for outcome in given]
        if not given:
            misses.append(Miss(each, nearest_miss(outcomes) | {"usage": usage_told(before)}, each.version))
    usage.keep(each for own in counters for each in own.values())
    return awards, misses


def _drawn(judged: Judged, version: RuleSetVersion, outcome: Outcome, before: Usage) -> DrawnAward:
    told = as_drawn_up(version, judged.recorded, outcome, before, judged.at)
    return DrawnAward(**told, recorded=judged.recorded, version=version)


def _counters_to_change(judged: Sequence[Judged]) -> list[Counters]:
    """The counters of each fact, locked version by version; versions of one set count on the same."""
    found: dict[UUID, Counters] = {}
    shared: dict[UUID, Counter] = {}
    versions = {each.version.id: each.version for each in judged if each.version is not None}
    for version in sorted(versions.values(), key=lambda each: each.id):
        facts = [each.fact for each in judged if each.version is version]
        counters = usage.all_counters_to_change(version.rule_set_id, rules_of(version), facts)
        for fact, own in zip(facts, counters, strict=True):
            found[fact.id] = {key: shared.setdefault(each.id, each) for key, each in own.items()}
    return [found[each.fact.id] for each in judged]


def _remember(awards: Sequence[tuple[DrawnAward, datetime]]) -> None:
    given: dict[int, list[DrawnAward]] = {}
    for award, _ in awards:
        given.setdefault(id(award.recorded), []).append(award)
    for some in given.values():
        fact = some[0].recorded
        queries.remember_judged(fact, some)


def _tell_no_awards(misses: Sequence[Miss]) -> None:
    told = [
        KeptNone(
            id=new_id(),
            recorded=miss.judged.recorded,
            recorded_fact_id=miss.judged.recorded.id,
            version=miss.version,
            version_id=miss.version.id if miss.version else None,
            why=miss.why["why"],
            explanation=dict(miss.why),
        )
        for miss in misses
    ]
    if len(insert_new(NoAward, [each.row for each in told])) < len(told):
        raise Conflict  # of a fact there is one; whoever is here has claimed the fact
    for each in told:
        queries.remember_judged(each.recorded, [], each)
    publish_all([not_awarded(miss.judged.recorded, miss.why["why"], miss.judged.at) for miss in misses])
