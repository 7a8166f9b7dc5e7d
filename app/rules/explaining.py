"""Why a fact gave these points, or none: one sentence a rider understands, in either language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.kernel.clock import city_day
from app.kernel.i18n import format_day, pick, say, speaking
from app.rules import queries
from app.rules.evaluating import CAPPED, CONDITION, TOO_LITTLE
from app.rules.kept import AnyAward, AnyFact, AnyNone
from app.rules.models import PENDING, QUEUED, VOID, RecordedFact
from app.rules.reasons import ALREADY_TODAY
from app.rules.reversing import was_reversed
from app.rules.rulebook import Cap, Condition
from app.rules.sentences import cap_in_words, condition_in_words, times_in_words


@dataclass(frozen=True, slots=True)
class FactExplained:
    """What became of a fact: its awards, how many points they hold together, or why there are none."""

    fact_kind: str
    fact_id: UUID
    happened_at: datetime
    points: int
    awards: Sequence[AnyAward]
    why_not: str | None

    @property
    def why(self) -> str:
        """All reasons in one text."""
        if self.why_not is not None:
            return self.why_not
        return say("rules.sentence-gap").join(explain(award) for award in self.awards)


def explain(award: AnyAward, locale: str | None = None) -> str:
    """为什么：每天首次到站签到 +5（规则 R-01 第 3 版） / Why: first check-in of the day +5 (rule R-01 v3)."""
    if locale is not None:
        with speaking(locale):
            return explain(award)
    explanation = award.explanation
    return say(
        "rules.why",
        what=pick(explanation["words"]["zh"], explanation["words"]["en"]),
        count=_arithmetic_in_words(explanation["arithmetic"]),
        points=award.points,
        rule=award.rule_key,
        version=award.version.number,
        caps="".join(
            say("rules.why.cut", cap=cut_in_words(cut), cut=cut["cut"]) for cut in explanation["cuts"]
        ),
        state=_state_in_words(award),
    )


def _state_in_words(award: AnyAward) -> str:
    """What the points wait for, or why they are gone; nothing for points in the wallet."""
    if award.state == VOID and queries.is_void(award.fact_kind, award.fact_id):
        return say("rules.why.unwound")
    if award.state == VOID and was_reversed(award):
        return say("rules.why.reversed")
    if award.state == PENDING and award.usable_from_at is not None:
        return say("rules.why.pending-until", day=format_day(city_day(award.usable_from_at)))
    return say(f"rules.why.{award.state}") if award.state in (PENDING, QUEUED, VOID) else ""


def _arithmetic_in_words(arithmetic: Mapping[str, Any]) -> str:
    """What was counted; nothing for a fixed amount."""
    if arithmetic["kind"] == "fixed":
        return ""
    if arithmetic["kind"] == "multiplier":
        times, rules = times_in_words(arithmetic["percent"]), say("rules.list-comma").join(arithmetic["of"])
        return say("rules.why.multiplier", amount=arithmetic["amount"], times=times, rules=rules)
    unit = say(f"rules.unit.{arithmetic['field']}")
    return say(
        f"rules.why.{arithmetic['kind']}", **{**arithmetic, "every": arithmetic.get("unit"), "unit": unit}
    )


def cut_in_words(cut: Mapping[str, Any]) -> str:
    """The cap that cut an award: 每人每天最多 40 分."""
    return cap_in_words(Cap(cut["per"], cut["period"], cut.get("points"), cut.get("times")))


def why_not(no_award: AnyNone, locale: str | None = None) -> str:
    """Why a fact gave no points: 今天的签到分已领过，明天再来。"""
    if locale is not None:
        with speaking(locale):
            return why_not(no_award)
    facts = no_award.explanation
    kind = no_award.recorded.kind
    if no_award.why == CAPPED:
        cut = facts["cut"]
        return say(
            f"rules.why-not.capped.{cut['per']}.{cut['period']}", what=_name(facts), cap=cut_in_words(cut)
        )
    if no_award.why == TOO_LITTLE:
        arithmetic = facts["arithmetic"]
        if arithmetic["kind"] == "multiplier":
            return say("rules.why-not.nothing-to-multiply", what=_name(facts))
        unit = say(f"rules.unit.{arithmetic['field']}")
        return say("rules.why-not.too-little", amount=arithmetic["amount"], unit=unit)
    if no_award.why == ALREADY_TODAY:
        return say("rules.why-not.already-today", fact=say(f"rules.fact.{kind}"))
    if no_award.why == CONDITION:
        return say("rules.why-not.condition", what=_name(facts), missed=_missed(kind, facts["missed"]))
    return say(f"rules.why-not.{no_award.why}", fact=say(f"rules.fact.{kind}"))


def _name(facts: Mapping[str, Any]) -> str:
    return pick(facts["words"]["zh"], facts["words"]["en"])


def _missed(kind: str, missed: Sequence[Mapping[str, Any]]) -> str:
    return say("rules.list-comma").join(condition_in_words(kind, Condition(**each)) for each in missed)


def explain_fact(recorded: RecordedFact) -> FactExplained:
    """What became of a judged fact, over all its stages."""
    return _explained(recorded, queries.awards_of_fact(recorded.kind, recorded.fact_id))


def _explained(recorded: AnyFact, awards: Sequence[AnyAward]) -> FactExplained:
    none = None if awards else queries.no_award_of_fact(recorded.kind, recorded.fact_id)
    return FactExplained(
        fact_kind=recorded.kind,
        fact_id=recorded.fact_id,
        happened_at=recorded.happened_at,
        points=sum(award.points for award in awards if award.state != VOID),
        awards=awards,
        why_not=why_not(none) if none is not None else None,
    )


def explain_judged(fact_kind: str, fact_id: UUID) -> FactExplained | None:
    """The same of a fact by its id; None if it was not judged."""
    found = queries.judged(fact_kind, fact_id)
    return None if found is None else _explained(*found)
