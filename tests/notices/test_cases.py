"""Who hears of a case at the turns that others give it: merged and then rejected, late, reopened by staff."""

from __future__ import annotations

import pytest
from flask import Flask

from app.cases import asking, closing, deadlines, reporting, triage, working
from app.cases import states as s
from app.cases.kinds import KINDS
from app.cases.models import Case
from app.identity.models import Person
from app.kernel import clock
from app.kernel.db import transaction
from app.notices import queries
from app.notices.cases import REJECTED
from app.notices.models import Notice
from app.notices.telling import text_of
from app.web.rider.leading import page_of
from tests import make as city
from tests.cases import make as cases
from tests.cases.make import Town

SLUGS = ("case-", "idea-", "question-")


@pytest.fixture
def town(app: Flask) -> Town:
    with transaction():
        return cases.town()


def told(someone: Person) -> list[tuple[str, str]]:
    with transaction(write=False):
        inbox = [each for each in reversed(queries.inbox(someone.id).items) if each.slug.startswith(SLUGS)]
        return [(each.slug, text_of(each, "zh")) for each in inbox]


def by(person: Person) -> dict:
    return {"by": city.actor(person), "at": clock.now()}


def last_of(someone: Person) -> Notice:
    with transaction(write=False):
        return queries.inbox(someone.id).items[0]


@pytest.fixture
def seconder(town: Town) -> Person:
    with transaction():
        return city.rider("张师傅")


def two_of_one_thing(town: Town, seconder: Person) -> tuple[Case, Case]:
    """A report that was merged into another one, which somebody seconded and somebody took on."""
    with transaction():
        double, main = cases.report(town.rider), cases.report(town.other)
        reporting.me_too(case_id=main.id, **by(seconder))
        triage.merge(case_id=double.id, into_id=main.id, **by(town.dispatcher))
        triage.accept(case_id=main.id, **by(town.dispatcher))
    return double, main


def opened(app: Flask, someone: Person) -> tuple[int, str]:
    """What the last notice of somebody leads to."""
    answer = city.signed_in(app, someone).get(page_of(last_of(someone)))
    return answer.status_code, answer.text


def test_a_rejection_answers_those_as_well_whose_reports_were_merged_into_it(town: Town):
    with transaction():
        double, main = cases.report(town.rider), cases.report(town.other)
        triage.merge(case_id=double.id, into_id=main.id, **by(town.dispatcher))
        triage.reject(case_id=main.id, reason="不归市政管。", **by(town.dispatcher))
    assert [slug for slug, _ in told(town.rider)] == ["case-merged", "case-merged-rejected"]
    assert told(town.rider)[1][1] == f"{double.number} 和别人报的那件事没采纳。原因：不归市政管。"


def test_whoever_was_merged_hears_of_their_own_report_and_can_open_it(
    app: Flask, town: Town, seconder: Person
):
    double, main = two_of_one_thing(town, seconder)
    with transaction():
        working.resolve(case_id=main.id, note="坑填平了。", **by(town.dispatcher))
    slug, text = told(town.rider)[-1]
    assert slug == "case-merged-resolved"
    assert text == f"{double.number} 和别人报的那件事办好了；还没好的话，可以再报一次。处理说明：坑填平了。"
    assert "reopen" not in text_of(last_of(town.rider), "en")
    assert page_of(last_of(town.rider)) == f"/reports/{double.id}"
    status, page = opened(app, town.rider)
    assert (status, "坑填平了。" in page) == (200, True)


def test_whoever_said_me_too_is_promised_nothing_they_cannot_do_and_can_open_where_it_leads(
    app: Flask, town: Town, seconder: Person
):
    _, main = two_of_one_thing(town, seconder)
    with transaction():
        working.resolve(case_id=main.id, note="坑填平了。", **by(town.dispatcher))
    text = f"你一起催的 {main.number} 办好了。处理说明：坑填平了。"
    assert told(seconder) == [("case-followed-resolved", text)]
    assert "reopen" not in text_of(last_of(seconder), "en")
    assert page_of(last_of(seconder)) == "/reports#followed"
    status, page = opened(app, seconder)
    assert (status, 'id="followed"' in page, main.number in page) == (200, True, True)
    assert "请你看看" not in page
    (followed,) = city.signed_in(app, seconder).get("/api/v1/reports/followed").json["items"]
    assert (followed["number"], followed["state_words"]) == (main.number, "已办结")


def test_me_too_is_answered_by_the_number_it_was_said_to_also_after_a_merge(town: Town, seconder: Person):
    with transaction():
        double, main = cases.report(town.rider), cases.report(town.other)
        reporting.me_too(case_id=double.id, **by(seconder))
        triage.merge(case_id=double.id, into_id=main.id, **by(town.dispatcher))
        triage.reject(case_id=main.id, reason="不归市政管。", **by(town.dispatcher))
    text = f"你一起催的 {double.number} 没采纳。原因：不归市政管。"
    assert told(seconder) == [("case-followed-rejected", text)]


def test_nobody_hears_twice_of_one_matter_however_often_they_told_of_it(town: Town, seconder: Person):
    with transaction():
        first, second, main = cases.report(town.rider), cases.report(seconder), cases.report(town.rider)
        reporting.me_too(case_id=second.id, **by(town.rider))
        reporting.me_too(case_id=first.id, **by(seconder))
        for each in (first, second):
            triage.merge(case_id=each.id, into_id=main.id, **by(town.dispatcher))
        triage.reject(case_id=main.id, reason="不归市政管。", **by(town.dispatcher))
    assert [slug for slug, _ in told(town.rider)] == ["case-merged", "case-rejected"]
    assert main.number in told(town.rider)[-1][1]
    assert [slug for slug, _ in told(seconder)] == ["case-merged", "case-merged-rejected"]
    assert second.number in told(seconder)[-1][1]


def test_what_was_no_report_is_not_answered_with_words_about_photos(town: Town):
    with transaction():
        idea = asking.suggest(words="多放一台微波炉", by=city.actor(town.rider), at=clock.now())
        question = asking.open_points_query(words="昨天的没到", by=city.actor(town.rider), at=clock.now())
        triage.reject(case_id=idea.id, reason="放不下。", **by(town.dispatcher))
        triage.reject(case_id=question.id, reason="没签到。", **by(town.dispatcher))
    with transaction(write=False):
        assert not any("photo" in text_of(each, "en") for each in queries.inbox(town.rider.id).items)
    assert told(town.rider) == [
        ("idea-rejected", f"{idea.number} 你的建议看过了，这次没采纳。原因：放不下。"),
        (
            "question-rejected",
            f"{question.number} 你的积分疑问看过了，没采纳；还不明白可以再问。原因：没签到。",
        ),
    ]


def test_a_refusal_of_every_kind_that_may_be_named_has_words_of_its_own():
    assert set(REJECTED) == {kind.name for kind in KINDS.values() if not kind.private}


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
