"""Weighing: who is marked by whom, whose marks count, and what nobody sees before the blind round is closed."""

from __future__ import annotations

import dataclasses
from typing import Any
from uuid import UUID

import pytest

from app.audit.models import AuditRecord
from app.honours import combining, filing, queries, reviewing, weighing
from app.honours.errors import (
    BlindRoundOpen,
    CandidateNotFound,
    CriteriaWrong,
    ReviewerNotFound,
    SecondReviewerNeeded,
)
from app.honours.models import Candidate, Recusal, Selection
from app.honours.pseudonyms import pseudonym
from app.identity.actors import SYSTEM, Actor
from app.identity.appointing import appoint
from app.identity.models import Person
from app.kernel import clock, settings
from app.kernel.db import session, transaction
from app.kernel.errors import Forbidden
from tests import make as city
from tests.honours import make

PHONE, OTHER_PHONE = "+8613800001201", "+8613800001202"


def test_a_pseudonym_takes_the_secret_of_the_installation(app: object) -> None:
    who = (UUID(int=1), UUID(int=2))
    ours, mine = pseudonym(*who), settings.current()
    assert ours == pseudonym(*who)
    assert len({ours, pseudonym(UUID(int=1), UUID(int=3)), pseudonym(UUID(int=3), UUID(int=2))}) == 3
    try:
        settings.use(dataclasses.replace(mine, secret_key="another installation's secret, as long"))
        assert pseudonym(*who) != ours
    finally:
        settings.use(mine)


def test_everybody_in_and_those_just_below_are_marked_in_an_order_that_says_nothing(app: object) -> None:
    here = make.setting(*range(300, 100, -10))
    selection = make.frozen(here)
    with transaction(write=False):
        desk = weighing.desk_for(selection.id, here.reviewer)
        names = [each.candidate.pseudonym for each in desk.sheets]
        positions = sorted(each.candidate.position for each in desk.sheets)
    assert names == sorted(names)
    assert positions == list(range(1, 3 + weighing.RESERVES + 1))
    assert (desk.marked, desk.next) == (0, desk.sheets[0])


def test_the_next_is_the_first_without_ones_own_mark(app: object) -> None:
    here, other = make.setting(300, 200), make.another_reviewer()
    selection = make.frozen(here)
    first, second = _sheets(selection, here.reviewer)
    _mark(selection, first, other, 50)
    _mark(selection, first, here.reviewer, 80)
    with transaction(write=False):
        desk = weighing.desk_for(selection.id, here.reviewer)
        assert desk.next is not None
        assert (desk.marked, desk.next.candidate.id) == (1, second.id)
        own = weighing.sheet_for(selection.id, first.id, here.reviewer).own
        assert own is not None
        assert own.score == 80


def test_a_mark_of_somebody_who_stepped_aside_never_counts(app: object) -> None:
    here, other = make.setting(300), make.another_reviewer()
    selection = make.frozen(here)
    (only,) = _sheets(selection, other)
    _mark(selection, only, other, 100)
    _recuse(selection, only, other)
    with transaction(write=False):
        assert weighing.short_of_marks(session.get_one(Selection, selection.id)) == 1
    with pytest.raises(BlindRoundOpen):
        _close(selection, here.reviewer)
    _mark(selection, only, here.reviewer, 70)
    _close(selection, here.reviewer)
    with transaction():
        (filed,) = filing.case_file(selection.id, here.reviewer).filed
    assert (filed.marks, filed.recused) == ([70], ["郑评审：是我表弟"])


def test_whoever_stepped_aside_sees_that_candidate_nowhere(app: object) -> None:
    here = make.setting(300, 200)
    selection = make.frozen(here)
    first, second = _sheets(selection, here.reviewer)
    _recuse(selection, first, here.reviewer)
    assert [each.id for each in _sheets(selection, here.reviewer)] == [second.id]
    with transaction(write=False):
        assert [each.id for each in queries.candidates(selection.id, here.reviewer)] == [second.id]
        filed = filing.case_file(selection.id, here.reviewer).filed
        assert [each.candidate.id for each in filed] == [second.id]
        with pytest.raises(CandidateNotFound):
            weighing.sheet_for(selection.id, first.id, here.reviewer)


