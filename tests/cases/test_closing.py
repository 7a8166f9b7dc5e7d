from __future__ import annotations

from datetime import timedelta

import pytest

from app.cases import closing, deadlines, queries, triage, working
from app.cases import states as s
from app.cases.errors import (
    CaseMovedOn,
    CaseNotFound,
    NeedsAnother,
    NotDisputed,
    PersonalNumbers,
    ReopenTooLate,
)
from app.cases.events import CaseClosed, CaseEvent, CaseOverdue, CaseRated, CaseReopened, CaseResolved
from app.kernel import clock as clock_module
from app.kernel.errors import Forbidden
from app.media import queries as media
from tests import make as city
from tests.cases import make
from tests.cases.make import Town

pytestmark = pytest.mark.usefixtures("unit")


def now():
    return clock_module.now()


def test_a_report_lives_from_first_word_to_answer(town: Town, heard: list[CaseEvent], clock):
    rider, staff = city.actor(town.rider), city.actor(town.dispatcher)
    case = make.report(town.rider, photo_ids=[make.photo(town.rider)])
    clock.advance(minutes=30)
    triage.accept(case_id=case.id, grade="urgent", by=staff, at=now())
    clock.advance(hours=1)
    working.start(case_id=case.id, words="师傅已出发", by=staff, at=now())
    clock.advance(hours=2)
    after = make.photo(town.dispatcher, width=80)
    working.resolve(case_id=case.id, note="补好了。", photo_ids=[after], by=staff, at=now())
    clock.advance(hours=3)
    closing.rate(case_id=case.id, answer=s.SOLVED, stars=5, by=rider, at=now())

    assert (case.state, case.answer, case.stars, case.closed_at) == (s.CLOSED, s.SOLVED, 5, now())
    assert [each.verb for each in queries.steps(case)] == [s.SUBMIT, s.ACCEPT, s.START, s.RESOLVE, s.CONFIRM]
    assert [type(each).__name__ for each in heard] == [
        "CaseReported",
        "CaseAccepted",
        "CaseResolved",
        "CaseRated",
        "CaseClosed",
    ]
    assert isinstance(heard[2], CaseResolved)
    assert media.photo_for(rider, after)  # the reporter sees how it looks now


@pytest.mark.parametrize("answer", [s.NOT_SOLVED, s.UNSURE])
def test_no_and_unsure_close_nothing(town: Town, heard: list[CaseEvent], answer: str):
    case = make.report_in(s.RESOLVED, town)

    closing.rate(case_id=case.id, answer=answer, by=city.actor(town.rider), at=now())

    assert (case.state, case.answer, case.closed_at) == (s.RESOLVED, answer, None)
    assert isinstance(heard[-1], CaseRated)


def test_unsure_may_become_solved(town: Town):
    case = make.report_in(s.RESOLVED, town)
    make.bring(case, town, s.ANSWER, s.CONFIRM)

    assert case.state == s.CLOSED


def test_a_double_tap_is_one_answer(town: Town, heard: list[CaseEvent]):
    case = make.report_in(s.RESOLVED, town)
    for _ in range(2):
        closing.rate(case_id=case.id, answer=s.SOLVED, stars=4, by=city.actor(town.rider), at=now())

    assert [type(each) for each in heard[-2:]] == [CaseRated, CaseClosed]
    assert len(queries.steps(case)) == 4


def test_only_the_reporter_answers(town: Town):
    case = make.report_in(s.RESOLVED, town)

    with pytest.raises(Forbidden):
        closing.rate(case_id=case.id, answer=s.SOLVED, by=city.actor(town.dispatcher), at=now())
    with pytest.raises(CaseNotFound):
        closing.rate(case_id=case.id, answer=s.SOLVED, by=city.actor(town.other), at=now())


@pytest.mark.parametrize("state", [s.RESOLVED, s.CLOSED])
def test_reopening_brings_it_back_to_the_desk(town: Town, heard: list[CaseEvent], state: str):
    case = make.report_in(state, town)

    closing.reopen(
        case_id=case.id,
        reason="还在",
        photo_ids=[make.photo(town.rider)],
        by=city.actor(town.rider),
        at=now(),
    )

    assert (case.state, case.handler_id, case.answer, case.resolve_by) == (s.REOPENED, None, None, None)
    assert case.due_at == case.accept_by == now() + timedelta(hours=24)
    assert (case.reopened, queries.steps(case)[-1].words) == (1, "还在")
    assert isinstance(heard[-1], CaseReopened)


def test_a_reopened_case_has_as_long_to_be_accepted_as_a_new_one(town: Town, clock):
    case = make.report_in(s.RESOLVED, town)
    clock.advance(days=3)

    make.bring(case, town, s.REOPEN)

    assert case.due_at == case.accept_by == now() + timedelta(hours=24)
    assert not case.is_overdue(now())


