"""What the department does: corrections, entries taken back, and honour rounds."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from app.doubts import deciding
from app.honours import announcing, criteria, reviewing, selecting, weighing
from app.identity.actors import Actor
from app.kernel.clock import city_day
from app.ledger import correcting, reversing
from app.rules import unwinding
from simulator.product.answers import Facts


def correct(*, by: Actor, at: datetime, person_id: str, points: int, reason: str) -> Facts:
    """A mistake in somebody's points, mended."""
    asked = correcting.correct(person_id=UUID(person_id), points=points, reason=reason, by=by, at=at)
    return {"correction": str(asked.id), "state": asked.state}


def decide_correction(*, by: Actor, at: datetime, correction_id: str, approved: bool) -> Facts:
    """A second person answers to a large correction."""
    decided = correcting.decide_correction(correction_id=UUID(correction_id), approved=approved, by=by, at=at)
    return {"correction": str(decided.id), "state": decided.state}


def reverse(*, by: Actor, at: datetime, entry_id: str, reason: str) -> Facts:
    """An entry that was booked by mistake."""
    asked = reversing.ask_to_reverse(entry_id=UUID(entry_id), reason=reason, by=by, at=at)
    return {"reversal": str(asked.id), "state": asked.state}


def decide_reversal(*, by: Actor, at: datetime, reversal_id: str, approved: bool) -> Facts:
    """A second person answers."""
    decided = reversing.decide_reversal(reversal_id=UUID(reversal_id), approved=approved, by=by, at=at)
    return {"reversal": str(decided.id), "state": decided.state}


def find_in_order(*, by: Actor, at: datetime, doubt_id: str, words: str) -> Facts:
    """A doubtful fact that holds."""
    return {"state": deciding.find_in_order(doubt_id=UUID(doubt_id), words=words, by=by, at=at).state}


def find_wanting(*, by: Actor, at: datetime, doubt_id: str, words: str) -> Facts:
    """One that does not; a second person decides."""
    return {"state": deciding.find_wanting(doubt_id=UUID(doubt_id), words=words, by=by, at=at).state}


def decide_unwinding(*, by: Actor, at: datetime, unwinding_id: str, approved: bool) -> Facts:
    """That second person."""
    decided = unwinding.decide_unwinding(unwinding_id=UUID(unwinding_id), approved=approved, by=by, at=at)
    return {"state": decided.state}


def plan_selection(*, by: Actor, at: datetime, first_on: str, last_on: str, **facts: Any) -> Facts:
    """What is looked for, before anybody's figures are seen."""
    made = selecting.create_selection(
        period_start_on=date.fromisoformat(first_on),
        period_end_on=date.fromisoformat(last_on),
        is_demo=True,
        by=by,
        at=at,
        **facts,
    )
    return {"selection": str(made.id)}


def approve_criteria(*, by: Actor, at: datetime, selection_id: str) -> Facts:
    """A second person agrees to what is looked for."""
    agreed = criteria.approve_criteria(selection_id=UUID(selection_id), by=by, at=at)
    return {"selection": str(agreed.id)}


def run_selection(*, by: Actor, at: datetime, selection_id: str) -> Facts:
    """The facts sealed, everybody eligible in order."""
    ran = selecting.run_selection(selection_id=UUID(selection_id), by=by, at=at)
    return {"selection": str(ran.id), "snapshot": ran.snapshot_sha256}


def decide(
    *, by: Actor, at: datetime, selection_id: str, candidate_id: str, decision: str, reason: str
) -> Facts:
    """A candidate taken in or out by a person."""
    decided = reviewing.decide(
        selection_id=UUID(selection_id),
        candidate_id=UUID(candidate_id),
        decision=decision,
        reason=reason,
        by=by,
        at=at,
    )
    return {"candidate": str(decided.id), "decision": decided.decision}


def weigh(*, by: Actor, at: datetime, selection_id: str, score: int) -> Facts:
    """Everybody on the reviewer's desk marked without a name, and the blind round closed."""
    desk = weighing.desk_for(UUID(selection_id), by)
    for each in desk.sheets:
        reviewing.mark(
            selection_id=desk.selection.id,
            candidate_id=each.candidate.id,
            score=score,
            comment="",
            by=by,
            at=at,
        )
    return {"selection": str(reviewing.show_names(selection_id=desk.selection.id, by=by, at=at).id)}


def sign_selection(*, by: Actor, at: datetime, selection_id: str) -> Facts:
    """The second signature, and the record of the meeting."""
    signed = reviewing.sign(selection_id=UUID(selection_id), by=by, at=at)
    reviewing.record_meeting(
        selection_id=signed.id, held_on=city_day(at), present=["评审", "部门", "社区"], votes_for=3, votes_against=0,
        votes_abstained=0, decision="同意名单。", by=by, at=at,
    )  # fmt: skip
    return {"selection": str(signed.id)}


def open_notice(*, by: Actor, at: datetime, selection_id: str) -> Facts:
    """The public notice."""
    opened = announcing.open_notice(
        selection_id=UUID(selection_id), contact_phone="12345", contact_place="社区工作站",
        contact_hours="工作日 9:00 到 17:00", by=by, at=at,
    )  # fmt: skip
    return {"selection": str(opened.id), "ends_on": str(opened.notice_ends_on)}


def finalise(*, by: Actor, at: datetime, selection_id: str) -> Facts:
    """The notice has run, the roll is final."""
    announcing.end_notice(selection_id=UUID(selection_id), by=by, at=at)
    return {"selection": str(announcing.finalise(selection_id=UUID(selection_id), by=by, at=at).id)}


def revoke_honour(*, by: Actor, at: datetime, honour_id: str, reason: str) -> Facts:
    """An honour that should not have been given."""
    return {"honour": str(announcing.revoke(honour_id=UUID(honour_id), reason=reason, by=by, at=at).id)}