def test_a_relation_declared_by_number_steps_aside_and_tells_nothing(app: object) -> None:
    here = make.setting(300, 200)
    with transaction():
        session.get_one(Person, here.riders[0].id).phone = PHONE
    selection = make.frozen(here)
    _declare(selection, "+8613900000000", here.reviewer)
    assert len(_sheets(selection, here.reviewer)) == 2
    _declare(selection, PHONE, here.reviewer)
    (left,) = _sheets(selection, here.reviewer)
    assert left.person_id == here.riders[1].id
    with transaction():
        kept = session.query(AuditRecord).filter_by(action="relation.declared").all()
    assert [each.facts for each in kept] == [{"reason": "是我表弟"}] * 2


def test_the_organiser_sets_a_reviewer_aside_by_number(app: object) -> None:
    here, other = make.setting(300, 200), make.another_reviewer()
    with transaction():
        session.get_one(Person, here.riders[0].id).phone = PHONE
    selection = make.frozen(here)
    candidate = next(each for each in _sheets(selection, other) if each.person_id == here.riders[0].id)
    _mark(selection, candidate, other, 100)
    said = {"phone": PHONE, "reason": "同住一室", **_case(selection, here.department)}
    with transaction():
        reviewing.set_aside(reviewer_id=other.id, **said)
    assert [each.person_id for each in _sheets(selection, other)] == [here.riders[1].id]
    with transaction():
        assert weighing.counting_marks([candidate.id]) == {}
        kept = session.query(Recusal).one()
    assert (kept.reviewer_id, kept.set_by_id) == (other.id, here.department.id)
    with pytest.raises(ReviewerNotFound), transaction():
        reviewing.set_aside(reviewer_id=here.riders[1].id, **said)
    with pytest.raises(Forbidden), transaction():
        reviewing.set_aside(reviewer_id=other.id, **said | {"by": here.reviewer})


@pytest.mark.once
def test_a_reviewer_is_set_aside_for_whoever_runs_the_selection_but_not_for_himself(app: object) -> None:
    here, other = make.setting(300, 200), make.another_reviewer()
    organiser, himself = here.riders
    with transaction():
        for someone, role, phone in ((organiser, "department", PHONE), (himself, "reviewer", OTHER_PHONE)):
            session.get_one(Person, someone.id).phone = phone
            appoint(
                person_id=someone.id, role=role, region_code=city.CITY, station_id=None, by=SYSTEM, at=clock.now()
            )  # fmt: skip
        runs = city.actor(organiser)
    selection = make.frozen(here)
    for reviewer_id, phone in ((himself.id, OTHER_PHONE), (other.id, PHONE)):
        with transaction():
            reviewing.set_aside(
                reviewer_id=reviewer_id, phone=phone, reason="同住一室", **_case(selection, runs)
            )
    with transaction(write=False):
        kept = session.query(Recusal).one()
        about = session.get_one(Candidate, kept.candidate_id).person_id
    assert (kept.reviewer_id, about) == (other.id, organiser.id)


def test_nobody_finds_himself_on_his_desk(app: object) -> None:
    here = make.setting(300, 200)
    with transaction():
        appoint(
            person_id=here.riders[0].id, role="reviewer", region_code=city.CITY, station_id=None,
            by=SYSTEM, at=clock.now(),
        )  # fmt: skip
        himself = city.actor(here.riders[0])
    selection = make.frozen(here)
    assert [each.person_id for each in _sheets(selection, himself)] == [here.riders[1].id]
    with transaction(write=False):
        own = session.query(Candidate).filter_by(person_id=himself.id).one().id
        with pytest.raises(CandidateNotFound):
            weighing.sheet_for(selection.id, own, himself)


def test_nobody_sees_what_others_gave_before_the_blind_round_is_closed(app: object) -> None:
    here, other = make.setting(300), make.another_reviewer()
    selection = make.frozen(here)
    (only,) = _sheets(selection, other)
    _mark(selection, only, other, 35)
    with transaction():
        (filed,) = filing.case_file(selection.id, here.reviewer).filed
    assert (filed.marked, filed.marks, filed.mark, filed.comments, filed.name) == (1, [], None, [], None)


