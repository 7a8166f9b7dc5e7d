"""From a fact to points: subscribers that judge what happened by the version in force when it happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert

from app.cases.events import (
    CaseAccepted,
    CaseClosed,
    CaseEvent,
    CaseMerged,
    CaseRejected,
    CaseReopened,
    CaseResolved,
    CaseWithdrawn,
)
from app.checkins.events import CheckedIn, CheckinAnnulled
from app.kernel.clock import city_day, city_midnight
from app.kernel.db import as_loaded
from app.kernel.events import publish
from app.kernel.ids import new_id
from app.kernel.unanswered import claim, put
from app.ledger.events import BudgetFunded
from app.places.queries import region_path
from app.rules import queries, usage
from app.rules.circumstances import with_circumstances
from app.rules.evaluating import Outcome, Usage, evaluate
from app.rules.events import PointsNotAwarded
from app.rules.grounds import grounds_of
from app.rules.kept import KeptFact
from app.rules.kinds import checkin, honour, hours, report, suggestion, training
from app.rules.kinds.shape import Fact
from app.rules.models import ACTIVE, PENDING, QUEUED, VOID, Award, NoAward, RecordedFact, RuleSetVersion
from app.rules.paying import fund, give_again, give_back, pay_queued, settle, take_back
from app.rules.queries import awards_to_change, reports_decided_by, rules_of, served_until
from app.rules.reasons import (
    ACCOUNT_CLOSED,
    FOUND_VOID,
    NO_RULES,
    NOT_ENROLLED,
    TOLD_BEFORE,
    nearest_miss,
    said,
)
from app.rules.rulebook import AFTER_DAYS, Rule
from app.rules.voiding import find_void
from app.volunteering.events import HoursConfirmed, TrainingFinished

REPORT, SUGGESTION = report.KIND.name, suggestion.KIND.name
_NO_AWARD = insert(NoAward.__table__)  # type: ignore[arg-type]


def on_checked_in(event: CheckedIn) -> None:
    """A check-in may give points."""
    judge(checkin.fact_of(event, region_path=region_path(event.region_code)), at=event.at)


def on_checkin_annulled(event: CheckinAnnulled) -> None:
    """A check-in that its station took back keeps no points, usable ones included; no cap or dry run counts it."""
    recorded = queries.recorded_fact(checkin.KIND.name, event.checkin_id)
    if recorded is None or not find_void(recorded, at=event.at):
        return
    for award in awards_to_change(checkin.KIND.name, [event.checkin_id], QUEUED, PENDING, ACTIVE):
        take_back(award, event.at)


def on_case_accepted(event: CaseAccepted) -> None:
    """An accepted report may give points. Appeals, mediation and all other kinds never come near the rules."""
    if event.kind != REPORT:
        return
    judged_now = _judge_report(event, report.ACCEPTED)
    if not judged_now and not queries.is_void(REPORT, event.case_id):
        for award in awards_to_change(REPORT, [event.case_id], VOID):
            give_again(award, event.at)


def on_case_resolved(event: CaseResolved) -> None:
    """A resolved report may give more points, and those that waited for it become usable, also of merged ones.

    A resolved suggestion was adopted.
    """
    if event.kind == SUGGESTION and event.reporter_id is not None:
        path = region_path(event.region_code)
        judge(suggestion.fact_of(event, reporter_id=event.reporter_id, region_path=path), at=event.at)
    if event.kind != REPORT:
        return
    _judge_report(event, report.RESOLVED)
    for award in awards_to_change(REPORT, reports_decided_by(event.case_id), QUEUED, PENDING):
        settle(award, event.at)


def on_case_closed(event: CaseClosed) -> None:
    """A report that closed was verified: its reporter found it fixed, or did not object in time."""
    if event.kind == REPORT:
        _judge_report(event, report.VERIFIED)


def on_case_merged(event: CaseMerged) -> None:
    """A report that tells of the same thing as another may give its share of the points.

    Whoever told the same twice is thanked once: the second report gives nothing, and what it was promised goes back.
    """
    if event.kind != REPORT:
        return
    if not queries.told_before(event.case_id, event.reporter_id, event.into_id):
        _judge_report(event, report.MERGED)
        return
    _judge_report(event, report.MERGED, refusal=TOLD_BEFORE)
    for award in awards_to_change(REPORT, [event.case_id], QUEUED, PENDING):
        give_back(award, event.at)


def on_case_rejected(event: CaseRejected | CaseWithdrawn) -> None:
    """A rejected or withdrawn report keeps no pending points; what had become usable stays with the rider.

    So does what only waits for a budget: that there was none is not the rider's fault.
    """
    if event.kind != REPORT:
        return
    for award in awards_to_change(REPORT, reports_decided_by(event.case_id), QUEUED, PENDING):
        if award.outcome_at is None:
            give_back(award, event.at)


def on_case_reopened(event: CaseReopened) -> None:
    """Whoever says that a hazard is still there loses nothing by it; and resolving it again gives nothing twice."""


def on_hours_confirmed(event: HoursConfirmed) -> None:
    """Confirmed hours may give points, by the rules of the day of service."""
    fact = hours.fact_of(
        event, served_at=served_until(event.hours_id), region_path=region_path(event.region_code)
    )
    judge(fact, at=event.at)


def on_training_finished(event: TrainingFinished) -> None:
    """A finished training may give points, by the rules of the day it ended."""
    judge(training.fact_of(event, region_path=region_path(event.region_code)), at=event.at)


def on_honours_granted(event: honour.Granted) -> None:
    """Each honour of a final roll may give points."""
    for fact in honour.facts_of(event, region_path=region_path(event.region_code)):
        judge(fact, at=event.at)


def on_honour_revoked(event: honour.Revoked) -> None:
    """An honour that was taken back keeps no points that still wait; to take usable ones back it takes two people."""
    for award in awards_to_change(honour.KIND.name, [event.honour_id], QUEUED, PENDING):
        give_back(award, event.at)


def on_budget_funded(event: BudgetFunded) -> None:
    """There are points again: those that waited are paid first."""
    pay_queued(at=event.at)


def _judge_report(event: CaseEvent, stage: str, *, refusal: str | None = None) -> bool:
    """Judge a step of a report; one without a known reporter has nobody to thank."""
    if event.reporter_id is None:
        return True
    path = region_path(event.region_code)
    fact = report.fact_of(event, reporter_id=event.reporter_id, stage=stage, region_path=path)
    return judge(fact, refusal=refusal, at=event.at)


def judge(fact: Fact, *, refusal: str | None = None, at: datetime) -> bool:
    """Turn a fact into awards, or into the reason for none. False if it was judged before: then nothing happens.

    A `refusal` known beforehand is that reason, whatever the rules say.
    """
    grounds = grounds_of(fact)
    fact = with_circumstances(fact, grounds)
    recorded = _record(fact, at)
    if recorded is None:
        return False
    refusal = refusal or not_entitled(
        void=grounds.is_void, closed=grounds.is_closed, enrolled=grounds.is_enrolled
    )
    if refusal:
        _tell_no_award(recorded, None, said(refusal), at)
        return True
    if grounds.version is None:
        _tell_no_award(recorded, None, said(NO_RULES), at)
        return True
    _judge_by(grounds.version, recorded, fact, at)
    return True


def _record(fact: Fact, at: datetime) -> RecordedFact | None:
    """Claim the fact. The unique constraint settles an event that arrives twice at the same moment."""
    values = as_recorded(fact, at)
    return as_loaded(RecordedFact(**values)) if claim(RecordedFact, values) else None


def as_recorded(fact: Fact, at: datetime) -> dict[str, Any]:
    """The row in which a fact is kept."""
    return {
        "id": new_id(),
        "kind": fact.kind,
        "fact_id": fact.id,
        "stage": fact.stage,
        "person_id": fact.person_id,
        "region_code": fact.region_code,
        "happened_at": fact.happened_at,
        "fields": dict(fact.fields),
        "judged_at": at,
    }


def not_entitled(*, void: bool, closed: bool, enrolled: bool) -> str | None:
    """Why a fact gives nothing whatever the rules say, None if the rules decide: by the fact, and by its rider now."""
    if void:
        return FOUND_VOID
    if closed:
        return ACCOUNT_CLOSED
    return None if enrolled else NOT_ENROLLED


def _judge_by(version: RuleSetVersion, recorded: RecordedFact, fact: Fact, at: datetime) -> None:
    rules = rules_of(version)
    counters = usage.counters_to_change(version.rule_set_id, rules, fact)
    before = usage.used(counters)
    outcomes = evaluate(rules, fact, before)
    given = [outcome for outcome in outcomes if outcome.points]
    usage.count(counters, given)
    usage.keep(counters.values())
    awards = [drawn_up(version, recorded, outcome, before, at) for outcome in given]
    queries.remember_judged(recorded, awards)
    for award in awards:
        fund(award, at)
    if not given:
        _tell_no_award(recorded, version, nearest_miss(outcomes) | {"usage": usage_told(before)}, at)


def drawn_up(
    version: RuleSetVersion, recorded: RecordedFact, outcome: Outcome, before: Usage, at: datetime
) -> Award:
    """An award as it will be written; its points still have to come from the budget."""
    begun = {
        "state": QUEUED,
        "round": 1,
        "funded_at": None,
        "budget_id": None,
        "outcome_at": None,
        "void_at": None,
    }
    told = as_drawn_up(version, recorded, outcome, before, at)
    return Award(**told, **begun, recorded=recorded, version=version)


def as_drawn_up(
    version: RuleSetVersion, recorded: RecordedFact | KeptFact, outcome: Outcome, before: Usage, at: datetime
) -> dict[str, Any]:
    """What an award says."""
    rule = outcome.rule
    return {
        "id": new_id(),
        "recorded_fact_id": recorded.id,
        "version_id": version.id,
        "fact_kind": recorded.kind,
        "fact_id": recorded.fact_id,
        "person_id": recorded.person_id,
        "rule_key": rule.key,
        "points": outcome.points,
        "usable": rule.usable,
        "usable_from_at": _usable_from(rule, at),
        "expires_after_days": rule.expires_after_days,
        "explanation": explanation_of(outcome, rules_of(version), before),
        "awarded_at": at,
    }


def _usable_from(rule: Rule, at: datetime) -> datetime | None:
    """The beginning of the city day on which points that wait for a date become usable."""
    if rule.usable != AFTER_DAYS:
        return None
    return city_midnight(city_day(at) + timedelta(days=rule.usable_after_days or 0))


def explanation_of(outcome: Outcome, rules: Sequence[Rule], before: Usage) -> dict[str, Any]:
    """What is kept of an outcome: the rule's words, the arithmetic, the caps that cut, and the usage before.

    A multiplier looks at what others gave, so the usage of all it multiplies is kept too: also of those that a cap cut
    to nothing, for without it they would give something when the fact is judged again.
    """
    rule = outcome.rule
    looked_at = {rule.key, *(other.key for other in rules if rule.multiplies(other))}
    own = {key: used for key, used in before.items() if key.rule_key in looked_at}
    return {
        "words": dict(outcome.rule.words),
        "arithmetic": dict(outcome.arithmetic),
        "cuts": [dict(cut) for cut in outcome.cuts],
        "usage": usage_told(own),
    }


def usage_told(before: Usage) -> Sequence[Mapping[str, Any]]:
    """Usage as plain JSON."""
    return [
        {
            "rule": key.rule_key,
            "per": key.per,
            "period": key.period,
            "points": used.points,
            "times": used.times,
        }
        for key, used in sorted(before.items())
    ]


def _tell_no_award(
    recorded: RecordedFact, version: RuleSetVersion | None, why: Mapping[str, Any], at: datetime
) -> None:
    values = {"id": new_id(), "why": why["why"], "explanation": dict(why)}
    values |= {"recorded_fact_id": recorded.id, "version_id": version.id if version else None}
    put(_NO_AWARD, values)
    none = as_loaded(NoAward(**values, recorded=recorded, version=version))
    queries.remember_judged(recorded, [], none)
    publish(not_awarded(recorded, why["why"], at))


def not_awarded(recorded: RecordedFact | KeptFact, why: str, at: datetime) -> PointsNotAwarded:
    """What is told of a fact that gave nothing."""
    return PointsNotAwarded(
        fact_kind=recorded.kind, fact_id=recorded.fact_id, person_id=recorded.person_id, why=why, at=at
    )
