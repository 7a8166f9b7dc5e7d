from __future__ import annotations

from uuid import UUID

import pytest

from app.cases import asking, closing, queries, triage
from app.cases import states as s
from app.cases.errors import CaseNotFound
from app.identity.models import Person
from app.kernel import clock
from app.kernel.errors import Forbidden
from app.ledger.errors import EntryNotFound
from app.ledger.queries import statement
from app.media import queries as media
from app.media.errors import PhotoNotFound
from tests import make as city
from tests.cases import make
from tests.cases.make import Town
from tests.ledger import make as ledger

pytestmark = pytest.mark.usefixtures("unit")


def entry_of(someone: Person) -> UUID:
    ledger.give(someone.id, 5)
    return statement(someone.id).items[0].id


def test_nobody_asks_about_the_points_of_somebody_else(town: Town):
    entry_id = entry_of(town.other)

    with pytest.raises(EntryNotFound):
        asking.open_points_query(entry_id=entry_id, words="？", by=city.actor(town.rider), at=clock.now())


def test_a_question_about_an_entry_is_one_case_while_it_is_open(town: Town):
    by, entry_id = city.actor(town.rider), entry_of(town.rider)
    first = asking.open_points_query(entry_id=entry_id, words="为什么是 5 分？", by=by, at=clock.now())
    again = asking.open_points_query(entry_id=entry_id, words="？", by=by, at=clock.now())
    assert again.id == first.id

    triage.reject(case_id=first.id, reason="按规则第 3 版。", by=city.actor(town.dispatcher), at=clock.now())
    later = asking.open_points_query(entry_id=entry_id, words="还是不懂", by=by, at=clock.now())

    assert later.id != first.id
    assert (first.kind, first.category, first.subject) == ("points_query", "entry", f"entry:{entry_id}")


def test_a_question_about_missing_points_needs_no_entry(town: Town):
    case = asking.open_points_query(words="昨天的没到", by=city.actor(town.rider), at=clock.now())

    assert (case.category, case.subject) == ("missing", None)


def test_a_suggestion_goes_to_the_unit_of_ones_home(town: Town):
    case = asking.suggest(
        words="多放一台微波炉", category="station", by=city.actor(town.rider), at=clock.now()
    )

    assert (case.kind, case.unit_region_code) == ("suggestion", city.MEIYUAN)
    assert queries.case_for(city.actor(town.dispatcher), case.id)


def test_an_objection_is_for_reviewers(town: Town):
    reviewer = city.staff("reviewer", region_code=city.CITY)
    case = asking.object_to(subject="roll:1", words="名单有误", by=city.actor(town.rider), at=clock.now())

    assert queries.case_for(city.actor(reviewer), case.id)
    with pytest.raises(CaseNotFound):
        queries.case_for(city.actor(town.dispatcher), case.id)


@pytest.mark.once
def test_who_objects_to_one_notice_twice_has_one_case_and_to_another_notice_another(town: Town):
    by, reviewer = city.actor(town.rider), city.actor(city.staff("reviewer", region_code=city.CITY))
    first, again, other = (
        asking.object_to(subject=each, words="名单有误", by=by, at=clock.now())
        for each in ("roll:1", "roll:1", "roll:2")
    )

    assert (first.id == again.id, first.id == other.id) == (True, False)
    assert (first.subject, first.category, other.subject) == ("roll:1", "notice", "roll:2")
    triage.reject(case_id=first.id, reason="核对过了。", by=reviewer, at=clock.now())
    assert asking.object_to(subject="roll:1", words="再看看", by=by, at=clock.now()).id != first.id


@pytest.mark.once
def test_two_who_ask_about_one_thing_have_a_case_each(town: Town):
    asked = [
        asking.object_to(subject="roll:1", words="名单有误", by=city.actor(each), at=clock.now())
        for each in (town.rider, town.other)
    ]

    assert [each.reporter_id for each in asked] == [town.rider.id, town.other.id]


def test_only_mediators_see_an_appeal(town: Town):
    case = make.appeal(town)

    assert queries.case_for(city.actor(town.mediator), case.id)
    assert queries.case_for(city.actor(town.rider), case.id)
    for someone in (town.dispatcher, town.department, town.manager, town.other, town.elsewhere):
        with pytest.raises(CaseNotFound):
            queries.case_for(city.actor(someone), case.id)


def test_an_appeal_is_on_no_other_desk(town: Town):
    case = make.appeal(town)

    def desk(someone):
        return [each.id for each in queries.to_do(city.actor(someone), at=clock.now()).items]

    assert desk(town.mediator) == [case.id]
    assert desk(town.department) == desk(town.dispatcher) == []
    assert queries.counts(city.actor(town.department), at=clock.now()).waiting == 0


def test_photos_of_an_appeal_are_for_mediators_only(town: Town):
    photo_id = make.photo(town.rider)
    asking.appeal(
        category="pay", words="见截图", photo_ids=[photo_id], by=city.actor(town.rider), at=clock.now()
    )

    assert media.photo_for(city.actor(town.mediator), photo_id)
    with pytest.raises(PhotoNotFound):
        media.photo_for(city.actor(town.department), photo_id)


def test_an_appeal_may_be_withdrawn_while_it_is_being_worked_on(town: Town):
    case = make.bring(make.appeal(town), town, s.ACCEPT, s.START)

    assert closing.withdraw(case_id=case.id, by=city.actor(town.rider), at=clock.now()).state == s.WITHDRAWN


def test_an_appeal_may_hold_a_telephone_number(town: Town):
    by = city.actor(town.rider)

    assert asking.appeal(category="pay", words="站长电话 13912341204", by=by, at=clock.now())


def test_whoever_holds_no_desk_sees_none(town: Town):
    with pytest.raises(Forbidden):
        queries.to_do(city.actor(town.rider), at=clock.now())
