"""Reports of one thing are one report: whoever told it hears the answer, and shares in the thanks once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from app.cases import asking, closing, queries, triage, working
from app.cases import states as s
from app.cases.errors import CannotMerge, OthersWait
from app.cases.events import CaseEvent, CaseMerged
from app.cases.models import Case
from app.cases.viewing import verbs_for, view_of
from app.identity.models import Person
from app.kernel import clock
from app.kernel.db import in_transaction, session, transaction
from app.kernel.errors import Problem
from tests import make as city
from tests.cases import make
from tests.cases.make import Town
from tests.crossing import crossed
from tests.databases import SERVER_URL


def merge(town: Town, double: UUID, into: UUID) -> Case:
    return triage.merge(case_id=double, into_id=into, by=city.actor(town.dispatcher), at=clock.now())


def test_merging_keeps_every_reporter(unit: None, town: Town, heard: list[CaseEvent]):
    double, main = make.report(town.rider), make.report(town.other)
    follower = city.rider("赵师傅")
    make.reporting.me_too(case_id=double.id, by=city.actor(follower), at=clock.now())

    merge(town, double.id, main.id)

    assert (double.state, double.duplicate_of) == (s.MERGED, main.id)
    assert queries.followers(main.id) == [town.rider.id, follower.id]
    assert isinstance(heard[-1], CaseMerged)
    assert heard[-1].into_id == main.id


def test_whoever_reported_it_twice_does_not_follow_himself(unit: None, town: Town):
    double, main = make.report(town.rider), make.report(town.rider)

    merge(town, double.id, main.id)

    assert (queries.followers(main.id), queries.me_too_count(main.id)) == ([], 0)


def test_it_merges_into_open_cases_of_the_same_kind_only(unit: None, town: Town):
    case, over = make.report(town.rider), make.report_in(s.REJECTED, town)
    idea = asking.suggest(words="多放一台微波炉", by=city.actor(town.rider), at=clock.now())

    for into in (case, over, idea):
        with pytest.raises(CannotMerge):
            merge(town, case.id, into.id)


def test_those_merged_before_come_along_and_are_told_where(unit: None, town: Town, heard: list[CaseEvent]):
    third = city.rider("赵师傅")
    first, second, last = make.report(town.rider), make.report(town.other), make.report(third)
    merge(town, first.id, second.id)
    merge(town, second.id, last.id)

    assert [each.id for each in queries.merged_into(last.id)] == [first.id, second.id]
    assert queries.followers(last.id) == [town.other.id, town.rider.id]
    told = [(each.case_id, each.into_id) for each in heard if isinstance(each, CaseMerged)]
    assert told[1:] == [(second.id, last.id), (first.id, last.id)]


def test_a_report_that_others_wait_for_is_not_withdrawn(unit: None, town: Town):
    double, main = make.report(town.rider), make.report(town.other)
    reporter = city.actor(town.other)
    assert s.WITHDRAW in verbs_for(main, reporter, clock.now())
    merge(town, double.id, main.id)

    assert s.WITHDRAW not in verbs_for(main, reporter, clock.now())
    with pytest.raises(OthersWait):
        closing.withdraw(case_id=main.id, by=reporter, at=clock.now())
    assert main.is_open


def test_what_somebody_has_just_ended_takes_in_nothing_more(unit: None, town: Town):
    double, main = make.report(town.rider), make.report(town.other)
    ended = (
        sa.update(Case).where(Case.id == main.id).values(state=s.REJECTED, due_at=None, closed_at=clock.now())
    )
    session.execute(ended.execution_options(synchronize_session=False))
    with pytest.raises(CannotMerge):
        merge(town, double.id, main.id)


def test_a_merged_report_says_how_its_matter_stands_and_nothing_of_whoever_else_reported_it(
    app: Flask, town: Town
):
    with transaction():
        double = make.report(town.rider)
        main = make.report(
            town.other, place_words="北门桥东", description="很深的坑", photo_ids=[make.photo(town.other)]
        )
        merge(town, double.id, main.id)
    client = city.signed_in(app, town.rider)

    def read() -> dict:
        return client.get(f"/api/v1/cases/{double.id}").json

    open_ = {"state": s.SUBMITTED, "state_words": "已收到", "at": None, "words": ""}
    assert read()["decided"] == open_
    with transaction():
        make.bring(main, town, s.ACCEPT, s.RESOLVE)
    told = read()
    at = told["decided"].pop("at")
    assert told["decided"] == {"state": s.RESOLVED, "state_words": "已办结", "words": "补好了。"}
    assert at == city.signed_in(app, town.other).get(f"/api/v1/cases/{main.id}").json["resolved_at"]
    assert (told["can"], told["photo_ids"], told["lat"] is not None) == ([], [], True)
    for theirs in ("李", "北门桥东", "很深的坑", main.number):
        assert theirs not in str(told)
        assert theirs not in client.get(f"/reports/{double.id}").text
    with transaction():
        closing.reopen(case_id=main.id, reason="还在", by=city.actor(town.other), at=clock.now())
    assert read()["decided"] == open_ | {"state": s.REOPENED, "state_words": "退回重办"}


@pytest.mark.once
def test_a_merged_report_tells_what_was_said_last(unit: None, town: Town, clock):
    double, main = make.report(town.other), make.report(town.rider)
    merge(town, double.id, main.id)
    make.bring(main, town, s.ACCEPT, s.RESOLVE, s.REOPEN, s.ACCEPT)
    at = clock.advance(hours=1)
    working.resolve(case_id=main.id, note="这回真好了。", by=city.actor(town.colleague), at=at)

    told = view_of(double, city.actor(town.other), at).decided
    assert told is not None
    assert (told.words, told.at) == ("这回真好了。", at)


def test_only_a_merged_report_is_decided_by_another(unit: None, town: Town):
    case = make.report_in(s.RESOLVED, town)
    assert view_of(case, city.actor(town.rider), clock.now()).decided is None


# --- at the same moment --------------------------------------------------------------------------------------------


def both(app: Flask, one: Callable[[], Case], other: Callable[[], Case]) -> list[str]:
    """What becomes of two moves when both have looked at the cases before either of them moves one."""
    looked, answers = threading.Barrier(2), list[str]()

    def move(verb: Callable[[], Case]) -> None:
        waits = [SERVER_URL]  # one file has one writer: there the second begins when the first is over

        def once() -> str:
            seen = session.scalars(sa.select(Case)).all()
            if waits and waits.pop():
                looked.wait(30)
            return verb().state if seen else ""

        with app.app_context():
            try:
                answers.append(in_transaction(once))
            except Problem as refusal:
                answers.append(refusal.slug)

    threads = [threading.Thread(target=move, args=(each,)) for each in (one, other)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    return sorted(answers)


@pytest.fixture
def pair(town: Town) -> tuple[UUID, UUID]:
    with transaction():
        return make.report(town.rider).id, make.report(town.other).id


def state(case_id: UUID) -> str:
    with transaction(write=False):
        return session.get_one(Case, case_id).state


def by(person: Person, verb: Callable[..., Case], case_id: UUID, **more: str) -> Callable[[], Case]:
    return lambda: verb(case_id=case_id, by=city.actor(person), at=clock.now(), **more)


def test_two_desks_do_not_merge_two_reports_into_each_other(app: Flask, town: Town, pair: tuple[UUID, UUID]):
    one, other = pair
    answers = both(app, lambda: merge(town, one, other), lambda: merge(town, other, one))
    assert answers in (["cannot-merge", "merged"], ["case-moved-on", "merged"])
    assert sorted((state(one), state(other))) == ["merged", "submitted"]


def test_nothing_is_merged_into_what_is_being_rejected(town: Town, pair: tuple[UUID, UUID]):
    double, main = pair
    reject = by(town.colleague, triage.reject, main, reason="看不清。")

    both = crossed(reject, lambda: merge(town, double, main))

    assert (both.then, state(double)) == ("cannot-merge", "submitted")


def test_nothing_is_merged_into_what_is_being_withdrawn(town: Town, pair: tuple[UUID, UUID]):
    double, main = pair

    both = crossed(by(town.other, closing.withdraw, main), lambda: merge(town, double, main))

    assert (both.then, state(double)) == ("cannot-merge", "submitted")


def test_what_something_is_being_merged_into_is_not_withdrawn(town: Town, pair: tuple[UUID, UUID]):
    double, main = pair

    both = crossed(lambda: merge(town, double, main), by(town.other, closing.withdraw, main))

    assert (both.then, state(main)) == ("others-wait", "submitted")
