"""Two at the same moment: who is being taken out is not signed for, honoured or asked, and a no is for good."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.honours import announcing, consenting, holding, picturing, queries, reviewing, selecting
from app.honours.models import Candidate, Honour, NominationPhoto, Selection
from app.honours.nominating import nominate
from app.honours.picturing import Given
from app.identity.actors import Actor
from app.identity.models import Person
from app.identity.profile import close_account
from app.kernel import clock
from app.kernel.db import session, transaction
from app.media.accepting import accept_photo
from app.media.models import NOMINATION, Media
from tests import make as city
from tests.crossing import crossed
from tests.honours import make
from tests.honours.test_unwinding import Void, find_void
from tests.media.make import jpeg


def candidate(selection: Selection, someone: Person) -> Candidate:
    with transaction(write=False):
        return next(each for each in queries.chosen(selection.id) if each.person_id == someone.id)


def honour_of(candidate: Candidate) -> Honour | None:
    with transaction(write=False):
        return queries.honour_of(candidate.id)


def out(selection: Selection, here: make.Setting, verb: Any) -> Callable[[], str]:
    chosen = candidate(selection, here.riders[0])
    case = {"selection_id": selection.id, "candidate_id": chosen.id, "by": here.reviewer}
    more = {"decision": "out"} if verb is reviewing.decide else {}
    return lambda: verb(reason="事迹不实", at=clock.now(), **case, **more).decision


def found_void(here: make.Setting, someone: Person) -> Callable[[], None]:
    return lambda: find_void(Void(someone.id, here.reviewer.id))


def test_two_selections_of_one_name_are_set_up_at_once(app: Flask) -> None:
    here = make.setting()
    values = {
        "title_zh": "十月最美骑手",
        "region_code": city.CITY,
        "purpose": "example",
        "criteria": make.CRITERIA,
    }
    values |= {
        "period_start_on": make.START,
        "period_end_on": make.END,
        "by": here.department,
        "at": clock.now(),
    }
    create = [lambda: selecting.create_selection(**values).criteria_version.number] * 2
    both = crossed(*create)
    assert (both.first, both.then) == (1, 2)


def test_a_list_is_not_signed_while_somebody_is_taken_off_it(app: Flask) -> None:
    here = make.setting(300)
    selection = make.weighed(here, make.frozen(here))
    both = crossed(
        out(selection, here, reviewing.decide),
        lambda: reviewing.sign(selection_id=selection.id, by=here.reviewer, at=clock.now()).state,
    )
    assert both.then == "nobody-chosen"


def test_whoever_is_being_taken_out_is_not_asked_for_the_name(app: Flask) -> None:
    here = make.setting(300)
    selection, rider = make.signed(here), make.acting(here.riders[0])
    both = crossed(
        out(selection, here, reviewing.remove),
        lambda: consenting.answer(selection_id=selection.id, choice="full", by=rider, at=clock.now()).consent,
    )
    assert both.then == "candidate-not-found"


def test_a_hold_is_lifted_once(app: Flask) -> None:
    here = make.setting(300)
    case = {"person_id": here.riders[0].id, "by": here.reviewer, "at": clock.now()}
    with transaction():
        holding.open_hold(reason="工时有疑问", **case)
    lift = [
        lambda why=why: holding.lift_hold(reason=why, **case).lifted_because for why in ("属实", "不属实")
    ]
    both = crossed(*lift)
    assert (both.first, both.then) == ("属实", "integrity-hold-not-found")


@pytest.fixture
def nominee(app: Flask) -> Actor:
    """Put forward with a photo."""
    here = make.setting(300, 200)
    peer = make.acting(here.riders[1])
    make.nominated(make.frozen(here), here.riders[0], peer, photo=jpeg(330, 240))
    return make.acting(here.riders[0])


def says(agreed: bool, by: Actor) -> Callable[[], str]:
    return lambda: (
        picturing.answer(
            photo_id=session.scalars(select(NominationPhoto.id)).one(), agreed=agreed, by=by, at=clock.now()
        ).answer
    )


def test_a_yes_comes_too_late_for_a_photo_that_is_being_refused(nominee: Actor) -> None:
    both = crossed(says(False, nominee), says(True, nominee))
    assert (both.first, both.then) == ("refused", "nomination-photo-not-found")


def test_an_account_is_closed_while_its_owner_refuses_a_photo(nominee: Actor) -> None:
    both = crossed(says(False, nominee), lambda: close_account(by=nominee, at=clock.now()))
    assert (both.first, both.then) == ("refused", None)


def test_whoever_is_leaving_is_put_forward_no_more_and_leaves_no_photo(app: Flask) -> None:
    here = make.setting(300, 200)
    with transaction():
        nominee, peer = city.rider("老张", phone="+8613900001111"), city.actor(here.riders[1])
        sent = accept_photo(data=jpeg(331, 240), purpose=NOMINATION, by=peer, at=clock.now()).id
        leaving = city.actor(nominee)
    case = {"selection_id": make.draft(here).id, "story": "热心", "by": peer, "at": clock.now()}
    crossed(
        lambda: close_account(by=leaving, at=clock.now()),
        lambda: nominate(phone="+8613900001111", photos=[Given(sent, "nominee")], **case),
    )
    with transaction(write=False):
        assert session.get_one(Media, sent).gone_at is not None


# --- a fact found void -----------------------------------------------------------------------------------------------


def test_nobody_is_honoured_by_a_roll_that_is_made_final_while_a_fact_is_found_void(app: Flask) -> None:
    here = make.setting(300, 200)
    selection = make.noticed(here)
    mine, later = candidate(selection, here.riders[0]), _ended(here, selection)
    finalise = {"selection_id": selection.id, "by": here.department, "at": later}
    both = crossed(found_void(here, here.riders[0]), lambda: announcing.finalise(**finalise).state)
    assert (both.then, honour_of(mine)) == ("meeting-stale", None)


def test_what_a_roll_that_is_being_made_final_gives_is_taken_back_when_a_fact_is_found_void(
    app: Flask,
) -> None:
    here = make.setting(300, 200)
    selection = make.noticed(here)
    mine, later = candidate(selection, here.riders[0]), _ended(here, selection)
    crossed(
        lambda: announcing.finalise(selection_id=selection.id, by=here.department, at=later),
        found_void(here, here.riders[0]),
    )
    assert honour_of(mine).revoked_at is not None


def test_whoever_is_being_put_in_order_is_taken_out_when_a_fact_is_found_void(app: Flask) -> None:
    here = make.setting(300, 200)
    selection = make.draft(here)
    case = {"selection_id": selection.id, "at": clock.now()}
    with transaction():
        selecting.wordings.approve_criteria(by=here.reviewer, **case)
    crossed(lambda: selecting.run_selection(by=here.department, **case), found_void(here, here.riders[0]))
    with transaction(write=False):
        assert [each.person_id for each in queries.chosen(selection.id)] == [here.riders[1].id]


def test_an_honour_that_is_being_taken_back_keeps_the_first_reason(app: Flask) -> None:
    here = make.setting(300, 200)
    selection = make.final(here)
    ours, another = (honour_of(candidate(selection, each)) for each in here.riders)
    revoke = [
        lambda why=why: (
            announcing.revoke(
                honour_id=another.id, reason=why, by=here.department, at=clock.now()
            ).revoked_because
        )
        for why in ("事迹不实", "又一次")
    ]
    twice = crossed(*revoke)
    assert (twice.first, twice.then) == ("事迹不实", "事迹不实")
    at = {"honour_id": ours.id, "by": here.department, "at": clock.now()}
    crossed(lambda: announcing.revoke(reason="事迹不实", **at), found_void(here, here.riders[0]))
    with transaction(write=False):
        assert session.get_one(Honour, ours.id).revoked_because == "事迹不实"


def _ended(here: make.Setting, selection: Selection) -> datetime:
    """When the notice is over."""
    later = clock.now() + timedelta(days=14)
    with transaction():
        announcing.end_notice(selection_id=selection.id, by=here.department, at=later)
    return later
