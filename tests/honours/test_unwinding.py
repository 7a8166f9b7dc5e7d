"""A record found void reaches the honour roll: out of what runs, back what was given, with a reason that is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from app.honours import announcing, filing, holding, queries
from app.honours.errors import CandidateNotFound
from app.honours.models import Selection
from app.honours.unwinding import on_fact_unwound, on_unwinding_agreed
from app.identity.models import Person
from app.kernel import clock
from app.kernel.clock import city_midnight
from app.kernel.db import session, transaction
from app.notices.models import Notice
from app.notices.telling import text_of
from tests.honours import make


@dataclass(frozen=True)
class Void:
    """What is read of the event."""

    person_id: UUID
    decided_by: UUID
    reason: str = "签到地点不实"
    happened_at: datetime = city_midnight(make.START) + timedelta(days=11)
    at: datetime = city_midnight(make.END) + timedelta(days=30)


@dataclass(frozen=True)
class Coming:
    """What is read of the event before."""

    happened_at: tuple[datetime, ...]


def find_void(event: Void) -> None:
    """Both events, as an unwinding publishes them."""
    on_unwinding_agreed(Coming((event.happened_at,)))
    on_fact_unwound(event)


def unwind(here: make.Setting, someone: Person) -> None:
    """A record of somebody is found void."""
    with transaction():
        find_void(Void(someone.id, here.reviewer.id))


@pytest.mark.parametrize("step", ["frozen", "reviewed", "noticed"])
def test_who_runs_steps_out_with_a_reason_and_an_author(app: Flask, step: str) -> None:
    here = make.setting(300, 200)
    selection: Selection = getattr(make, step)(here)
    unwind(here, here.riders[0])
    with transaction(write=False):
        assert [each.person_id for each in queries.chosen(selection.id)] == [here.riders[1].id]
        filed = filing.case_file(selection.id, here.reviewer).filed
        assert sorted(filter(None, (said for each in filed for said in each.decisions))) == [
            "out: 一条记录查实作废：签到地点不实"
        ]


def test_an_honour_is_taken_back_and_its_holder_reads_why(app: Flask) -> None:
    here = make.setting(300, 200)
    selection = make.final(here)
    unwind(here, here.riders[0])
    with transaction(write=False):
        assert len(queries.public_roll(selection.id).listed) == 1
        told = session.scalars(select(Notice).where(Notice.slug == "honour-revoked")).one()
        assert told.person_id == here.riders[0].id
        assert text_of(told, "zh").startswith("“十月最美骑手”的荣誉撤回了：一条记录查实作废：签到地点不实")
        assert "taken back" in text_of(told, "en")


def test_who_was_held_until_after_the_roll_steps_out_too(app: Flask) -> None:
    here = make.setting(300, 200)
    selection = make.noticed(here)
    with transaction():
        holding.open_hold(person_id=here.riders[0].id, reason="工时有疑问", by=here.reviewer, at=clock.now())
    later = clock.now() + timedelta(days=14)
    for step in (announcing.end_notice, announcing.finalise):
        with transaction():
            step(selection_id=selection.id, by=here.department, at=later)
    unwind(here, here.riders[0])
    with transaction():
        holding.lift_hold(person_id=here.riders[0].id, reason="查实", by=here.reviewer, at=later)
        mine = queries.candidacy_of_to_change(selection.id, here.riders[0].id).id
    with pytest.raises(CandidateNotFound), transaction():
        announcing.grant_held(selection_id=selection.id, candidate_id=mine, by=here.department, at=later)


AFTER = city_midnight(make.END + timedelta(days=1))
SECOND = timedelta(seconds=1)


@pytest.mark.once
@pytest.mark.parametrize(
    "happened_at, is_of_the_period",
    [
        (city_midnight(make.START) - SECOND, False),
        (city_midnight(make.START), True),
        (AFTER - SECOND, True),
        (AFTER, False),
    ],
)
def test_what_happened_on_any_day_of_the_period_by_the_citys_clock_takes_the_honour_back(
    app: Flask, happened_at: datetime, is_of_the_period: bool
) -> None:
    here = make.setting(300)
    make.final(here)
    with transaction():
        on_fact_unwound(Void(here.riders[0].id, here.reviewer.id, happened_at=happened_at))
    with transaction(write=False):
        assert (queries.my_honours(here.riders[0].id) == []) is is_of_the_period
