"""Who hears of a case: its reporter at each turn others give it, whoever waits for the same answer, and who is late."""

from __future__ import annotations

from collections.abc import Iterable
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


def on_case_accepted(event: CaseAccepted) -> None:
    """Somebody is on it."""
    _tell_reporter(event, "case-accepted")


def on_case_resolved(event: CaseResolved) -> None:
    """It is done; whoever followed it hears too."""
    _tell_reporter(event, "case-resolved", and_followers=True)


def on_case_rejected(event: CaseRejected) -> None:
    """It was not adopted, and why; that answers those as well whose reports were merged into it."""
    _tell_reporter(event, "case-rejected", and_followers=True)


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
    staff = [event.handler_id, *(each.id for each in may)]
    _tell(
        case, last, "case-late", [each for each in staff if each != case.reporter_id], "case-at-desk", event
    )


def _tell_reporter(event: CaseEvent, slug: str, *, and_followers: bool = False) -> None:
    case, last = _case_and_last_step(event)
    if case.rules.private:  # a locked phone may show the inbox: not a word of what a grievance is about
        slug = "case-moved"
    _tell(
        case,
        last,
        slug,
        [event.reporter_id, *(cases.followers(case.id) if and_followers else ())],
        "case",
        event,
    )


def _tell(
    case: Case, last: CaseStep, slug: str, readers: Iterable[UUID | None], about: str, event: CaseEvent
) -> None:
    facts = {"number": case.number}
    if not case.rules.private:
        facts["reason"] = last.words
    for person_id in dict.fromkeys(readers):
        tell(
            person_id=person_id,
            slug=slug,
            source=f"case:{case.id}:{last.seq}",
            facts=facts,
            about=About(about, case.id),
            at=event.at,
        )


def _case_and_last_step(event: CaseEvent) -> tuple[Case, CaseStep]:
    case = session.get_one(Case, event.case_id)
    return case, cases.steps(case)[-1]
