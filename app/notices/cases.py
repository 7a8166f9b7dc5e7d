"""Who hears of a case: its reporter at each turn others give it, whoever waits for the same answer, and who is late."""

from __future__ import annotations

from uuid import UUID

from app.cases import queries as cases
from app.cases.events import (
    CaseAccepted,
    CaseEvent,
    CaseMerged,
    CaseOverdue,
    CaseRejected,
    CaseReopened,
    CaseResolved,
)
from app.cases.models import Case, CaseStep
from app.identity import queries as people
from app.kernel.db import session
from app.notices.telling import About, tell
from app.places import queries as places

MOVED = "case-moved"  # that there is news, and not a word of what it is
REJECTED = {"report": "case-rejected", "suggestion": "idea-rejected", "points_query": "question-rejected"}


def on_case_accepted(event: CaseAccepted) -> None:
    """Somebody is on it."""
    _tell_reporter(event, "case-accepted")


def on_case_resolved(event: CaseResolved) -> None:
    """It is done; whoever waits for the same answer hears too."""
    _tell_reporter(event, "case-resolved")
    _tell_those_who_wait(event, "resolved")


def on_case_rejected(event: CaseRejected) -> None:
    """It was not adopted, and why; that answers those as well whose reports were merged into it."""
    _tell_reporter(event, REJECTED.get(event.kind, MOVED))
    _tell_those_who_wait(event, "rejected")


def on_case_merged(event: CaseMerged) -> None:
    """It goes on in another case."""
    _tell_reporter(event, "case-merged")


def on_case_reopened(event: CaseReopened) -> None:
    """Staff went back to it after its reporter said that it is not solved."""
    case, last = _case_and_last_step(event)
    if last.actor_id != case.reporter_id:
        _tell_reporter(event, "case-reopened")


def on_case_overdue(event: CaseOverdue) -> None:
    """A promise was missed: the reporter is told so, and so are its handler and everybody who may see to it."""
    case, last = _case_and_last_step(event)
    _tell_reporter(event, "case-overdue")
    region = places.region_path(event.unit_region_code)
    may = people.holders_of(case.rules.triage, region)
    staff = dict.fromkeys([event.handler_id, *(each.id for each in may)])
    for person_id in staff:
        if person_id != case.reporter_id:
            _tell(person_id, "case-late", case, "case-at-desk", last, event)


def _tell_reporter(event: CaseEvent, slug: str) -> None:
    case, last = _case_and_last_step(event)
    if case.rules.private:  # a locked phone may show the inbox: not a word of what a grievance is about
        slug = MOVED
    _tell(event.reporter_id, slug, case, "case", last, event)


def _tell_those_who_wait(event: CaseEvent, outcome: str) -> None:
    """Each by the number they know, leading to a page they may open: a report is for its own reporter only.

    Whoever was merged has their own report; whoever said "me too" has a list. Nobody hears of one matter twice.
    """
    case, last = _case_and_last_step(event)
    reporters = {case.reporter_id}
    for own in cases.merged_into(case.id):
        if own.reporter_id != case.reporter_id:
            _tell(own.reporter_id, f"case-merged-{outcome}", own, "case", last, event)
            reporters.add(own.reporter_id)
    for person_id, seen in cases.seconded(case.id).items():
        if person_id not in reporters:
            _tell(person_id, f"case-followed-{outcome}", seen, "followed", last, event)


def _tell(
    person_id: UUID | None, slug: str, told_of: Case, about: str, last: CaseStep, event: CaseEvent
) -> None:
    facts = {"number": told_of.number}
    if not told_of.rules.private:
        facts["reason"] = last.words
    tell(
        person_id=person_id,
        slug=slug,
        source=f"case:{last.case_id}:{last.seq}:{told_of.id}",
        facts=facts,
        about=About(about, told_of.id),
        at=event.at,
    )


def _case_and_last_step(event: CaseEvent) -> tuple[Case, CaseStep]:
    case = session.get_one(Case, event.case_id)
    return case, cases.steps(case)[-1]
