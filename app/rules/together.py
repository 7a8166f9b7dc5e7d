"""Facts of different riders that came together, judged in a few statements: in their order, and just as one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.checkins.events import CheckedIn
from app.identity import queries as people
from app.kernel.db import as_loaded, insert_all_if_absent, session
from app.kernel.events import publish_all
from app.places.queries import region_paths
from app.rules import queries, usage
from app.rules.awarding import as_recorded, drawn_up, not_awarded, not_entitled, usage_told
from app.rules.circumstances import all_with_circumstances
from app.rules.evaluating import evaluate
from app.rules.kinds import checkin
from app.rules.kinds.shape import Fact
from app.rules.models import Award, NoAward, RecordedFact, RuleSetVersion
from app.rules.paying import fund_all
from app.rules.queries import rules_of
from app.rules.reasons import NO_RULES, nearest_miss, said
from app.rules.usage import Counter, Counters


@dataclass(frozen=True, slots=True)
class Judged:
    """A fact, as it is kept, and the version that was in force; None where there was none."""

    fact: Fact
    recorded: RecordedFact
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
    riders = people.people_named([each.fact.person_id for each in judged])
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
    given: dict[UUID, list[Award]] = {each.recorded.id: [] for each in judged}
    for award, _ in awards:
        given[award.recorded_fact_id].append(award)
    for each in judged:
        queries.remember_judged(each.recorded, given[each.recorded.id])
    _tell_no_awards([*misses, *missed])


def _recorded(facts: Sequence[Fact], at: Sequence[datetime]) -> list[Judged]:
    """Claim the facts: those that were judged before are left out. The unique constraint settles two at one moment."""
    rows = [as_recorded(fact, when) for fact, when in zip(facts, at, strict=True)]
    written = insert_all_if_absent(RecordedFact, rows)
    versions = queries.version_in_force_each([(fact.fields["region"], fact.happened_at) for fact in facts])
    return [
        Judged(fact, as_loaded(RecordedFact(**row)), version, when)
        for fact, row, version, when in zip(facts, rows, versions, at, strict=True)
        if (row["id"],) in written
    ]


def _by_rules(judged: Sequence[Judged]) -> tuple[list[tuple[Award, datetime]], list[Miss]]:
    """What the rules say of each, in their order: each counts on what those before it have used of a cap."""
    counters = _counters_to_change(judged)
    awards: list[tuple[Award, datetime]] = []
    misses: list[Miss] = []
    for each in judged:
        assert each.version is not None
        own = counters[each.fact.id]
        before = usage.used(own)
        outcomes = evaluate(rules_of(each.version), each.fact, before)
        given = [outcome for outcome in outcomes if outcome.points]
        usage.count(own, given)
        awards += [
            (drawn_up(each.version, each.recorded, outcome, before, each.at), each.at) for outcome in given
        ]
        if not given:
            misses.append(Miss(each, nearest_miss(outcomes) | {"usage": usage_told(before)}, each.version))
    usage.keep(each for own in counters.values() for each in own.values())
    return awards, misses


def _counters_to_change(judged: Sequence[Judged]) -> dict[UUID, Counters]:
    """The counters of each fact, locked version by version; versions of one set count on the same."""
    found: dict[UUID, Counters] = {}
    shared: dict[UUID, Counter] = {}
    versions = {each.version.id: each.version for each in judged if each.version is not None}
    for version in sorted(versions.values(), key=lambda each: each.id):
        facts = [each.fact for each in judged if each.version is version]
        counters = usage.all_counters_to_change(version.rule_set_id, rules_of(version), facts)
        for fact, own in zip(facts, counters, strict=True):
            found[fact.id] = {key: shared.setdefault(each.id, each) for key, each in own.items()}
    return found


def _tell_no_awards(misses: Sequence[Miss]) -> None:
    told = [
        NoAward(
            recorded=miss.judged.recorded,
            version=miss.version,
            why=miss.why["why"],
            explanation=dict(miss.why),
        )
        for miss in misses
    ]
    session.add_all(told)
    session.flush()
    for each in told:
        queries.remember_judged(each.recorded, [], each)
    publish_all([not_awarded(miss.judged.recorded, miss.why["why"], miss.judged.at) for miss in misses])
