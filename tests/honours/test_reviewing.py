"""Review, notice and the final roll: a second person, reasons, working days, steps that only go forward."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.audit.models import AuditRecord
from app.honours import queries
from app.honours.announcing import (
    after_working_days,
    end_notice,
    finalise,
    is_working_day,
    open_notice,
    revoke,
)
from app.honours.errors import (
    BlindRoundRunning,
    MarkTooLow,
    NobodyChosen,
    NoticeNotEnded,
    NoticeRunning,
    OwnCandidacy,
    SecondReviewerNeeded,
    SelectionMovedOn,
    SelectionNotFound,
    TooManyChosen,
)
from app.honours.events import CandidatesChosen, HonoursGranted
from app.honours.models import Candidate, Selection
from app.honours.reviewing import decide, sign
from app.honours.standing import my_standing
from app.identity.actors import SYSTEM
from app.identity.appointing import appoint
from app.kernel import clock
from app.kernel.db import session, transaction
from app.kernel.errors import Forbidden
from tests import make as city
from tests.honours import make
from tests.volunteering.make import listening


def _first(selection, by):
    with transaction(write=False):
        return queries.candidates(selection.id, by)[0].id


def _decide(selection, candidate_id, by, decision="out", reason="近期有交通违法未处理"):
    with transaction():
        return decide(
            selection_id=selection.id,
            candidate_id=candidate_id,
            decision=decision,
            reason=reason,
            by=by,
            at=clock.now(),
        )


def _sign(selection, by):
    with transaction():
        return sign(selection_id=selection.id, by=by, at=clock.now())


def test_a_removal_keeps_its_reason_its_author_and_a_trace(app):
    here = make.setting(300, 200)
    selection = make.frozen(here)
    decided = _decide(selection, _first(selection, here.reviewer), here.reviewer)
    assert (decided.decision, decided.decided_by, decided.reason) == (
        "out",
        here.reviewer.id,
        "近期有交通违法未处理",
    )
    with transaction(write=False):
        trace = session.scalars(sa.select(AuditRecord).where(AuditRecord.action == "candidate.decided")).one()
        assert (trace.facts["before"], trace.facts["after"]) == ("in", "out")
        assert trace.facts["reason"] == "近期有交通违法未处理"


@pytest.mark.once
def test_whoever_is_beyond_the_places_is_said_to_be_so(app):
    here = make.setting(300, 200, 100, 90)
    selection = make.frozen(here)
    with transaction(write=False):
        said = [(each.decision, each.reason) for each in queries.candidates(selection.id, here.reviewer)]
    assert said == [("in", "按标准入选")] * 3 + [("out", "名额已满")]


def test_the_database_wants_a_reason_for_a_decision(app):
    here = make.setting(300)
    selection = make.frozen(here)
    candidate_id = _first(selection, here.reviewer)
    with pytest.raises(IntegrityError, match="reason"):
        _decide(selection, candidate_id, here.reviewer, reason="")
    decided = sa.update(Candidate).where(Candidate.id == candidate_id)
    with pytest.raises(IntegrityError, match="ck_candidates_reason"), transaction():
        session.execute(decided.values(decided_by=here.reviewer.person_id, reason=""))


def test_whoever_set_it_up_neither_decides_nor_signs_and_the_database_agrees(app):
    here = make.setting(300)
    with transaction():
        appoint(
            person_id=here.department.id,
            role="reviewer",
            region_code=city.CITY,
            station_id=None,
            by=SYSTEM,
            at=clock.now(),
        )
        both = city.actor(city.people.person(here.department.id))
    selection = make.frozen(here)
    with pytest.raises(SecondReviewerNeeded):
        _decide(selection, _first(selection, both), both)
    with pytest.raises(SecondReviewerNeeded):
        _sign(selection, both)
    with pytest.raises(IntegrityError, match="second_person"), transaction():
        session.execute(sa.update(Selection).values(approved_by=both.id, state="reviewed"))
    with pytest.raises(Forbidden):
        _sign(selection, here.department)


def test_a_candidate_does_not_review_where_he_stands(app):
    here = make.setting(300, 200)
    with transaction():
        appoint(
            person_id=here.riders[0].id,
            role="reviewer",
            region_code=city.CITY,
            station_id=None,
            by=SYSTEM,
            at=clock.now(),
        )
        himself = city.actor(here.riders[0])
    selection = make.frozen(here)
    with pytest.raises(OwnCandidacy):
        _decide(selection, _first(selection, here.reviewer), himself)
    with pytest.raises(OwnCandidacy):
        _sign(selection, himself)


def test_signing_keeps_within_the_seats_and_tells_who_was_chosen(app):
    here = make.setting(300, 200, 100, 90)
    selection = make.frozen(here)
    with transaction(write=False):
        last = queries.candidates(selection.id, here.reviewer)[3].id
    make.weighed(here, selection)
    _decide(selection, last, here.reviewer, "in", "救人事迹突出")
    with pytest.raises(TooManyChosen):
        _sign(selection, here.reviewer)
    _decide(selection, last, here.reviewer, "out", "名额已满")
    with listening(CandidatesChosen) as heard:
        _sign(selection, here.reviewer)
    assert set(heard[0].person_ids) == {each.id for each in here.riders[:3]}
    with pytest.raises(SelectionMovedOn):
        _decide(selection, last, here.reviewer)


def test_nobody_signs_before_the_blind_round_is_closed(app):
    here = make.setting(300)
    selection = make.frozen(here)
    with pytest.raises(BlindRoundRunning):
        _sign(selection, here.reviewer)
    make.weighed(here, selection)
    assert _sign(selection, here.reviewer).state == "reviewed"


def test_who_is_in_by_the_figures_alone_needs_a_mark_that_is_not_too_low_or_a_reason(app):
    here = make.setting(300, 200)
    rule = {"rule": "mean", "minimum_marks": 1, "pass_mark": 60}
    selection = make.weighed(here, make.frozen(here, criteria=make.CRITERIA | {"review": rule}), score=59)
    with pytest.raises(MarkTooLow) as refused:
        _sign(selection, here.reviewer)
    assert refused.value.facts["count"] == 2
    with transaction(write=False):
        first, second = [each.id for each in queries.candidates(selection.id, here.reviewer)]
    _decide(selection, first, here.reviewer, "in", "救人事迹，数据里看不到")
    _decide(selection, second, here.reviewer, "out", "评分不到及格线")
    assert _sign(selection, here.reviewer).state == "reviewed"


def test_an_empty_choice_is_not_signed(app):
    here = make.setting(30)
    with pytest.raises(NobodyChosen):
        make.reviewed(here)


def test_a_roll_is_public_from_the_notice_on_and_final_only_after_it_has_run(app):
    here = make.setting(300, 200)
    selection = make.reviewed(here)
    with pytest.raises(SelectionNotFound), transaction(write=False):
        queries.public_roll(selection.id)
    with pytest.raises(SelectionMovedOn), transaction():
        finalise(selection_id=selection.id, by=here.department, at=clock.now())
    with transaction():
        noticed = open_notice(selection_id=selection.id, **make.CONTACT, by=here.department, at=clock.now())
    assert (noticed.notice_starts_on, noticed.notice_ends_on) == (date(2026, 11, 24), date(2026, 12, 1))
    last_moment = clock.city_midnight(date(2026, 12, 2)) - timedelta(seconds=1)
    with pytest.raises(NoticeRunning), transaction():
        end_notice(selection_id=selection.id, by=here.department, at=last_moment)
    with pytest.raises(NoticeNotEnded), transaction():
        finalise(selection_id=selection.id, by=here.department, at=last_moment + timedelta(days=9))
    with transaction():
        end_notice(selection_id=selection.id, by=here.department, at=last_moment + timedelta(seconds=1))
    with listening(HonoursGranted) as heard, transaction():
        finalise(selection_id=selection.id, by=here.department, at=last_moment + timedelta(seconds=1))
    assert len(heard[0].person_ids) == 2


@pytest.mark.parametrize(
    "start, end",
    [
        (date(2026, 11, 24), date(2026, 12, 1)),
        (date(2026, 9, 29), date(2026, 10, 12)),  # National Day 1 to 7, Saturday 10 made up
        (date(2026, 2, 13), date(2026, 2, 27)),  # Spring Festival 15 to 23, Saturday 14 made up
        (date(2035, 10, 1), date(2035, 10, 8)),  # not published yet: Monday to Friday
    ],
)
def test_working_days_follow_the_official_calendar(start, end):
    found = after_working_days(start, 5)
    between = [start + timedelta(days=n) for n in range(1, (found - start).days + 1)]
    assert sum(map(is_working_day, between)) == 5
    assert is_working_day(found)
    assert found == end


def test_an_honour_taken_back_leaves_the_roll(app):
    here = make.setting(300, 200)
    selection = make.final(here)
    with transaction():
        ((honour, _),) = queries.my_honours(here.riders[0].id)
        revoke(honour_id=honour.id, reason="事迹不实", by=here.department, at=clock.now())
    with transaction(write=False):
        assert len(queries.public_roll(selection.id).listed) == 1
        assert queries.my_honours(here.riders[0].id) == []


def test_why_not_me_is_answered_with_ones_own_figures_and_never_a_rank(app):
    here = make.setting(300, 200, 100, 90, 30)
    selection = make.noticed(here)
    just_below, too_few = make.acting(here.riders[3]), make.acting(here.riders[4])
    with transaction(write=False):
        answer = my_standing(selection.id, just_below)
        assert (answer.chosen, answer.why, answer.score, answer.cut_off) == (False, "cut-off", 450, 498)
        assert answer.values == {"breadth.categories": 1, "hours.proven": 90}
        assert my_standing(selection.id, too_few).why == "minimum-minutes"
