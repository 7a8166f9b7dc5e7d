from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import DBAPIError

from app.cases import queries, triage, working
from app.cases import states as s
from app.cases.errors import (
    CaseMovedOn,
    CaseNotFound,
    GradeFixed,
    HandlerUnfit,
    OwnCase,
)
from app.cases.events import CaseAccepted, CaseEvent, CaseRejected
from app.cases.models import Case
from app.cases.moving import move
from app.identity.profile import close_account
from app.kernel import clock
from app.kernel.db import in_transaction, session, transaction
from app.kernel.errors import Forbidden
from app.media import queries as media
from app.media.errors import PhotoNotFound
from tests import make as city
from tests.cases import make
from tests.cases.make import Town


@pytest.mark.parametrize("grade, hours", [("urgent", 24), ("normal", 7 * 24), ("minor", 15 * 24)])
def test_the_grade_fixes_the_deadline(unit: None, town: Town, heard: list[CaseEvent], grade: str, hours: int):
    case = make.report(town.rider)

    triage.accept(case_id=case.id, grade=grade, by=city.actor(town.dispatcher), at=clock.now())

    assert (case.state, case.grade, case.handler_id) == (s.ACCEPTED, grade, town.dispatcher.id)
    assert case.resolve_by == case.due_at == clock.now() + timedelta(hours=hours)
    assert isinstance(heard[-1], CaseAccepted)
    assert heard[-1].grade == grade


def test_the_time_to_resolve_begins_with_the_acceptance(unit: None, town: Town, clock):
    case = make.report(town.rider)
    clock.advance(hours=20)

    make.bring(case, town, s.ACCEPT)

    assert case.resolve_by == case.due_at == clock.at + timedelta(days=7)


def test_handing_back_does_not_start_the_clock_again(unit: None, town: Town, clock):
    case = make.report_in(s.ACCEPTED, town)
    deadline = case.resolve_by
    clock.advance(hours=5)
    make.bring(case, town, s.HAND_BACK)
    assert case.handler_id is None
    assert case.due_at == case.accept_by == clock.at + timedelta(hours=24)

    with pytest.raises(GradeFixed):
        triage.accept(case_id=case.id, grade="minor", by=city.actor(town.colleague), at=clock.at)
    triage.accept(case_id=case.id, by=city.actor(town.colleague), at=clock.at)

    assert case.resolve_by == case.due_at == deadline


def test_the_database_keeps_the_deadline(town: Town):
    with transaction():
        case = make.report_in(s.ACCEPTED, town)

    with pytest.raises(DBAPIError, match="cases_deadline_fixed"), transaction():
        session.execute(sa.update(Case).values(resolve_by=clock.now() + timedelta(days=99)))

    with transaction(write=False):
        assert make.fresh(case).resolve_by == clock.now() + timedelta(days=7)


def test_a_rejection_tells_the_reporter_why(unit: None, town: Town, heard: list[CaseEvent]):
    case = make.report(town.rider)

    triage.reject(
        case_id=case.id, reason="照片看不清，可以重拍再报。", by=city.actor(town.dispatcher), at=clock.now()
    )

    assert (case.state, case.due_at) == (s.REJECTED, None)
    assert queries.steps(case)[-1].words == "照片看不清，可以重拍再报。"
    assert isinstance(heard[-1], CaseRejected)


def test_for_others_the_case_does_not_exist(unit: None, town: Town):
    case = make.report(town.rider)
    for someone in (town.elsewhere, town.other, town.mediator, town.manager):
        with pytest.raises(CaseNotFound):
            queries.case_for(city.actor(someone), case.id)
        with pytest.raises(CaseNotFound):
            triage.accept(case_id=case.id, by=city.actor(someone), at=clock.now())


def test_the_reporter_sees_it_and_does_not_handle_it(unit: None, town: Town):
    case = make.report(town.rider)

    with pytest.raises(Forbidden):
        triage.accept(case_id=case.id, by=city.actor(town.rider), at=clock.now())


def test_a_dispatcher_does_not_handle_their_own_report(unit: None, town: Town):
    case = make.report(town.dispatcher)

    with pytest.raises(OwnCase):
        triage.accept(case_id=case.id, by=city.actor(town.dispatcher), at=clock.now())


def test_the_department_dispatches_and_does_not_do_the_work(unit: None, town: Town):
    case = make.report(town.rider)
    triage.accept(case_id=case.id, by=city.actor(town.department), at=clock.now())

    with pytest.raises(Forbidden):
        working.resolve(case_id=case.id, note="好了", by=city.actor(town.department), at=clock.now())


