"""One case as somebody may see it: the reporter all of it but the desk's notes, staff all of it but who reported it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.cases import queries
from app.cases import states as s
from app.cases.models import Case, CaseStep
from app.cases.moving import may, past_resolvers
from app.cases.queries import handles, is_reporter
from app.identity import queries as people
from app.identity.actors import Actor
from app.kernel.db import session
from app.kernel.i18n import say
from app.places import queries as places


@dataclass(frozen=True, slots=True)
class StepView:
    """A step for one reader: `note` only for staff."""

    verb: str
    from_state: str | None
    to_state: str
    at: datetime
    by: str  # reporter, staff or system: never a name
    words: str
    note: str | None
    photo_ids: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class Decided:
    """How the matter of a merged report stands, and what was said of it: nothing of whoever else reported it."""

    state: str
    state_words: str
    at: datetime | None  # None while it is open
    words: str


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case for one reader."""

    case: Case
    mine: bool
    unit: str
    reporter: str | None
    handler: str | None
    steps: Sequence[StepView]
    photo_ids: Sequence[UUID]
    me_toos: int
    can: Sequence[str]
    decided: Decided | None  # of a merged report


def view_of(case: Case, by: Actor, at: datetime) -> CaseView:
    """The case for this reader, with what they can do now. Staff get the reporter's name masked."""
    mine = is_reporter(case, by)
    staff = handles(case, by) and not mine  # of an own report one is told what every reporter is
    photos = queries.photos_of(case)
    return CaseView(
        case=case,
        mine=mine,
        unit=places.full_name(case.unit_region_code),
        reporter=None if mine or case.reporter_id is None else _masked(case.reporter_id),
        handler=_masked(case.handler_id) if staff and case.handler_id else None,
        steps=[_step(case, each, photos.get(each.id, []), staff) for each in queries.steps(case)],
        photo_ids=[each for ids in photos.values() for each in ids],
        me_toos=queries.me_too_count(case.id),
        can=verbs_for(case, by, at),
        decided=_decided(case.duplicate_of) if case.duplicate_of else None,
    )


def verbs_for(case: Case, by: Actor, at: datetime) -> list[str]:
    """What this reader can do with the case now, as the buttons of a page need it."""
    verbs = [verb for verb in case.rules.moves if case.rules.target(verb, case.state) and may(case, verb, by)]
    until = case.reopen_until()
    if is_reporter(case, by):
        verbs = [verb for verb in verbs if s.REPORTER in case.rules.moves[verb].who]
        if until is None or at > until:
            verbs = [verb for verb in verbs if verb != s.REOPEN]
        if s.WITHDRAW in verbs and queries.merged_into(case.id):
            verbs.remove(s.WITHDRAW)
    elif case.answer != s.NOT_SOLVED:
        verbs = [verb for verb in verbs if verb != s.REOPEN]
    if case.reopened and by.person_id in past_resolvers(case.id):
        verbs = [verb for verb in verbs if verb not in (s.ACCEPT, s.START, s.RESOLVE)]
    return [verb for verb in verbs if verb not in (s.ESCALATE, s.CLOSE)]


def received(case: Case) -> str:
    """What the reporter is told at once: the number, and by when somebody looks."""
    return say("case.received", number=case.number, within=say(f"case.within.{case.grade}"))


def stands(state: str) -> str:
    """A state for staff, and whoever waits for a report of somebody else: nobody asks them whether it is done."""
    return say("case.stands.resolved" if state == s.RESOLVED else f"case.state.{state}")


def _decided(case_id: UUID) -> Decided:
    case = session.get_one(Case, case_id)
    answer = queries.answer_of(case)
    return Decided(
        state=case.state,
        state_words=stands(case.state),
        at=answer.at if answer else None,
        words=answer.words if answer else "",
    )


def _masked(person_id: UUID) -> str:
    someone = people.person(person_id)
    return people.masked_of(someone)


def _step(case: Case, step: CaseStep, photo_ids: Sequence[UUID], staff: bool) -> StepView:
    by = "system" if step.actor_id is None else "reporter" if step.actor_id == case.reporter_id else "staff"
    note = step.note if staff else None
    return StepView(step.verb, step.from_state, step.to_state, step.at, by, step.words, note, photo_ids)
