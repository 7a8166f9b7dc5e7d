"""Criteria are data in versions; a second person agrees to them before anything is sealed; integrity holds keep out."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.audit.models import AuditRecord
from app.honours import queries
from app.honours.criteria import approve_criteria, rewrite_criteria
from app.honours.errors import (
    CriteriaNotApproved,
    CriteriaWrong,
    HoldNotFound,
    HoldOpen,
    PeriodWrong,
    RegionOutside,
    SecondReviewerNeeded,
    SelectionMovedOn,
)
from app.honours.holding import lift_hold, open_hold
from app.honours.models import CriteriaVersion
from app.honours.selecting import dry_run, run_selection
from app.honours.standing import my_standing
from app.identity.actors import SYSTEM
from app.identity.appointing import appoint
from app.kernel import clock
from app.kernel.db import session, transaction
from app.kernel.errors import Forbidden
from tests import make as city
from tests.honours import make


def _approve(selection, by):
    with transaction():
        return approve_criteria(selection_id=selection.id, by=by, at=clock.now())


def _run(selection, by):
    with transaction():
        return run_selection(selection_id=selection.id, by=by, at=clock.now())


def test_nothing_is_sealed_by_criteria_that_nobody_else_agreed_to(app):
    here = make.setting(300)
    selection = make.draft(here)
    with pytest.raises(CriteriaNotApproved):
        _run(selection, here.department)
    _approve(selection, here.reviewer)
    assert _run(selection, here.department).state == "frozen"


def test_whoever_wrote_them_does_not_approve_them_and_the_database_agrees(app):
    here = make.setting(300)
    with transaction():
        person = city.people.person(here.department.id)
        appoint(
            person_id=person.id,
            role="reviewer",
            region_code=city.CITY,
            station_id=None,
            by=SYSTEM,
            at=clock.now(),
        )
        both = city.actor(person)
    selection = make.draft(here)
    with pytest.raises(SecondReviewerNeeded):
        _approve(selection, both)
    with pytest.raises(IntegrityError, match="second_person"), transaction():
        session.execute(sa.update(CriteriaVersion).values(approved_by=both.id, approved_at=clock.now()))


@pytest.mark.once
def test_neither_who_began_a_selection_nor_who_reworded_it_approves_it(app):
    here = make.setting(300)
    with transaction():
        two = [here.department.id, city.staff("department", region_code=city.CITY, name="周部门").id]
        for each in two:
            appoint(
                person_id=each, role="reviewer", region_code=city.CITY, station_id=None, by=SYSTEM, at=clock.now()
            )  # fmt: skip
        began, reworded = (city.actor(city.people.person(each)) for each in two)
    selection = make.draft(here)
    fewer = make.CRITERIA | {"seats": 1}
    with transaction():
        rewrite_criteria(selection_id=selection.id, criteria=fewer, by=reworded, at=clock.now())
    for each in (began, reworded):
        with pytest.raises(SecondReviewerNeeded):
            _approve(selection, each)
    assert _approve(selection, here.reviewer).criteria_version.approved_by == here.reviewer.id


@pytest.mark.once
def test_who_approved_first_stays_the_one_who_approved(app):
    here, other = make.setting(300), make.another_reviewer()
    selection = make.draft(here)
    for each in (here.reviewer, other):
        assert _approve(selection, each).criteria_version.approved_by == here.reviewer.id
    with transaction(write=False):
        kept = session.query(AuditRecord).filter_by(action="criteria.approved").one()
        assert kept.actor_id == here.reviewer.id


def test_another_wording_is_another_version_that_is_approved_again(app):
    here = make.setting(300)
    selection = make.draft(here)
    first = _approve(selection, here.reviewer).criteria_version
    with transaction():
        changed = rewrite_criteria(
            selection_id=selection.id,
            criteria=make.CRITERIA | {"seats": 1},
            by=here.department,
            at=clock.now(),
        )
    assert (first.number, changed.criteria_version.number) == (1, 2)
    assert first.sha256 != changed.criteria_sha256
    with pytest.raises(CriteriaNotApproved):
        _run(selection, here.department)
    _approve(selection, here.reviewer)
    _run(selection, here.department)
    with pytest.raises(SelectionMovedOn), transaction():
        rewrite_criteria(
            selection_id=selection.id, criteria=make.CRITERIA, by=here.department, at=clock.now()
        )


@pytest.mark.usefixtures("owned")
def test_a_version_is_never_edited_or_deleted(app):
    make.draft(make.setting(300))
    with pytest.raises(IntegrityError, match="criteria_versions_fixed"), transaction():
        session.execute(sa.update(CriteriaVersion).values(wording="{}"))
    with pytest.raises(IntegrityError), transaction():
        session.execute(sa.delete(CriteriaVersion))


@pytest.mark.parametrize(
    "quota",
    [
        {"by": "district", "group": None, "at_least": 1, "at_most": None},
        {"by": "district", "group": None, "at_least": 1, "at_most": 2},
        {"by": "district", "group": "320102", "at_least": 3, "at_most": 2},
        {"by": "district", "group": "320102", "at_least": 4, "at_most": None},
        {"by": "district", "group": "320102", "at_least": 0, "at_most": None},
        {"by": "gender", "group": "x", "at_least": 1, "at_most": None},
    ],
)
def test_quotas_that_cannot_be_are_refused(app, quota):
    here = make.setting(300)
    with pytest.raises(CriteriaWrong):
        make.draft(here, criteria=make.CRITERIA | {"quotas": [quota]})


@pytest.mark.once
def test_a_group_has_one_quota(app):
    here = make.setting(300)
    couriers, drivers = (
        {"by": "occupation", "group": group, "at_least": 1, "at_most": None}
        for group in ("courier", "driver")
    )
    assert make.draft(here, criteria=make.CRITERIA | {"quotas": [couriers, drivers]})
    with pytest.raises(CriteriaWrong):
        make.draft(here, criteria=make.CRITERIA | {"quotas": [couriers, couriers | {"at_most": 2}]})


def test_a_draft_is_tried_on_a_past_period_and_nothing_is_kept(app):
    here = make.setting(300, 200)
    selection = make.draft(here)
    with transaction(write=False):
        now = dry_run(selection_id=selection.id, by=here.department, at=clock.now())
        before = dry_run(
            selection_id=selection.id,
            start_on=date(2026, 9, 1),
            end_on=date(2026, 9, 30),
            by=here.department,
            at=clock.now(),
        )
        assert (now.known, now.eligible, before.known) == (2, 2, 0)
        assert queries.candidates(selection.id, here.department) == []
    with pytest.raises(PeriodWrong), transaction(write=False):
        dry_run(selection_id=selection.id, end_on=date(2026, 9, 1), by=here.department, at=clock.now())
    with pytest.raises(Forbidden), transaction(write=False):
        dry_run(selection_id=selection.id, by=here.reviewer, at=clock.now())


def test_only_the_regions_named_count_and_they_lie_inside(app):
    here = make.setting(300)
    inside = make.frozen(here, only_regions=[city.XUANWU, city.QINHUAI])
    assert inside.regions == [city.XUANWU, city.QINHUAI]
    with transaction(write=False):
        assert len(queries.candidates(inside.id, here.department)) == 1
    outside = make.frozen(here, title_zh="秦淮", only_regions=[city.QINHUAI])
    with transaction(write=False):
        assert queries.candidates(outside.id, here.department) == []
    with pytest.raises(RegionOutside):
        make.draft(here, region_code=city.XUANWU, only_regions=[city.QINHUAI])


def test_an_open_hold_keeps_a_rider_out_and_he_is_told(app):
    here = make.setting(300, 200)
    held = here.riders[0]
    with transaction():
        open_hold(person_id=held.id, reason="同一时间两处签到，待核实", by=here.reviewer, at=clock.now())
    with pytest.raises(HoldOpen), transaction():
        open_hold(person_id=held.id, reason="再来一次", by=here.reviewer, at=clock.now())
    selection = make.noticed(here)
    acting = make.acting(held)
    with transaction(write=False):
        assert [each.person_id for each in queries.candidates(selection.id, here.department)] == [
            here.riders[1].id
        ]
        assert my_standing(selection.id, acting).why == "open-hold"
    with transaction():
        lift_hold(person_id=held.id, reason="系店内时钟有误", by=here.reviewer, at=clock.now())
    again = make.frozen(here, title_zh="再选")
    with transaction(write=False):
        assert len(queries.candidates(again.id, here.department)) == 2
    with pytest.raises(HoldNotFound), transaction():
        lift_hold(person_id=held.id, reason="已了结", by=here.reviewer, at=clock.now())
