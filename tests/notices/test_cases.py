"""Who hears of a case at the turns that others give it: merged and then rejected, late, reopened by staff."""

from __future__ import annotations

import pytest
from flask import Flask

from app.cases import closing, deadlines, triage
from app.cases import states as s
from app.identity.models import Person
from app.kernel import clock
from app.kernel.db import transaction
from app.notices import queries
from app.notices.telling import text_of
from app.web.rider.leading import page_of
from tests import make as city
from tests.cases import make as cases
from tests.cases.make import Town


@pytest.fixture
def town(app: Flask) -> Town:
    with transaction():
        return cases.town()


def told(someone: Person) -> list[tuple[str, str]]:
    with transaction(write=False):
        inbox = [each for each in reversed(queries.inbox(someone.id).items) if each.slug.startswith("case-")]
        return [(each.slug, text_of(each, "zh")) for each in inbox]


def by(person: Person) -> dict:
    return {"by": city.actor(person), "at": clock.now()}


def test_a_rejection_answers_those_as_well_whose_reports_were_merged_into_it(town: Town):
    with transaction():
        double, main = cases.report(town.rider), cases.report(town.other)
        triage.merge(case_id=double.id, into_id=main.id, **by(town.dispatcher))
        triage.reject(case_id=main.id, reason="不归市政管。", **by(town.dispatcher))
    assert [slug for slug, _ in told(town.rider)] == ["case-merged", "case-rejected"]
    assert told(town.rider)[1] == told(town.other)[-1]
    assert "不归市政管" in told(town.rider)[1][1]


def test_a_missed_deadline_is_told_to_the_reporter_and_to_all_who_may_see_to_it(town: Town, clock):
    with transaction():
        case = cases.report_in(s.ACCEPTED, town)
    clock.advance(days=8)
    for _ in range(2):  # once
        with transaction():
            deadlines.escalate_due(at=clock())
    assert told(town.rider)[-1] == (
        "case-overdue",
        f"{case.number} 超过了答应你的时间，已上报催办。对不住，办好了告诉你。",
    )
    late = [("case-late", f"{case.number} 超过时限了，请尽快处理。")]
    assert [told(each) for each in (town.dispatcher, town.colleague, town.department)] == [late] * 3
    assert told(town.elsewhere) == told(town.mediator) == []
    with transaction(write=False):
        (notice,) = queries.inbox(town.dispatcher.id).items
        assert page_of(notice) == f"/grid/{case.id}"


def test_of_a_grievance_that_is_late_only_its_handlers_hear_and_a_locked_phone_shows_nothing(
    town: Town, clock
):
    with transaction():
        case = cases.appeal(town)
    clock.advance(days=40)
    with transaction():
        deadlines.escalate_due(at=clock())
    assert told(town.rider) == [("case-moved", f"{case.number} 有新进展，点开看看。")]
    assert [slug for slug, _ in told(town.mediator)] == ["case-late"]
    assert told(town.dispatcher) == told(town.manager) == []


def test_whoever_said_not_solved_hears_when_staff_reopen_it_but_not_of_what_they_did_themselves(town: Town):
    with transaction():
        theirs = cases.report_in(s.RESOLVED, town)
        closing.rate(case_id=theirs.id, answer=s.NOT_SOLVED, **by(town.rider))
        closing.reopen(case_id=theirs.id, reason="换个人再去看看。", **by(town.colleague))
    assert told(town.rider)[-1] == (
        "case-reopened",
        f"{theirs.number} 退回重办，换一位同事去看：换个人再去看看。",
    )
    with transaction():
        own = cases.report_in(s.RESOLVED, town)
        closing.reopen(case_id=own.id, reason="还是坏的。", **by(town.rider))
    assert [slug for slug, text in told(town.rider) if own.number in text] == [
        "case-accepted",
        "case-resolved",
    ]
