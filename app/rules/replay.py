"""Proof that awards follow from their facts: every stored fact judged again by its version gives the same points."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.kernel.db import session
from app.rules.evaluating import Usage, UsageKey, Used, evaluate
from app.rules.models import Award, NoAward
from app.rules.queries import rules_of

BATCH = 1000


@dataclass(frozen=True, slots=True)
class Mismatch:
    """An award (or a fact without one) that does not follow from its stored facts."""

    award_id: UUID | None
    fact_kind: str
    fact_id: UUID
    rule_key: str
    stored: int
    again: int


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many awards and refusals were judged again, and which came out differently."""

    awards: int
    refusals: int
    mismatches: list[Mismatch]

    @property
    def agrees(self) -> bool:
        return not self.mismatches


def replay() -> Replayed:
    """Judge every stored fact again. Reads only; used by `flask rules replay`."""
    mismatches: list[Mismatch] = []
    awards = refusals = 0
    for award in _all(Award):
        awards += 1
        mismatches += _award_again(award)
    for refusal in _all(NoAward):
        refusals += 1
        mismatches += _refusal_again(refusal)
    return Replayed(awards, refusals, mismatches)


def _all(model: type[Any]) -> Iterator[Any]:
    last: UUID | None = None
    while True:
        chosen = select(model).order_by(model.id).limit(BATCH)
        rows = session.scalars(chosen.where(model.id > last) if last else chosen).all()
        yield from rows
        if len(rows) < BATCH:
            return
        last = rows[-1].id
        session.expunge_all()  # a book of millions of awards does not fit into memory


def _award_again(award: Award) -> Iterator[Mismatch]:
    usage = usage_read(award.explanation["usage"])
    outcomes = evaluate(rules_of(award.version), award.recorded.fact(), usage)
    again = next((outcome for outcome in outcomes if outcome.rule.key == award.rule_key), None)
    points = again.points if again else 0
    same_reason = again is not None and (
        dict(again.arithmetic) == award.explanation["arithmetic"]
        and [dict(cut) for cut in again.cuts] == award.explanation["cuts"]
        and again.rule.usable == award.usable
    )
    if points != award.points or not same_reason:
        yield Mismatch(award.id, award.fact_kind, award.fact_id, award.rule_key, award.points, points)


def _refusal_again(refusal: NoAward) -> Iterator[Mismatch]:
    if refusal.version is None:
        return
    usage = usage_read(refusal.explanation["usage"])
    for outcome in evaluate(rules_of(refusal.version), refusal.recorded.fact(), usage):
        if outcome.points:
            recorded = refusal.recorded
            yield Mismatch(None, recorded.kind, recorded.fact_id, outcome.rule.key, 0, outcome.points)


def usage_read(stored: Iterable[Mapping[str, Any]]) -> Usage:
    """Usage as the evaluator reads it, from plain JSON."""
    return {
        UsageKey(each["rule"], each["per"], each["period"]): Used(each["points"], each["times"])
        for each in stored
    }
