"""Setting a selection up and running it: criteria are fixed first, then the facts are sealed and put in order."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from app.audit.recording import record
from app.honours import calling, gathering, queries, scoring, sealing, snapshots
from app.honours import criteria as wordings
from app.honours.errors import (
    ApprovalNumberNeeded,
    CriteriaNotApproved,
    PeriodNotOver,
    PeriodWrong,
    RegionOutside,
)
from app.honours.events import SelectionFrozen
from app.honours.gathering import Gathered
from app.honours.models import DRAFT, FROZEN, Selection
from app.honours.pseudonyms import key_mark
from app.honours.scoring import Scored
from app.identity.actors import Actor
from app.kernel import events
from app.kernel.clock import city_day
from app.kernel.db import session
from app.kernel.suppressing import FEWEST, suppressed
from app.ledger.sealing import last_seal
from app.places.queries import region_path

LONGEST_PERIOD_DAYS = 366


@dataclass(frozen=True, slots=True)
class Told:
    """What may be told of a trial: no number of fewer than ten riders, none that gives one away, no list to count."""

    known: int | None
    eligible: int | None
    chosen: int | None
    candidates: list[Scored]


@dataclass(frozen=True, slots=True)
class Trial:
    """What criteria would give over a period. Nothing of it is kept."""

    known: int
    eligible: int
    candidates: list[Scored]

    def told(self) -> Told:
        """The numbers that tell of nobody. Whoever is told how many are eligible may also see them by pseudonym."""
        chosen = sum(each.chosen for each in self.candidates)
        wanting = {"eligible": self.eligible, "not": self.known - self.eligible}
        hides_known = 0 < self.known < FEWEST
        hides_eligible = hides_known or bool(suppressed(wanting))
        hides_chosen = hides_eligible or bool(suppressed({"in": chosen, "out": self.eligible - chosen}))
        return Told(
            known=None if hides_known else self.known,
            eligible=None if hides_eligible else self.eligible,
            chosen=None if hides_chosen else chosen,
            candidates=[] if hides_eligible else self.candidates,
        )


def create_selection(
    *,
    title_zh: str,
    title_en: str | None = None,
    region_code: str,
    only_regions: Collection[str] = (),
    purpose: str,
    approval_number: str | None = None,
    period_start_on: date,
    period_end_on: date,
    criteria: dict[str, Any],
    is_demo: bool = False,
    by: Actor,
    at: datetime,
) -> Selection:
    """Write down what is looked for before anybody's figures are seen."""
    by.must("selection.run", region_path=region_path(region_code))
    must_be_a_period(period_start_on, period_end_on)
    must_be_approved(purpose, approval_number)
    if not all(region_path(each).startswith(region_path(region_code)) for each in only_regions):
        raise RegionOutside(fields={"only_regions": ["selection-region-outside"]})
    version = wordings.write_version(region_code=region_code, name=title_zh, criteria=criteria, by=by, at=at)
    selection = Selection(
        title_zh=title_zh,
        title_en=title_en,
        region_code=region_code,
        only_regions=sorted(set(only_regions)),
        purpose=purpose,
        approval_number=approval_number,
        period_start_on=period_start_on,
        period_end_on=period_end_on,
        criteria_version=version,
        created_by=by.id,
        created_at=at,
        is_demo=is_demo,
    )
    session.add(selection)
    session.flush()
    return selection


def must_be_approved(purpose: str, approval_number: str | None) -> None:
    """A commendation has been approved by somebody. Raises ApprovalNumberNeeded."""
    if purpose == "commendation" and not approval_number:
        raise ApprovalNumberNeeded(fields={"approval_number": ["approval-number-needed"]})


def must_be_a_period(start_on: date, end_on: date) -> None:
    """Raises PeriodWrong unless it starts before it ends and lasts at most a year."""
    if not 0 <= (end_on - start_on).days < LONGEST_PERIOD_DAYS:
        raise PeriodWrong(fields={"period_end_on": ["selection-period-wrong"]})


def dry_run(
    *, selection_id: UUID, start_on: date | None = None, end_on: date | None = None, by: Actor, at: datetime
) -> Trial:
    """What the criteria give over the selection's period, or over another one, by pseudonym; nothing is kept."""
    selection = queries.selection(selection_id)
    by.must("selection.run", region_path=region_path(selection.region_code))
    first, last = start_on or selection.period_start_on, end_on or selection.period_end_on
    must_be_a_period(first, last)
    facts = _gather(selection, first, last).facts
    scored = scoring.order(facts, wordings.of(selection), last)
    return Trial(known=len(facts), eligible=len(scored), candidates=scored)


def run_selection(*, selection_id: UUID, by: Actor, at: datetime) -> Selection:
    """Seal the facts of the period and put everybody eligible in order; seats and quotas say who is in."""
    selection = queries.selection_to_change(selection_id)
    by.must("selection.run", region_path=region_path(selection.region_code))
    selection.must_be(DRAFT)
    if selection.criteria_version.approved_by is None:
        raise CriteriaNotApproved
    if city_day(at) <= selection.period_end_on:
        raise PeriodNotOver(day=selection.period_end_on.isoformat())
    gathered = _gather(selection, selection.period_start_on, selection.period_end_on)
    scored = scoring.order(gathered.facts, wordings.of(selection), selection.period_end_on)
    lines = sealing.seal(_head(selection, at), gathered.facts, scored)
    selection.snapshot_sha256, selection.snapshot = snapshots.keep(lines)
    selection.frozen_at, selection.state = at, FROZEN
    session.flush()
    calling.put_forward(selection, gathered, scored, at=at)
    sealed = {"snapshot_sha256": selection.snapshot_sha256, "candidates": len(scored)}
    record(action="selection.frozen", subject=f"selection:{selection.id}", facts=sealed, by=by, at=at)
    events.publish(
        SelectionFrozen(selection_id=selection.id, snapshot_sha256=selection.snapshot_sha256, at=at)
    )
    return selection


def _gather(selection: Selection, start_on: date, end_on: date) -> Gathered:
    return gathering.facts_of(
        selection_id=selection.id,
        region_paths=[region_path(each) for each in selection.regions],
        start_on=start_on,
        end_on=end_on,
    )


def _head(selection: Selection, at: datetime) -> dict[str, Any]:
    return {
        "selection": str(selection.id),
        "title": selection.title_zh,
        "purpose": selection.purpose,
        "regions": selection.regions,
        "period": [selection.period_start_on.isoformat(), selection.period_end_on.isoformat()],
        "criteria": wordings.of(selection),
        "criteria_number": selection.criteria_version.number,
        "pseudonyms": key_mark(),
        "ledger_seal": _ledger_seal(),
        "frozen_at": at.isoformat(),
    }


def _ledger_seal() -> dict[str, Any] | None:
    """The newest seal of the points book: whatever it covers cannot have been changed since unnoticed."""
    newest = last_seal()
    return None if newest is None else {"number": newest.number, "hash": newest.hash}
