"""The engine: who may move a case, and the one move that all use cases make.

case_to_move      visible? → whose turn? → own case? → second pair of eyes? → declared by the kind?
move              UPDATE … WHERE state and moves are still what was seen → one appended step
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from app.cases import states as s
from app.cases.errors import NeedsAnother, OwnCase
from app.cases.events import CaseEvent
from app.cases.models import Case, CasePhoto, CaseStep
from app.cases.queries import case_for, handles, is_reporter
from app.identity.actors import Actor
from app.kernel.db import session
from app.kernel.errors import Forbidden
from app.media.attaching import attach_photos
from app.places import queries as places

REACHED = ("accepted_at", "resolved_at", "closed_at")


def may(case: Case, verb: str, by: Actor) -> bool:
    """Whether it is the actor's turn to use this verb on this kind of case, whatever its state."""
    move_ = case.rules.moves.get(verb)
    if move_ is None:
        return False
    path = places.region_path(case.unit_region_code)
    return (
        (s.REPORTER in move_.who and is_reporter(case, by))
        or (s.SYSTEM in move_.who and by.is_system)
        or (s.TRIAGE in move_.who and by.can(case.rules.triage, region_path=path))
        or (s.WORK in move_.who and by.can(case.rules.work, region_path=path))
    )


def hold(*case_ids: UUID) -> None:
    """Let nobody else move these cases until the unit of work ends; whoever reads them now reads what is true now."""
    chosen = select(Case).where(Case.id.in_(case_ids)).order_by(Case.id).with_for_update()
    session.scalars(chosen.execution_options(populate_existing=True)).all()


def case_to_join(case_id: UUID) -> Case | None:
    """The case, held as it is: many may join at once, but nobody ends or merges it in between."""
    chosen = select(Case).where(Case.id == case_id).with_for_update(read=True)
    return session.scalar(chosen.execution_options(populate_existing=True))


def case_to_move(case_id: UUID, verb: str, by: Actor) -> Case:
    """The case, if the actor may use this verb on it and its kind declares the move. Never for one's own report."""
    case = case_for(by, case_id)
    declared = case.rules.moves.get(verb)
    if declared is None:
        raise case.moved_on()
    if is_reporter(case, by) and s.REPORTER not in declared.who:
        raise OwnCase if handles(case, by) else Forbidden
    if not may(case, verb, by):
        raise Forbidden
    case.after(verb)
    if verb in (s.ACCEPT, s.START, s.RESOLVE) and by.person_id in past_resolvers(case.id):
        raise NeedsAnother
    return case


def past_resolvers(case_id: UUID) -> set[UUID | None]:
    """Who called the case done before; after a reopening somebody else must look."""
    done = select(CaseStep.actor_id).where(CaseStep.case_id == case_id, CaseStep.verb == s.RESOLVE)
    return set(session.scalars(done))


def move(
    case: Case, verb: str, *, by: Actor, at: datetime, note: str = "", words: str = "", **changes: Any
) -> CaseStep:
    """Make one declared move and leave its step.

    Settles the race of two dispatchers: the row changes only while state and number of moves are what was seen, so
    the slower one changes nothing and is told that the case has moved on.
    """
    target, at = case.after(verb), case.not_before(at)
    values = {**changes, "state": target, "moves": case.moves + 1}
    values |= {name: case.not_before(values[name]) for name in REACHED if values.get(name) is not None}
    due = _due(target, values.get("accept_by", case.accept_by), values.get("resolve_by", case.resolve_by))
    if due != case.due_at:
        values |= {"due_at": due, "escalated_at": None}
    moved = session.execute(
        update(Case)
        .where(Case.id == case.id, Case.state == case.state, Case.moves == case.moves)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    before = case.state
    session.refresh(case)
    if moved.rowcount == 0:  # type: ignore[attr-defined]
        raise case.moved_on()
    step = CaseStep(
        case_id=case.id,
        seq=case.moves,
        verb=verb,
        from_state=before,
        to_state=target,
        actor_id=by.person_id,
        at=at,
        note=note,
        words=words,
    )
    session.add(step)
    session.flush()
    return step


def _due(state: str, accept_by: datetime, resolve_by: datetime | None) -> datetime | None:
    """The deadline that runs in this state."""
    if state in s.WAITING:
        return accept_by
    return resolve_by if state in s.WORKING else None


def add_photos(case: Case, step: CaseStep, photo_ids: Collection[UUID], *, by: Actor, at: datetime) -> None:
    """Put the actor's photos on a step: the reporter and the case's handlers see them, nobody else."""
    attach_photos(
        photo_ids=photo_ids,
        region_code=case.unit_region_code,
        seen_with=case.rules.handlers,
        shown_to_id=case.reporter_id,
        by=by,
        at=at,
    )
    for media_id in dict.fromkeys(photo_ids):
        session.add(CasePhoto(case_id=case.id, step_id=step.id, media_id=media_id))
    session.flush()


def facts(case: Case, at: datetime) -> dict[str, Any]:
    """What every event of this case says."""
    return {
        "case_id": case.id,
        "kind": case.kind,
        "category": case.category,
        "grade": case.grade,
        "reporter_id": case.reporter_id,
        "region_code": case.region_code,
        "at": at,
    }


def told(event: type[CaseEvent], case: Case, at: datetime, **more: Any) -> CaseEvent:
    """The event of this type about this case."""
    return event(**facts(case, at), **more)
