"""Two at the same moment: a tap that comes twice is one answer, and nobody joins what is ending."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest

from app.cases import closing, reporting, triage
from app.cases import states as s
from app.cases.models import Case
from app.identity.models import Person
from app.kernel import clock
from app.kernel.db import transaction
from tests import make as city
from tests.cases import make
from tests.cases.make import Town
from tests.crossing import crossed


def by(person: Person, verb: Callable[..., Case], case_id: UUID, **more: object) -> Callable[[], Case]:
    return lambda: verb(case_id=case_id, by=city.actor(person), at=clock.now(), **more)


@pytest.fixture
def report(town: Town) -> UUID:
    with transaction():
        return make.report(town.rider).id


def test_a_double_tap_at_the_same_moment_is_one_answer(town: Town):
    with transaction():
        resolved = make.report_in(s.RESOLVED, town).id
    rate = by(town.rider, closing.rate, resolved, answer=s.SOLVED, stars=4)

    both = crossed(rate, rate)

    assert (both.first.state, both.then.state, both.then.moves) == (s.CLOSED, s.CLOSED, both.first.moves)


@pytest.mark.parametrize("ends", [s.MERGED, s.REJECTED])
def test_nobody_joins_a_report_that_is_ending(town: Town, report: UUID, ends: str):
    with transaction():
        main, follower = make.report(town.other).id, city.rider("赵师傅")
    end = {
        s.MERGED: by(town.dispatcher, triage.merge, report, into_id=main),
        s.REJECTED: by(town.dispatcher, triage.reject, report, reason="看不清。"),
    }

    both = crossed(end[ends], by(follower, reporting.me_too, report))

    assert (both.first.state, both.then) == (ends, "case-moved-on")


def test_many_join_a_report_at_once(town: Town, report: UUID):
    with transaction():
        first, second = city.rider("赵师傅"), city.rider("钱师傅")

    both = crossed(by(first, reporting.me_too, report), by(second, reporting.me_too, report))

    assert (both.then.id, both.waited) == (report, False)
