"""Looking at cases: one's own, those one follows, and the desk's, sorted by the time left."""

from __future__ import annotations

import base64
import binascii
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select

from app.cases import states as s
from app.cases.errors import CaseNotFound
from app.cases.kinds import KINDS
from app.cases.models import Case, CasePhoto, CaseStep, MeToo
from app.identity.actors import Actor
from app.kernel.db import session
from app.kernel.errors import Forbidden
from app.kernel.paging import CursorUnknown, Page, page
from app.places import queries as places
from app.places.models import Region


@dataclass(frozen=True, slots=True)
class DeskCounts:
    """The desk at a glance."""

    waiting: int
    working: int
    overdue: int
    disputed: int


def is_reporter(case: Case, by: Actor) -> bool:
    """Whether it is the actor's own case."""
    return by.person_id is not None and by.person_id == case.reporter_id


def handles(case: Case, by: Actor) -> bool:
    """Whether the actor is staff for this kind of case over its responsible unit."""
    path = places.region_path(case.unit_region_code)
    return any(by.can(permission, region_path=path) for permission in case.rules.handlers)


def case_for(by: Actor, case_id: UUID) -> Case:
    """The case, for its reporter and its handlers; for everybody else it does not exist."""
    case = session.get(Case, case_id)
    if case is None or not (is_reporter(case, by) or handles(case, by)):
        raise CaseNotFound
    return case


def case_by_number(by: Actor, number: str) -> Case:
    """The case with this number, for those who may see it. Raises CaseNotFound."""
    case_id = session.scalar(select(Case.id).where(Case.number == number.upper()))
    if case_id is None:
        raise CaseNotFound
    return case_for(by, case_id)


def kinds_handled(by: Actor) -> list[str]:
    """The kinds of cases the actor handles somewhere, in the order of the register."""
    return [kind.name for kind in KINDS.values() if any(by.holds(each) for each in kind.handlers)]


def my_cases(
    person_id: UUID, *, kind: str | None = None, cursor: str | None = None, limit: int = 20
) -> Page[Case]:
    """What a person brought up themselves, newest first."""
    mine = select(Case).where(Case.reporter_id == person_id)
    if kind is not None:
        mine = mine.where(Case.kind == kind)
    return page(mine, Case.id, cursor, limit)


def followed_cases(person_id: UUID, *, cursor: str | None = None, limit: int = 20) -> Page[Case]:
    """Reports of others that a person seconded, newest first."""
    followed = select(MeToo.case_id).where(MeToo.person_id == person_id)
    return page(select(Case).where(Case.id.in_(followed)), Case.id, cursor, limit)


def steps(case: Case) -> Sequence[CaseStep]:
    """Everything that happened to a case, in order."""
    return session.scalars(select(CaseStep).where(CaseStep.case_id == case.id).order_by(CaseStep.seq)).all()


def photos_of(case: Case) -> dict[UUID, list[UUID]]:
    """The ids of its photos, by step."""
    found: dict[UUID, list[UUID]] = defaultdict(list)
    rows = (
        select(CasePhoto.step_id, CasePhoto.media_id)
        .where(CasePhoto.case_id == case.id)
        .order_by(CasePhoto.id)
    )
    for step_id, media_id in session.execute(rows):
        found[step_id].append(media_id)
    return found


def followers(case_id: UUID) -> Sequence[UUID]:
    """Who said "me too"."""
    return session.scalars(select(MeToo.person_id).where(MeToo.case_id == case_id).order_by(MeToo.id)).all()


def seconded(case_id: UUID) -> dict[UUID, Case]:
    """Who said "me too" here or to a report that was merged into it, with the one each of them said it to first."""
    rows = (
        select(MeToo.person_id, Case)
        .join(Case, Case.id == MeToo.case_id)
        .where(or_(Case.id == case_id, Case.duplicate_of == case_id))
        .order_by(MeToo.at, MeToo.id)
    )
    first: dict[UUID, Case] = {}
    for person_id, case in session.execute(rows):
        first.setdefault(person_id, case)
    return first


def merged_into(case_id: UUID) -> Sequence[Case]:
    """The reports that this one decides."""
    return session.scalars(select(Case).where(Case.duplicate_of == case_id).order_by(Case.id)).all()


