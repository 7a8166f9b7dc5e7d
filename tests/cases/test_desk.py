from __future__ import annotations

import base64
from datetime import timedelta

import pytest

from app.cases import closing, deadlines, queries, triage
from app.cases import states as s
from app.cases.viewing import verbs_for, view_of
from app.kernel import clock as clock_module
from app.kernel.paging import CursorUnknown
from tests import make as city
from tests.cases import make
from tests.cases.make import Town

pytestmark = pytest.mark.usefixtures("unit")


def desk(someone, **filters):
    return [each.id for each in queries.to_do(city.actor(someone), at=clock_module.now(), **filters).items]


def test_least_time_left_comes_first(town: Town):
    minor, urgent, normal = (
        make.report(town.rider, category=each).id for each in ("rubbish", "manhole", "pothole")
    )

    assert desk(town.dispatcher) == [urgent, normal, minor]


def test_it_shows_ones_own_scope_only(town: Town):
    make.report(town.rider)

    assert desk(town.elsewhere) == []
    assert len(desk(town.colleague)) == len(desk(town.department)) == 1


def test_it_shows_what_is_open_unless_asked_otherwise(town: Town):
    waiting, rejected = make.report(town.rider), make.report_in(s.REJECTED, town)
    accepted = make.report_in(s.ACCEPTED, town)

    assert set(desk(town.dispatcher)) == {waiting.id, accepted.id}
    assert desk(town.dispatcher, state=s.ACCEPTED) == [accepted.id]
    assert desk(town.dispatcher, state=s.REJECTED) == [rejected.id]
    assert desk(town.dispatcher, number=waiting.number.lower()) == [waiting.id]
    assert desk(town.dispatcher, kind="suggestion") == []


def test_it_finds_what_is_overdue_and_what_is_disputed(town: Town, clock):
    disputed = make.report_in(s.RESOLVED, town)
    closing.rate(case_id=disputed.id, answer=s.NOT_SOLVED, by=city.actor(town.rider), at=clock.at)
    late = make.report(town.rider, category="manhole")
    make.report_in(s.ACCEPTED, town)
    clock.advance(hours=2, seconds=1)

    assert desk(town.dispatcher, overdue=True) == [late.id]
    assert desk(town.dispatcher, disputed=True) == [disputed.id]
    counts = queries.counts(city.actor(town.dispatcher), at=clock.at)
    assert (counts.waiting, counts.working, counts.overdue, counts.disputed) == (1, 1, 1, 1)


def test_pages_follow_each_other_without_gap_or_double(town: Town, clock):
    made = set()
    for number in range(7):
        made.add(make.report(town.rider).id)
        if number % 3 == 0:
            clock.advance(seconds=1)  # some share a deadline
    seen, cursor = [], None
    while True:
        page = queries.to_do(city.actor(town.dispatcher), at=clock.at, cursor=cursor, limit=2)
        seen += [each.id for each in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break

    assert len(seen) == 7
    assert set(seen) == made


def test_a_case_is_close_in_the_last_fifth_of_the_time_that_runs_now(town: Town, clock):
    case = make.report(town.rider)
    clock.advance(hours=20)
    assert case.is_close(case.due_at - timedelta(hours=4))  # of 24
    assert not case.is_close(case.due_at - timedelta(hours=5))

    make.bring(case, town, s.ACCEPT)

    assert case.is_close(case.due_at - timedelta(hours=33))  # of seven days, which began with the acceptance
    assert not case.is_close(case.due_at - timedelta(hours=34))


@pytest.mark.parametrize(
    "cursor", ["x", "ä", "A" * 32, base64.urlsafe_b64encode(b"\xff" * 24).decode(), "AAAA"]
)
def test_a_made_up_cursor_is_refused_or_ends_the_list(town: Town, cursor: str):
    try:
        page = queries.to_do(city.actor(town.dispatcher), at=clock_module.now(), cursor=cursor)
    except CursorUnknown:
        return
    assert page.items == []


def test_the_reporter_sees_words_and_no_notes(town: Town):
    case = make.bring(make.report_in(s.ACCEPTED, town), town, s.HAND_BACK)
    mine = view_of(case, city.actor(town.rider), clock_module.now())

    assert mine.mine
    assert mine.unit == "玄武区梅园新村街道"
    assert [each.note for each in mine.steps] == [None, None, None]
    assert [each.by for each in mine.steps] == ["reporter", "staff", "staff"]
    assert (mine.handler, mine.reporter) == (None, None)


@pytest.mark.once
def test_of_an_own_report_a_dispatcher_sees_what_every_reporter_sees(town: Town):
    case = make.report(town.colleague)
    for verb in (s.ACCEPT, s.HAND_BACK, s.ACCEPT):
        make.use(verb, case, town)
    own = view_of(case, city.actor(town.colleague), clock_module.now())

    assert (own.mine, own.handler, {each.note for each in own.steps}) == (True, None, {None})
    desk_of_another = view_of(case, city.actor(town.dispatcher), clock_module.now())
    assert (desk_of_another.handler, desk_of_another.steps[2].note) == ("陈*调", "不归我们管")


@pytest.mark.once
def test_a_missed_deadline_is_told_as_nobodys_step(town: Town, clock):
    case = make.report(town.rider)
    deadlines.escalate_due(at=clock.advance(days=2))

    for reader in (town.rider, town.dispatcher):
        steps = view_of(case, city.actor(reader), clock.at).steps
        assert [each.by for each in steps] == ["reporter", "system"]


def test_staff_see_a_masked_reporter(town: Town):
    case = make.report_in(s.ACCEPTED, town)
    theirs = view_of(case, city.actor(town.dispatcher), clock_module.now())

    assert theirs.reporter == "王*明"
    assert theirs.handler == "陈*调"
    assert not theirs.mine


def test_buttons_are_what_one_can_do_now(town: Town, clock):
    rider, dispatcher, colleague = (
        city.actor(each) for each in (town.rider, town.dispatcher, town.colleague)
    )
    case = make.report(town.rider)
    assert verbs_for(case, rider, clock.at) == [s.WITHDRAW]
    assert verbs_for(case, dispatcher, clock.at) == [s.ACCEPT, s.REJECT, s.REASSIGN, s.MERGE]

    triage.accept(case_id=case.id, by=dispatcher, at=clock.at)
    assert verbs_for(case, dispatcher, clock.at) == [s.REASSIGN, s.START, s.RESOLVE, s.HAND_BACK]
    assert verbs_for(case, rider, clock.at) == []

    make.bring(case, town, s.RESOLVE)
    assert verbs_for(case, rider, clock.at) == [s.CONFIRM, s.ANSWER, s.REOPEN]
    week = clock.at + timedelta(days=7)  # to its end, as long as the move itself is taken
    assert verbs_for(case, rider, week) == [s.CONFIRM, s.ANSWER, s.REOPEN]
    assert verbs_for(case, rider, week + timedelta(microseconds=1)) == [s.CONFIRM, s.ANSWER]
    assert verbs_for(case, dispatcher, clock.at) == []

    make.bring(case, town, s.REOPEN)
    assert s.ACCEPT in verbs_for(case, colleague, clock.at)
    assert s.ACCEPT not in verbs_for(case, dispatcher, clock.at)