def test_the_desk_is_for_reviewers_who_did_not_set_it_up(app: object) -> None:
    here = make.setting(300)
    selection = make.frozen(here)
    with transaction():
        appoint(
            person_id=here.department.id, role="reviewer", region_code=city.CITY, station_id=None,
            by=SYSTEM, at=clock.now(),
        )  # fmt: skip
        both = city.actor(city.people.person(here.department.id))
    with pytest.raises(SecondReviewerNeeded):
        _sheets(selection, both)
    with pytest.raises(Forbidden):
        _sheets(selection, here.department)


def test_closing_takes_as_many_marks_as_the_criteria_ask_for_and_not_those_of_who_stepped_aside(
    app: object,
) -> None:
    here, other, third = make.setting(300), make.another_reviewer(), make.another_reviewer("王评审")
    rule = {"rule": "mean", "minimum_marks": 2, "pass_mark": 0}
    selection = make.frozen(here, criteria=make.CRITERIA | {"review": rule})
    (only,) = _sheets(selection, other)
    for by, score in ((here.reviewer, 70), (other, 100)):
        _mark(selection, only, by, score)
    _recuse(selection, only, other)
    with pytest.raises(BlindRoundOpen) as refused:
        _close(selection, here.reviewer)
    assert refused.value.facts == {"waiting": 1, "least": 2}
    _mark(selection, only, third, 75)
    _close(selection, here.reviewer)
    with transaction(write=False):
        (filed,) = filing.case_file(selection.id, here.reviewer).filed
    assert (filed.mark, sorted(filed.marks)) == (725, [70, 75])


MEAN = {"rule": "mean", "minimum_marks": 2, "pass_mark": 60}
TRIMMED = MEAN | {"rule": "trimmed-mean"}


@pytest.mark.parametrize(
    "scores, rule, mark",
    [
        ([], combining.SILENT, None),
        ([80], combining.SILENT, 800),
        ([80], MEAN, None),
        ([80, 85], MEAN, 825),
        ([80, 80, 81], MEAN, 803),  # 80.333… is cut off
        ([100, 70, 80], TRIMMED, 833),  # three: nobody is left out
        ([100, 70, 80, 0], TRIMMED, 750),
        ([60, 60, 60, 60, 0], TRIMMED, 600),
    ],
)
def test_several_marks_become_one_as_the_criteria_say(
    scores: list[int], rule: dict[str, Any], mark: int | None
) -> None:
    assert combining.combined(scores, rule) == mark
    assert combining.combined(scores[::-1], rule) == mark


@pytest.mark.parametrize("mark, low", [(None, True), (599, True), (600, False)])
def test_a_mark_is_too_low_below_the_pass_mark(mark: int | None, low: bool) -> None:
    assert combining.is_too_low(mark, MEAN) is low


@pytest.mark.parametrize("change", [{"rule": "best"}, {"minimum_marks": 0}, {"pass_mark": 101}])
def test_a_rule_that_cannot_be_done_is_no_criterion(app: object, change: dict[str, Any]) -> None:
    here = make.setting(300)
    with pytest.raises(CriteriaWrong):
        make.draft(here, criteria=make.CRITERIA | {"review": MEAN | change})


def _sheets(selection: Selection, by: Actor) -> list[Candidate]:
    with transaction():
        return [each.candidate for each in weighing.desk_for(selection.id, by).sheets]


def _case(selection: Selection, by: Actor) -> dict[str, Any]:
    return {"selection_id": selection.id, "by": by, "at": clock.now()}


def _mark(selection: Selection, candidate: Candidate, by: Actor, score: int) -> None:
    with transaction():
        reviewing.mark(candidate_id=candidate.id, score=score, comment="看数据", **_case(selection, by))


def _recuse(selection: Selection, candidate: Candidate, by: Actor) -> None:
    with transaction():
        reviewing.recuse(candidate_id=candidate.id, reason="是我表弟", **_case(selection, by))


def _declare(selection: Selection, phone: str, by: Actor) -> None:
    with transaction():
        reviewing.declare(phone=phone, reason="是我表弟", **_case(selection, by))


def _close(selection: Selection, by: Actor) -> None:
    with transaction():
        reviewing.show_names(**_case(selection, by))
