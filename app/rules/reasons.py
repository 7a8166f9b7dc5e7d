"""Why a fact gave no points: the slugs, and choosing the one that tells the rider most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.rules.evaluating import CAPPED, CONDITION, NOT_NAMED, TOO_LITTLE, Outcome

ACCOUNT_CLOSED, NOT_ENROLLED, NO_RULES = "account-closed", "not-enrolled", "no-rules"
NO_RULE_FOR_THIS, ALREADY_TODAY, FOUND_VOID = "no-rule-for-this", "already-today", "found-void"
TOLD_BEFORE = "told-before"  # the rider's own report of the same matter was there first
REASONS = (
    ACCOUNT_CLOSED,
    NOT_ENROLLED,
    FOUND_VOID,
    TOLD_BEFORE,
    NO_RULES,
    NO_RULE_FOR_THIS,
    ALREADY_TODAY,
    CAPPED,
    TOO_LITTLE,
    NOT_NAMED,
    CONDITION,
)


def said(why: str, **more: Any) -> dict[str, Any]:
    """A reason as it is kept."""
    return {"why": why, **more}


def nearest_miss(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The rule that came closest to giving points says why it did not: fewest conditions missed first."""
    if not outcomes:
        return said(NO_RULE_FOR_THIS)
    miss = min(outcomes, key=lambda outcome: len(outcome.missed))
    rule = {"rule": miss.rule.key, "words": dict(miss.rule.words)}
    if miss.why_not == CAPPED:
        return said(CAPPED, **rule, cut=dict(miss.cuts[-1]))
    if miss.why_not == TOO_LITTLE:
        return said(TOO_LITTLE, **rule, arithmetic=dict(miss.arithmetic))
    if miss.why_not == NOT_NAMED:
        return said(NOT_NAMED, **rule)
    missed = [{"field": each.field, "op": each.op, "value": each.value} for each in miss.missed]
    if [each.field for each in miss.missed] == ["first_of_day"]:
        return said(ALREADY_TODAY, **rule, missed=missed)
    return said(CONDITION, **rule, missed=missed)