def answer_of(case: Case) -> CaseStep | None:
    """The step that answered it; None while it is open, also when it was opened again."""
    if case.state not in s.ANSWERED:
        return None
    said = select(CaseStep).where(CaseStep.case_id == case.id, CaseStep.verb.in_((s.RESOLVE, s.REJECT)))
    return session.scalar(said.order_by(CaseStep.seq.desc()).limit(1))


def me_too_count(case_id: UUID) -> int:
    """How many said "me too"."""
    return session.scalar(select(func.count()).select_from(MeToo).where(MeToo.case_id == case_id)) or 0


def to_do(
    by: Actor,
    *,
    at: datetime,
    state: str | None = None,
    among: Collection[str] = (),
    kind: str | None = None,
    overdue: bool = False,
    disputed: bool = False,
    number: str | None = None,
    cursor: str | None = None,
    limit: int = 20,
) -> Page[Case]:
    """The desk: open cases within the actor's scopes by the time left; with a filter, others too, newest first."""
    chosen = _desk(by)
    if kind is not None:
        chosen = chosen.where(Case.kind == kind)
    if number is not None:
        return page(chosen.where(Case.number == number.upper()), Case.id, cursor, limit)
    if disputed:
        return page(chosen.where(_is_disputed()), Case.id, cursor, limit)
    if state is not None and state not in s.OPEN:
        return page(chosen.where(Case.state == state), Case.id, cursor, limit)
    chosen = chosen.where(Case.state == state if state else Case.due_at.is_not(None))
    chosen = chosen.where(Case.state.in_(among)) if among else chosen
    return _by_time_left(chosen.where(Case.due_at < at) if overdue else chosen, cursor, limit)


def counts(by: Actor, *, kind: str | None = None, at: datetime) -> DeskCounts:
    """How much (of one kind) waits, is being worked on, is overdue, and is disputed within the actor's scopes."""
    chosen = _desk(by)
    desk = (chosen.where(Case.kind == kind) if kind else chosen).subquery()
    row = session.execute(
        select(
            func.count().filter(desk.c.state.in_(s.WAITING)),
            func.count().filter(desk.c.state.in_(s.WORKING)),
            func.count().filter(desk.c.due_at < at),
            func.count().filter(desk.c.state == s.RESOLVED, desk.c.answer == s.NOT_SOLVED),
        ).select_from(desk)
    ).one()
    return DeskCounts(*row)


def _is_disputed() -> ColumnElement[bool]:
    return and_(Case.state == s.RESOLVED, Case.answer == s.NOT_SOLVED)


def _desk(by: Actor) -> Select[Case]:
    """Cases whose kind and responsible unit the actor handles. Raises Forbidden for somebody without any."""
    handled: list[ColumnElement[bool]] = []
    for permission in sorted({each for kind in KINDS.values() for each in kind.handlers}):
        paths = by.scopes(permission).region_paths
        if paths:
            kinds = [kind.name for kind in KINDS.values() if permission in kind.handlers]
            handled.append(and_(Case.kind.in_(kinds), places.inside(Region.path, paths)))
    if not handled:
        raise Forbidden
    return select(Case).join(Region, Region.code == Case.unit_region_code).where(or_(false(), *handled))


def _by_time_left(chosen: Select[Case], cursor: str | None, limit: int) -> Page[Case]:
    """A page ordered by deadline; the cursor is the last deadline and id seen."""
    if cursor:
        due_at, last = _decode(cursor)
        chosen = chosen.where(or_(Case.due_at > due_at, and_(Case.due_at == due_at, Case.id > last)))
    rows = list(session.scalars(chosen.order_by(Case.due_at, Case.id).limit(limit + 1)))
    more = len(rows) > limit
    rows = rows[:limit]
    return Page(rows, _encode(rows[-1]) if more else None)


_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


def _encode(last: Case) -> str:
    assert last.due_at is not None
    moment = (last.due_at - _EPOCH) // _MICROSECOND
    return base64.urlsafe_b64encode(moment.to_bytes(8, "big") + last.id.bytes).decode()


def _decode(cursor: str) -> tuple[datetime, UUID]:
    try:
        raw = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True)
        return _EPOCH + int.from_bytes(raw[:8], "big") * _MICROSECOND, UUID(bytes=raw[8:])
    except (ValueError, OverflowError, binascii.Error):
        raise CursorUnknown(fields={"cursor": ["cursor-unknown"]}) from None