def test_what_was_said_of_work_that_did_not_hold_is_not_said_of_what_comes_after_it(town: Town):
    case = make.report_in(s.RESOLVED, town)
    closing.rate(case_id=case.id, answer=s.NOT_SOLVED, stars=1, by=city.actor(town.rider), at=now())
    make.bring(case, town, s.REOPEN)
    assert (case.answer, case.stars) == (None, None)


def test_to_repeat_what_the_reporter_said_is_nobody_elses(town: Town):
    case = make.report_in(s.RESOLVED, town)
    closing.rate(case_id=case.id, answer=s.UNSURE, by=city.actor(town.rider), at=now())
    with pytest.raises(Forbidden):
        closing.rate(case_id=case.id, answer=s.UNSURE, by=city.actor(town.dispatcher), at=now())


def test_whoever_resolved_it_does_not_get_it_again(town: Town):
    case = make.report_in(s.REOPENED, town)

    with pytest.raises(NeedsAnother):
        triage.accept(case_id=case.id, by=city.actor(town.dispatcher), at=now())
    triage.accept(case_id=case.id, by=city.actor(town.colleague), at=now())
    with pytest.raises(NeedsAnother):  # nor by beginning with what a colleague has accepted
        working.start(case_id=case.id, by=city.actor(town.dispatcher), at=now())
    with pytest.raises(NeedsAnother):
        working.resolve(case_id=case.id, note="好了", by=city.actor(town.dispatcher), at=now())
    working.resolve(case_id=case.id, note="这回真好了", by=city.actor(town.colleague), at=now())

    assert case.state == s.RESOLVED
    assert case.resolve_by == now() + timedelta(days=7)


def test_it_is_reopened_within_seven_days(town: Town, clock):
    case = make.report_in(s.RESOLVED, town)
    clock.advance(days=7, seconds=1)

    with pytest.raises(ReopenTooLate):
        closing.reopen(case_id=case.id, reason="还在", by=city.actor(town.rider), at=now())
    clock.advance(seconds=-1)
    assert (
        closing.reopen(case_id=case.id, reason="还在", by=city.actor(town.rider), at=now()).state
        == s.REOPENED
    )


def test_staff_reopen_only_what_the_reporter_disputes(town: Town):
    case = make.report_in(s.RESOLVED, town)
    by = city.actor(town.colleague)

    with pytest.raises(NotDisputed):
        closing.reopen(case_id=case.id, reason="再看", by=by, at=now())
    closing.rate(case_id=case.id, answer=s.NOT_SOLVED, by=city.actor(town.rider), at=now())

    assert closing.reopen(case_id=case.id, reason="再看", by=by, at=now()).state == s.REOPENED


@pytest.mark.once
def test_staff_take_up_what_is_disputed_however_late(town: Town, clock):
    case = make.report_in(s.RESOLVED, town)
    closing.rate(case_id=case.id, answer=s.NOT_SOLVED, by=city.actor(town.rider), at=now())
    clock.advance(days=8)

    closing.reopen(case_id=case.id, reason="再看", by=city.actor(town.colleague), at=now())

    assert case.state == s.REOPENED


@pytest.mark.once
def test_each_reopening_is_counted(town: Town):
    case = make.bring(make.report_in(s.REOPENED, town), town, s.ACCEPT, s.RESOLVE, s.REOPEN)

    assert case.reopened == 2


def test_a_report_is_withdrawn_while_nobody_has_it(town: Town):
    case = make.report_in(s.WITHDRAWN, town)
    assert case.due_at is None

    with pytest.raises(CaseMovedOn):
        closing.withdraw(case_id=make.report_in(s.ACCEPTED, town).id, by=city.actor(town.rider), at=now())


# --- what time does ------------------------------------------------------------------------------------------------


def test_a_missed_deadline_escalates_once(town: Town, heard: list[CaseEvent], clock):
    case = make.report(town.rider)
    clock.advance(hours=24)
    assert deadlines.overdue(now()) == []
    clock.advance(seconds=1)

    assert [each.id for each in deadlines.overdue(now())] == [case.id]
    assert (deadlines.escalate_due(at=now()), deadlines.escalate_due(at=now())) == (1, 0)
    assert (case.state, case.escalated_at) == (s.SUBMITTED, now())
    assert [each.verb for each in queries.steps(case)] == [s.SUBMIT, s.ESCALATE]
    assert type(heard[-1]).__name__ == "CaseOverdue"


@pytest.mark.once
def test_the_longest_overdue_comes_first(town: Town, clock):
    normal, urgent = (make.report(town.rider, category=each).id for each in ("pothole", "manhole"))
    clock.advance(days=2)

    assert [each.id for each in deadlines.overdue(now())] == [urgent, normal]


def test_a_new_deadline_can_be_missed_anew(town: Town, clock):
    case = make.report(town.rider)
    clock.advance(hours=25)
    deadlines.escalate_due(at=now())
    make.bring(case, town, s.ACCEPT)
    assert case.escalated_at is None
    clock.advance(days=7, seconds=1)

    assert deadlines.escalate_due(at=now()) == 1


