"""Whatever a kind does not declare is refused; what it declares leaves a step with actor, time and words."""

from __future__ import annotations

import itertools

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.cases import queries
from app.cases import states as s
from app.cases.errors import CaseMovedOn
from app.cases.kinds import KINDS
from app.cases.models import Case, CaseStep
from app.kernel import clock as clock_module
from app.kernel import i18n
from app.kernel.db import session, transaction
from tests.cases import make
from tests.cases.make import Town
from tests.conftest import StandingClock

REPORT = KINDS["report"]
USED = [verb for verb in s.VERBS if verb != s.SUBMIT]
EVERY = list(itertools.product(s.STATES, USED))


@pytest.mark.parametrize("state, verb", [each for each in EVERY if REPORT.target(each[1], each[0]) is None])
def test_it_refuses_every_move_that_is_not_declared(unit: None, town: Town, state: str, verb: str):
    case = make.report_in(state, town)
    before = len(queries.steps(case))

    with pytest.raises(CaseMovedOn):
        make.use(verb, case, town)

    assert make.fresh(case).state == state
    assert len(queries.steps(case)) == before


@pytest.mark.parametrize("end", [s.CONFIRM, s.CLOSE])
def test_a_clock_that_is_set_back_turns_no_story_round(
    unit: None, town: Town, clock: StandingClock, end: str
):
    case = make.report(town.rider)
    for verb in (s.ACCEPT, s.RESOLVE, end):
        clock.advance(hours=-2)
        make.use(verb, case, town)

    case = make.fresh(case)
    assert case.created_at == case.accepted_at == case.resolved_at == case.closed_at
    assert {step.at for step in queries.steps(case)} == {case.created_at}


@pytest.mark.parametrize("state, verb", [each for each in EVERY if REPORT.target(each[1], each[0])])
def test_every_declared_move_leaves_one_step(unit: None, town: Town, state: str, verb: str):
    case = make.report_in(state, town)
    before = len(queries.steps(case))

    make.use(verb, case, town)

    step = queries.steps(case)[-1]
    assert len(queries.steps(case)) == before + 1 == step.seq == make.fresh(case).moves
    assert (step.verb, step.from_state, step.to_state) == (verb, state, make.fresh(case).state)
    assert step.at == clock_module.now()
    assert (step.actor_id is None) == (verb in (s.ESCALATE, s.CLOSE))


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_what_has_ended_stays_ended_unless_it_is_reopened(kind):
    for verb, state in itertools.product(USED, (s.CLOSED, s.REJECTED, s.MERGED, s.WITHDRAWN)):
        if verb != s.REOPEN or state != s.CLOSED:
            assert kind.target(verb, state) is None


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_open_state_has_a_way_on(kind):
    for state in s.OPEN:
        assert any(kind.target(verb, state) not in (None, state) for verb in USED)


def test_everything_can_be_said_in_both_languages():
    keys = [f"case.state.{each}" for each in s.STATES] + [f"case.verb.{each}" for each in s.VERBS]
    keys += [f"case.answer.{each}" for each in s.ANSWERS]
    for kind in KINDS.values():
        keys.append(f"case.kind.{kind.name}")
        keys += [f"case.category.{kind.name}.{category}" for category in kind.categories]
        keys += [f"case.{what}.{grade}" for what in ("grade", "within") for grade in kind.categories.values()]
    keys += [f"case.prompt.{category}" for category in REPORT.categories]
    for key in keys:
        assert i18n.say(key, locale="zh")
        assert i18n.say(key, locale="en")


def test_there_is_no_category_for_persons():
    for category in REPORT.categories:
        for word in ("人", "员", "骑手", "司机", "商贩", "乞"):
            assert word not in i18n.say(f"case.category.report.{category}", locale="zh")


@pytest.mark.usefixtures("owned")
@pytest.mark.parametrize("statement", ["UPDATE case_steps SET words = 'x'", "DELETE FROM case_steps"])
def test_the_database_keeps_every_step(town: Town, statement: str):
    with transaction():
        make.report(town.rider)

    with pytest.raises(DBAPIError, match="append-only"), transaction():
        session.execute(sa.text(statement))

    with transaction(write=False):
        assert session.query(CaseStep).count() == 1


@pytest.mark.parametrize(
    "change",
    [
        {"state": "lost"},
        {"grade": "whenever"},
        {"kind": "denunciation"},
        {"stars": 6},
        {"answer": "maybe"},
        {"state": s.ACCEPTED},  # nobody handles it
        {"state": s.RESOLVED, "due_at": None},  # it was never resolved
        {"due_at": None},  # open without a clock
        {"duplicate_of": None, "state": s.MERGED, "due_at": None},
        {"lat": None},
        {"lat": None, "lng": None, "place_words": None},
        {"lat": 91.0},
        {"reporter_id": None},
        {"moves": 0},
    ],
)
def test_the_database_holds_what_a_case_must_be(town: Town, change: dict[str, object]):
    with transaction():
        case_id = make.report(town.rider).id

    with pytest.raises(IntegrityError), transaction():
        session.execute(sa.update(Case).where(Case.id == case_id).values(**change))


def test_the_database_takes_no_second_step_with_one_number(town: Town):
    with transaction():
        case_id = make.report(town.rider).id

    step = CaseStep(case_id=case_id, seq=1, verb=s.SUBMIT, to_state=s.SUBMITTED, at=clock_module.now())
    with pytest.raises(IntegrityError), transaction():
        session.add(step)
