"""Posting: exactly once, balanced, never more than there is, and taken back at most once."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from app.identity.actors import SYSTEM
from app.kernel import clock
from app.kernel.db import session, transaction
from app.kernel.ids import new_id
from app.ledger import posting
from app.ledger.accounts import correction_account, settlement_of, wallet_of
from app.ledger.errors import (
    AlreadyReversed,
    NotReversible,
    PointsShort,
    SourceUsedDifferently,
    TransactionNotFound,
)
from app.ledger.models import Entry, LedgerTransaction
from app.ledger.posting import Leg
from app.ledger.queries import balance_of
from app.ledger.verify import verify
from tests.ledger import make


def test_it_moves_points_and_the_balance_follows(app):
    with transaction():
        person_id = make.rich(30)
        assert balance_of(person_id).usable == 30
        assert wallet_of(person_id).balance == 30
        assert correction_account().balance == -30
        assert verify() == []


def test_it_returns_the_first_transaction_for_the_same_source(app):
    with transaction():
        person_id = make.rich(0)
        first = make.give(person_id, 5, source="checkin:1")
    with transaction():
        again = make.give(person_id, 5, source="checkin:1")
        assert again.id == first.id
        assert balance_of(person_id).usable == 5


@pytest.mark.parametrize("change", [{"points": 6}, {"kind": "bonus"}])
def test_it_refuses_a_source_that_was_used_differently(app, change):
    with transaction():
        person_id = make.rich(0)
        make.give(person_id, 5, source="checkin:1")
        points = change.pop("points", 5)
        with pytest.raises(SourceUsedDifferently):
            make.give(person_id, points, source="checkin:1", **change)
        assert balance_of(person_id).usable == 5


def test_it_says_how_many_points_are_short_and_leaves_the_unit_of_work_usable(app):
    with transaction():
        person_id = make.rich(30)
        with pytest.raises(PointsShort) as short:
            spend(person_id, 50)
        assert short.value.facts == {"short_by": 20, "usable": 30}
        make.give(person_id, 20)
        spend(person_id, 50)
        assert balance_of(person_id).usable == 0
    with transaction():
        assert verify() == []


def test_it_does_not_spend_what_is_held(app):
    with transaction():
        person_id = make.rich(30)
        make.held(person_id, 20)
        with pytest.raises(PointsShort):
            spend(person_id, 11)
        spend(person_id, 10)


@pytest.mark.parametrize("amounts", [[5], [5, -4], [0, 0], []])
def test_it_takes_no_legs_that_do_not_balance(app, amounts):
    with transaction():
        legs = [Leg(wallet_of(new_id()).id, amount) for amount in amounts]
        with pytest.raises(ValueError, match=r"sum to zero|account of its own"):
            posting.post(kind="odd", source="odd", legs=legs, words=make.WORDS, by=SYSTEM, at=clock.now())


def test_it_takes_no_account_twice_and_none_that_is_not_there(app):
    with transaction():
        wallet_id, nowhere = wallet_of(new_id()).id, new_id()
        for legs in ([Leg(wallet_id, 5), Leg(wallet_id, -5)], [Leg(wallet_id, 5), Leg(nowhere, -5)]):
            with pytest.raises(ValueError, match=r"of its own|does not exist"):
                posting.post(kind="odd", source="odd", legs=legs, words=make.WORDS, by=SYSTEM, at=clock.now())


def test_it_takes_a_transaction_back_once(app):
    with transaction():
        person_id = make.rich(0)
        first = make.give(person_id, 5)
        back = reverse(first, "undo:1")
        assert back.reverses_id == first.id
        assert balance_of(person_id).usable == 0
        assert reverse(first, "undo:1").id == back.id
        with pytest.raises(AlreadyReversed):
            reverse(first, "undo:2")
        with pytest.raises(NotReversible):
            reverse(back, "undo:3")
    with transaction():
        assert session.scalar(sa.select(sa.func.count()).select_from(LedgerTransaction)) == 2
        assert verify() == []


def test_it_takes_back_only_what_is_still_there_and_what_exists(app):
    with transaction():
        person_id = make.rich(0)
        first = make.give(person_id, 5)
        spend(person_id, 3)
        with pytest.raises(PointsShort):
            reverse(first, "undo:1")
        with pytest.raises(SourceUsedDifferently):
            reverse(first, first.source)
        with pytest.raises(TransactionNotFound):
            posting.reverse(transaction_id=new_id(), source="x", words={}, by=SYSTEM, at=clock.now())


def test_it_needs_few_statements(app, statements):
    with transaction():
        person_id = make.rich(10)
        legs = [Leg(wallet_of(person_id).id, -1), Leg(settlement_of(new_id()).id, 1)]
        statements.clear()
        posting.post(kind="gift", source="gift:1", legs=legs, words=make.WORDS, by=SYSTEM, at=clock.now())
    assert len(statements) == 3, statements


def test_the_same_source_again_is_the_first_also_when_nothing_is_left(app):
    with transaction():
        person_id = make.rich(5)
        legs = [Leg(wallet_of(person_id).id, -5), Leg(settlement_of(new_id()).id, 5)]
        given = {"kind": "gift", "source": "gift:1", "words": make.WORDS, "by": SYSTEM, "at": clock.now()}
        first = posting.post(legs=legs, **given)
        assert posting.post(legs=legs, **given).id == first.id
        with pytest.raises(SourceUsedDifferently):
            posting.post(legs=[legs[0], Leg(settlement_of(new_id()).id, 5)], **given)
        assert balance_of(person_id).usable == 0
        assert verify() == []


def test_it_keeps_entries_of_one_transaction_together(app):
    with transaction():
        first = make.give(make.rich(0), 7)
        amounts = session.scalars(sa.select(Entry.amount).where(Entry.transaction_id == first.id)).all()
        assert sorted(amounts) == [-7, 7]
        assert session.get(LedgerTransaction, first.id) is first


def spend(person_id, points):
    legs = [Leg(wallet_of(person_id).id, -points), Leg(settlement_of(new_id()).id, points)]
    return posting.post(
        kind="gift", source=make.source("gift"), legs=legs, words=make.WORDS, by=SYSTEM, at=clock.now()
    )


def reverse(first, source):
    return posting.reverse(
        transaction_id=first.id,
        source=source,
        words={"slug": "ledger.told", "text": "错了"},
        by=SYSTEM,
        at=clock.now(),
    )