def test_a_colleague_who_is_quicker_than_the_job_wins(town: Town, clock, monkeypatch: pytest.MonkeyPatch):
    make.report(town.rider)
    clock.advance(hours=25)

    def moved_on(case, *_args, **_more):
        raise case.moved_on()

    monkeypatch.setattr(deadlines, "move", moved_on)

    assert deadlines.escalate_due(at=now()) == 0


def test_what_nobody_disputes_closes_after_seven_days_with_a_step(town: Town, heard: list[CaseEvent], clock):
    silent = make.report_in(s.RESOLVED, town)
    unsure = make.bring(make.report_in(s.RESOLVED, town), town, s.ANSWER)
    disputed = make.report_in(s.RESOLVED, town)
    closing.rate(case_id=disputed.id, answer=s.NOT_SOLVED, by=city.actor(town.rider), at=now())
    clock.advance(days=7)
    assert deadlines.close_unanswered(at=now()) == 0
    clock.advance(seconds=1)

    assert deadlines.close_unanswered(at=now()) == 2
    assert [silent.state, unsure.state, disputed.state] == [s.CLOSED, s.CLOSED, s.RESOLVED]
    step = queries.steps(silent)[-1]
    assert (step.verb, step.actor_id) == (s.CLOSE, None)
    assert isinstance(heard[-1], CaseClosed)


@pytest.mark.once
def test_whatever_is_told_of_a_case_says_of_which_and_when(town: Town, heard: list[CaseEvent], clock):
    """Points, messages and honours hang on these facts, and on the moment: which rules were in force."""
    ways = (
        [s.ACCEPT, s.HAND_BACK, s.ACCEPT, s.RESOLVE, s.CONFIRM, s.REOPEN],
        [s.REJECT],
        [s.MERGE],
        [s.WITHDRAW],
    )
    for way in ways:
        case = make.report(town.rider, category="manhole")
        for verb in (None, *way):
            if verb is not None:
                clock.advance(minutes=1)
                make.use(verb, case, town)
            assert {each.at for each in heard} == {now()}
            told = [each for each in heard if each.reporter_id == town.rider.id]
            assert told
            assert {(each.case_id, each.kind, each.category) for each in told} == {
                (case.id, "report", "manhole")
            }
            assert {(each.grade, each.region_code) for each in told} == {("urgent", city.COMMUNITY)}
            heard.clear()


@pytest.mark.once
def test_what_time_does_to_a_case_is_told_with_the_moment_it_did_it(
    town: Town, heard: list[CaseEvent], clock
):
    late = make.report_in(s.ACCEPTED, town)
    done = make.report_in(s.RESOLVED, town)
    due_at = late.due_at
    heard.clear()
    clock.advance(days=8)
    deadlines.escalate_due(at=now())
    deadlines.close_unanswered(at=now())

    missed, closed = heard
    assert (missed.case_id, missed.at, closed.case_id, closed.at) == (late.id, now(), done.id, now())
    assert isinstance(missed, CaseOverdue)
    assert (missed.unit_region_code, missed.handler_id) == (city.MEIYUAN, town.dispatcher.id)
    assert (missed.due_at, done.closed_at) == (due_at, now())


@pytest.mark.parametrize(
    "state, field, say",
    [
        (
            s.SUBMITTED,
            "reason",
            lambda told, case, rider, staff: closing.withdraw(reason=told, by=rider, **case),
        ),
        (
            s.SUBMITTED,
            "reason",
            lambda told, case, rider, staff: triage.reject(reason=told, by=staff, **case),
        ),
        (s.ACCEPTED, "words", lambda told, case, rider, staff: working.start(words=told, by=staff, **case)),
        (
            s.IN_PROGRESS,
            "note",
            lambda told, case, rider, staff: working.resolve(note=told, by=staff, **case),
        ),
        (
            s.RESOLVED,
            "reason",
            lambda told, case, rider, staff: closing.reopen(reason=told, by=rider, **case),
        ),
    ],
    ids=["withdraw", "reject", "start", "resolve", "reopen"],
)
def test_what_is_said_on_the_way_holds_no_number_of_a_person_either(town: Town, state: str, field: str, say):
    found = make.report_in(state, town)
    case = {"case_id": found.id, "at": now()}
    rider, staff = city.actor(town.rider), city.actor(town.dispatcher)

    with pytest.raises(PersonalNumbers) as refusal:
        say("没修，打 139 - 1234 - 1204", case, rider, staff)

    assert list(refusal.value.fields) == [field]
    assert found.state == state
    say("没修，2026-11-24 又看到", case, rider, staff)
    assert found.state != state


def test_who_has_a_grievance_may_say_whom_to_call(town: Town):
    case = make.appeal(town)

    closing.withdraw(case_id=case.id, reason="打 13912341204 谈好了", by=city.actor(town.rider), at=now())

    assert case.state == s.WITHDRAWN
