"""Rule sets for everybody to read and for two people to change; awards and the reasons for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from app.identity.actors import Actor
from app.kernel import clock, traces
from app.kernel.http import Api, gives, idempotent, public, requires, takes
from app.rules import campaigns, drafting, examples, queries, trying, unwinding
from app.rules.examples import Example
from app.rules.explaining import FactExplained, explain_fact
from app.rules.models import Award, Campaign, DryRun, RuleSetVersion, Unwinding
from app.rules.queries import InForce
from app.rules.rule_schemas import RulesIn
from app.rules.schemas import (
    AskToUnwind,
    AwardRead,
    CampaignRead,
    DecideUnwinding,
    DeclareCampaign,
    DryRunIn,
    DryRunRead,
    EndRuleSet,
    ExampleRead,
    ExamplesIn,
    FactAwardRead,
    OpenRuleSet,
    Publish,
    Retire,
    RuleSetRead,
    UnwindingRead,
    VersionRead,
    VersionWithRulesRead,
)

api = Api("rules", "", "Rule sets, awards and why")


@api.get("/rule-sets")
@public
@gives(RuleSetRead, many=True)
def list_rule_sets() -> list[InForce]:
    """All rule sets with the version in force, as sentences"""
    return queries.in_force(clock.now())


@api.post("/rule-sets")
@requires("rules.edit")
@idempotent
@takes(OpenRuleSet)
@gives(RuleSetRead, 201)
def open_rule_set(
    region_code: str, title_zh: str, title_en: str, starts_on: date | None, ends_on: date | None, by: Actor
) -> InForce:
    """Give a region its rule set for a period"""
    opened = drafting.open_rule_set(
        region_code=region_code,
        title_zh=title_zh,
        title_en=title_en,
        starts_on=starts_on,
        ends_on=ends_on,
        by=by,
        at=clock.now(),
    )
    return InForce(opened, None)


@api.get("/rule-sets/<uuid:rule_set_id>")
@public
@gives(RuleSetRead)
def read_rule_set(rule_set_id: UUID) -> InForce:
    """One rule set with the version in force"""
    return queries.in_force_of(queries.rule_set(rule_set_id), clock.now())


@api.post("/rule-sets/<uuid:rule_set_id>/end")
@requires("rules.review")
@takes(EndRuleSet)
@gives(RuleSetRead)
def end_rule_set(rule_set_id: UUID, ends_on: date, by: Actor) -> InForce:
    """Say which day is the last of its period"""
    ended = drafting.end_rule_set(rule_set_id=rule_set_id, ends_on=ends_on, by=by, at=clock.now())
    return queries.in_force_of(ended, clock.now())


@api.get("/rule-sets/<uuid:rule_set_id>/versions")
@public
@gives(VersionRead, many=True)
def list_versions(rule_set_id: UUID, by: Actor) -> Sequence[RuleSetVersion]:
    """Its versions, newest first; drafts only for those who write or review them"""
    return queries.versions_of(rule_set_id, by)


@api.post("/rule-sets/<uuid:rule_set_id>/versions")
@requires("rules.edit")
@idempotent
@takes(RulesIn)
@gives(VersionWithRulesRead, 201)
def draft_version(rule_set_id: UUID, rules: list[dict[str, Any]], by: Actor) -> RuleSetVersion:
    """Write the next version"""
    return drafting.draft_version(rule_set_id=rule_set_id, rules=rules, by=by, at=clock.now())


@api.get("/rule-set-versions/<uuid:version_id>")
@public
@gives(VersionWithRulesRead)
def read_version(version_id: UUID, by: Actor) -> RuleSetVersion:
    """One version, with its rules as data"""
    return queries.visible_version(version_id, by)


@api.put("/rule-set-versions/<uuid:version_id>")
@requires("rules.edit")
@takes(RulesIn)
@gives(VersionWithRulesRead)
def change_draft(version_id: UUID, rules: list[dict[str, Any]], by: Actor) -> RuleSetVersion:
    """Rewrite a draft"""
    return drafting.change_draft(version_id=version_id, rules=rules, by=by, at=clock.now())


@api.post("/rule-set-versions/<uuid:version_id>/dry-runs")
@requires("ledger.read")
@idempotent
@takes(DryRunIn)
@gives(DryRunRead, 201)
def dry_run(version_id: UUID, from_on: date, until_on: date, by: Actor) -> DryRun:
    """Run a version over the facts of a past period: totals, who gains and loses, budget and goods, alarms

    Over more than 100,000 facts a job does it: the answer's state is `waiting`, ask for it again to see how far it is.
    """
    return trying.dry_run(version_id=version_id, from_on=from_on, until_on=until_on, by=by, at=clock.now())


@api.get("/dry-runs/<uuid:run_id>")
@requires("ledger.read")
@gives(DryRunRead)
def read_dry_run(run_id: UUID, by: Actor) -> DryRun:
    """What a dry run found, or how far it is"""
    return trying.dry_run_for(run_id, by)


@api.post("/dry-runs/<uuid:run_id>/cancel")
@requires("ledger.read")
@gives(DryRunRead)
def cancel_dry_run(run_id: UUID, by: Actor) -> DryRun:
    """Stop a dry run that nobody needs any more"""
    return trying.cancel(run_id=run_id, by=by, at=clock.now())


@api.post("/rule-set-versions/<uuid:version_id>/examples")
@requires("ledger.read")
@takes(ExamplesIn)
@gives(ExampleRead, many=True)
def try_examples(version_id: UUID, facts: list[dict[str, Any]], by: Actor) -> list[Example]:
    """What a version gives for made-up facts, one after the other; nothing is kept"""
    return examples.try_examples(version_id=version_id, facts=facts, by=by)


@api.get("/campaigns")
@requires("ledger.read")
@gives(CampaignRead, many=True)
def list_campaigns(by: Actor) -> Sequence[Campaign]:
    """Times of bad weather or emergency, newest first"""
    return campaigns.campaigns(by)


@api.post("/campaigns")
@requires("rules.review")
@idempotent
@takes(DeclareCampaign)
@gives(CampaignRead, 201)
def declare_campaign(
    region_code: str,
    kind: str,
    title_zh: str,
    title_en: str,
    starts_at: datetime | None,
    ends_at: datetime,
    by: Actor,
) -> Campaign:
    """Declare bad weather or an emergency, from now or later"""
    return campaigns.declare_campaign(
        region_code=region_code,
        kind=kind,
        title_zh=title_zh,
        title_en=title_en,
        starts_at=starts_at,
        ends_at=ends_at,
        by=by,
        at=clock.now(),
    )


@api.post("/campaigns/<uuid:campaign_id>/end")
@requires("rules.review")
@gives(CampaignRead)
def end_campaign(campaign_id: UUID, by: Actor) -> Campaign:
    """End a campaign now"""
    return campaigns.end_campaign(campaign_id=campaign_id, by=by, at=clock.now())


@api.get("/unwindings")
@requires("ledger.read")
@gives(UnwindingRead, many=True)
def list_unwindings(by: Actor) -> Sequence[Unwinding]:
    """What was said to be void, open requests first"""
    return unwinding.unwindings(by)


@api.post("/unwindings")
@requires("facts.unwind")
@takes(AskToUnwind)
@gives(UnwindingRead, 201)
def ask_to_unwind(fact_kind: str, fact_id: UUID, reason: str, by: Actor) -> Unwinding:
    """Say that a fact is void; nothing is taken back until a second person agrees"""
    return unwinding.ask_to_unwind(fact_kind=fact_kind, fact_id=fact_id, reason=reason, by=by, at=clock.now())


@api.post("/unwindings/<uuid:unwinding_id>/decision")
@requires("facts.unwind")
@takes(DecideUnwinding)
@gives(UnwindingRead)
def decide_unwinding(unwinding_id: UUID, approved: bool, by: Actor) -> Unwinding:
    """Agree or refuse, as the second person; agreeing takes everything back, once"""
    return unwinding.decide_unwinding(unwinding_id=unwinding_id, approved=approved, by=by, at=clock.now())


@api.post("/rule-set-versions/<uuid:version_id>/review")
@requires("rules.review")
@gives(VersionRead)
def review_version(version_id: UUID, by: Actor) -> RuleSetVersion:
    """Find a draft right, as a second person"""
    return drafting.review(version_id=version_id, by=by, at=clock.now())


@api.post("/rule-set-versions/<uuid:version_id>/publish")
@requires("rules.review")
@takes(Publish)
@gives(VersionRead)
def publish_version(version_id: UUID, starts_at: datetime | None, by: Actor) -> RuleSetVersion:
    """Put a reviewed version in force, from now or later"""
    return drafting.publish(version_id=version_id, starts_at=starts_at, by=by, at=clock.now())


@api.post("/rule-set-versions/<uuid:version_id>/retire")
@requires("rules.review")
@takes(Retire)
@gives(VersionRead)
def retire_version(version_id: UUID, ends_at: datetime | None, by: Actor) -> RuleSetVersion:
    """End a published version, now or later"""
    return drafting.retire(version_id=version_id, ends_at=ends_at, by=by, at=clock.now())


@api.get("/awards/<uuid:award_id>", write=True)
@requires("self")
@gives(AwardRead)
def read_award(award_id: UUID, by: Actor) -> Award:
    """An award and why: facts, version, rule, arithmetic, caps, and one sentence"""
    found = queries.award_for(award_id, by)
    traces.leave_unless_own("award.seen", {"award_id": award_id}, by, whose=(found.person_id,))
    return found


@api.get("/facts/<kind>/<uuid:fact_id>/award", write=True)
@requires("self")
@gives(FactAwardRead)
def read_award_of_fact(kind: str, fact_id: UUID, by: Actor) -> FactExplained:
    """What a check-in, report or confirmed hours gave, or why nothing"""
    fact = queries.recorded_fact_for(kind, fact_id, by)
    traces.leave_unless_own("award.seen", {kind: fact_id}, by, whose=(fact.person_id,))
    return explain_fact(fact)
