"""Points given for nothing are taken back; what was spent already is a debt, and the wallet never goes below zero."""

from __future__ import annotations

from datetime import date

import pytest

from app.identity.actors import SYSTEM
from app.kernel import clock as clocks
from app.kernel import events
from app.kernel.db import transaction
from app.kernel.ids import new_id
from app.ledger import debts
from app.ledger.accounts import correction_account, debt_of, pending_of, settlement_of, write_off_account
from app.ledger.errors import SourceUsedDifferently
from app.ledger.events import DebtPaid, DebtWrittenOff
from app.ledger.posting import Leg
from app.ledger.queries import balance_of
from app.ledger.taking_back import TakenBack, take_back
from app.ledger.verify import verify
from tests import make as build
from tests.crossing import crossed
from tests.ledger import make

LATER = date(2027, 1, 1)


@pytest.fixture(autouse=True)
def sound(app):
    yield
    with transaction():
        assert verify() == []


@pytest.fixture
def heard(app):
    seen = []
    events.wire([(DebtWrittenOff, seen.append), (DebtPaid, seen.append)])
    return seen


def take(person_id, points, **changes):
    values = {"source": "void:1", "words": make.WORDS, "by": SYSTEM, "at": clocks.now()}
    return take_back(person_id=person_id, points=points, **values | changes)


def owing(share_percent=50):
    with transaction():
        build.regions()
        make.policy(share_percent)
        person_id = make.rich(0)
        take(person_id, 20)
    return person_id


def test_what_is_usable_is_taken(app):
    with transaction():
        person_id = make.rich(30)
        assert take(person_id, 20) == TakenBack(20, 0, 0, 0)
        assert balance_of(person_id).usable == 10


def test_a_single_point_is_taken(app):
    with transaction():
        person_id = make.rich(30)
        assert take(person_id, 1) == TakenBack(1, 0, 0, 0)
        assert balance_of(person_id).usable == 29


@pytest.mark.parametrize("points,pending", [(0, 0), (5, -1), (5, 6)])
def test_nothing_is_taken_where_the_numbers_make_no_sense(app, points, pending):
    with transaction(), pytest.raises(ValueError, match="at least one point"):
        take(make.rich(30), points, pending=pending)


def test_what_was_spent_is_written_off_and_said(app, heard):
    with transaction():
        person_id = make.rich(30)
        make.held(person_id, 25)
        assert take(person_id, 20) == TakenBack(from_wallet=5, from_pending=0, owed=0, written_off=15)
        assert balance_of(person_id).held == 25
        assert debts.owed_by(person_id) == 0
        assert write_off_account().balance == -15
    assert [(each.person_id, each.points) for each in heard] == [(person_id, 15)]


def test_the_same_again_takes_nothing_more(app, heard):
    with transaction():
        person_id = make.rich(5)
        first = take(person_id, 20)
        make.give(person_id, 50)
        assert take(person_id, 20) == first
        assert balance_of(person_id).usable == 50
    assert len(heard) == 1


def test_the_same_again_answers_the_same_when_it_is_owed(app):
    person_id = owing()
    with transaction():
        assert take(person_id, 20) == TakenBack(0, 0, 20, 0)


def test_pending_points_are_taken_where_they_wait(app):
    with transaction():
        person_id = make.rich(10)
        legs = [Leg(correction_account().id, -8), Leg(pending_of(person_id).id, 8)]
        make.give(person_id, 8, legs=legs)
        assert take(person_id, 8, pending=8) == TakenBack(0, 8, 0, 0)
        assert balance_of(person_id).usable == 10


def test_they_go_back_to_where_they_came_from(app):
    with transaction():
        person_id, fund = make.rich(5), settlement_of(new_id())
        take(person_id, 20, to_account_id=fund.id)
        assert settlement_of(fund.owner_id).balance == 20


def test_the_lot_that_the_void_award_filled_is_emptied_first(app):
    with transaction():
        person_id = new_id()
        make.give_until(person_id, 10, LATER)
        void = make.give_until(person_id, 10, None)
        take(person_id, 10, given_by=void.source)
        assert make.lots(person_id) == {LATER: (10, 0)}


def test_a_debt_is_owed_where_the_policy_says_so(app):
    person_id = owing()
    with transaction():
        assert debts.owed_by(person_id) == 20
        assert debt_of(person_id).balance == -20
        assert balance_of(person_id).usable == 0


def test_an_award_pays_the_stated_share_and_never_more_than_is_owed(app, heard):
    person_id = owing()
    with transaction():
        for number, (points, paid) in enumerate(((10, 5), (100, 15), (100, 0))):
            make.give(person_id, points)
            source = f"award:{number}:debt"
            at = clocks.now()
            assert debts.pay_from_award(person_id=person_id, points=points, source=source, at=at) == paid
            assert debts.pay_from_award(person_id=person_id, points=points, source=source, at=at) == 0
        assert balance_of(person_id).usable == 190
    assert [each.points for each in heard] == [5, 15]


def test_a_debt_can_be_written_off_later(app):
    person_id = owing()
    with transaction():
        for _ in range(2):
            debts.write_off(person_id=person_id, points=20, source="mercy", by=SYSTEM, at=clocks.now())
        assert debts.owed_by(person_id) == 0


def test_a_source_used_for_something_else_is_refused(app):
    with transaction():
        person_id = make.rich(30)
        make.give(person_id, 5, source="void:1")
        with pytest.raises(SourceUsedDifferently):
            take(person_id, 20)


def test_what_is_spent_while_it_is_taken_back_is_written_off(app):
    with transaction():
        person_id = make.rich(30)
        take(make.rich(1), 1, source="opens the accounts")
    both = crossed(lambda: make.held(person_id, 25), lambda: take(person_id, 20))
    assert both.then == TakenBack(from_wallet=5, from_pending=0, owed=0, written_off=15)