def test_of_two_dispatchers_one_gets_it(app: Flask, town: Town):
    with transaction():
        case_id = make.report(town.rider).id
    ready, answers = threading.Barrier(2), []

    def accept(someone: Any) -> None:
        def once() -> str:
            by = city.actor(someone)
            session.get(Case, case_id)
            return triage.accept(case_id=case_id, by=by, at=clock.now()).state

        with app.app_context():
            ready.wait()
            try:
                answers.append(in_transaction(once))
            except CaseMovedOn as refusal:
                answers.append(refusal.slug)

    threads = [threading.Thread(target=accept, args=(each,)) for each in (town.dispatcher, town.colleague)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert sorted(answers) == ["accepted", "case-moved-on"]
    with transaction(write=False):
        assert len(queries.steps(session.get_one(Case, case_id))) == 2


def test_who_saw_an_older_state_changes_nothing(unit: None, town: Town):
    case = make.report(town.rider)
    session.execute(
        sa.update(Case).values(moves=Case.moves + 1).execution_options(synchronize_session=False)
    )  # somebody was quicker

    with pytest.raises(CaseMovedOn):
        move(case, s.REASSIGN, by=city.actor(town.dispatcher), at=clock.now())

    assert len(queries.steps(case)) == 1


def test_reassigning_moves_scope_and_photos(unit: None, town: Town):
    photo_id = make.photo(town.rider)
    case = make.report(town.rider, photo_ids=[photo_id])
    assert media.photo_for(city.actor(town.dispatcher), photo_id)

    triage.reassign(
        case_id=case.id,
        unit_region_code=city.QINHUAI,
        note="秦淮的路",
        by=city.actor(town.dispatcher),
        at=clock.now(),
    )

    assert case.region_code == city.COMMUNITY  # the place stays
    assert media.photo_for(city.actor(town.elsewhere), photo_id)
    with pytest.raises(PhotoNotFound):
        media.photo_for(city.actor(town.dispatcher), photo_id)
    with pytest.raises(CaseNotFound):
        queries.case_for(city.actor(town.dispatcher), case.id)


def test_a_case_goes_to_somebody_who_may_work_on_it(unit: None, town: Town):
    case = make.report_in(s.ACCEPTED, town)
    by = city.actor(town.dispatcher)

    for unfit in (town.elsewhere, town.rider, town.department):
        with pytest.raises(HandlerUnfit):
            triage.reassign(case_id=case.id, handler_id=unfit.id, note="请接", by=by, at=clock.now())
    triage.reassign(case_id=case.id, handler_id=town.colleague.id, note="请接", by=by, at=clock.now())

    assert case.handler_id == town.colleague.id


@pytest.mark.once
def test_a_case_that_goes_elsewhere_goes_to_somebody_of_there(unit: None, town: Town):
    case = make.report_in(s.ACCEPTED, town)
    there = {"unit_region_code": city.QINHUAI, "note": "秦淮的路", "by": city.actor(town.dispatcher)}

    with pytest.raises(HandlerUnfit):
        triage.reassign(case_id=case.id, handler_id=town.colleague.id, **there, at=clock.now())
    triage.reassign(case_id=case.id, handler_id=town.elsewhere.id, **there, at=clock.now())

    assert (case.unit_region_code, case.handler_id) == (city.QINHUAI, town.elsewhere.id)


@pytest.mark.once
def test_whom_it_was_meant_for_does_not_keep_what_goes_elsewhere(unit: None, town: Town):
    case, by = make.report(town.rider), city.actor(town.dispatcher)
    triage.reassign(case_id=case.id, handler_id=town.colleague.id, note="请接", by=by, at=clock.now())
    assert (case.state, case.handler_id) == (s.SUBMITTED, town.colleague.id)

    triage.reassign(case_id=case.id, unit_region_code=city.QINHUAI, note="秦淮的路", by=by, at=clock.now())

    assert case.handler_id is None


def test_a_case_goes_to_nobody_who_closed_his_account(unit: None, town: Town):
    case, by = make.report_in(s.ACCEPTED, town), city.actor(town.dispatcher)
    close_account(by=city.actor(town.colleague), at=clock.now())

    with pytest.raises(HandlerUnfit):
        triage.reassign(case_id=case.id, handler_id=town.colleague.id, note="请接", by=by, at=clock.now())

    assert case.handler_id == town.dispatcher.id


def test_a_reporter_who_is_staff_does_not_get_it_back(unit: None, town: Town):
    case = make.report(town.colleague)

    offered = [each.id for each in triage.fit_handlers(case)]
    assert town.dispatcher.id in offered
    assert town.colleague.id not in offered
    with pytest.raises(HandlerUnfit):
        triage.reassign(
            case_id=case.id,
            handler_id=town.colleague.id,
            note="请接",
            by=city.actor(town.dispatcher),
            at=clock.now(),
        )


def test_a_role_held_over_the_district_covers_its_subdistricts(unit: None, town: Town):
    assert queries.case_for(city.actor(town.colleague), make.report(town.rider).id)


def test_a_kind_without_a_move_refuses_it_for_everybody(unit: None, town: Town):
    appeal = make.appeal(town)
    for by in (town.rider, town.mediator):
        with pytest.raises(CaseMovedOn):
            triage.merge(case_id=appeal.id, into_id=appeal.id, by=city.actor(by), at=clock.now())
