"""One named entry is taken back: exactly, once, with a reason; above the limit by two; and no wallet below zero."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.identity.actors import SYSTEM
from app.kernel import clock as clocks
from app.kernel import events
from app.kernel.db import session, transaction
from app.ledger import budgets, debts, expiring, reversals, reversing
from app.ledger.accounts import correction_account, quarter, wallet_of, write_off_account
from app.ledger.errors import (
    AlreadyReversed,
    ApproverIsAsker,
    BudgetExhausted,
    CorrectionDecided,
    EntryNotFound,
    EntryNotReversible,
    NotReversible,
    OwnPoints,
    ReversalNotFound,
    ReversalOpen,
)
from app.ledger.events import EntryReversed, ReversalAsked, ReversalRefused
from app.ledger.models import Entry, LedgerTransaction
from app.ledger.posting import Leg, booked, reverse
from app.ledger.queries import balance_of
from app.ledger.reversals import Reversal
from app.ledger.verify import verify
from tests import make as build
from tests.crossing import crossed
from tests.ledger import make
from tests.ledger.test_races import at_once

SOON, LATER = date(2026, 12, 1), date(2027, 1, 1)


@pytest.fixture
def office(app):
    """A rider at home in Xuanwu, two of the department there, one next door."""
    with transaction():
        build.regions()
        rider = build.rider(home_region_code=build.COMMUNITY)
        first, second = (build.actor(build.staff("department", region_code=build.XUANWU)) for _ in range(2))
        elsewhere = build.actor(build.staff("department", region_code=build.QINHUAI))
    yield rider.id, first, second, elsewhere
    with transaction():
        assert verify() == []


def wrong(person_id, points, until=None):
    """A mistake in somebody's wallet; the entry that names it."""
    legs = [Leg(correction_account().id, -points), Leg(wallet_of(person_id).id, points, until)]
    return line(make.give(person_id, points, kind="correction", legs=legs), person_id)


def line(booked_as, person_id):
    own = sa.select(Entry.id).where(Entry.transaction_id == booked_as.id)
    return session.scalars(own.where(Entry.account_id == wallet_of(person_id).id)).one()


def ask(entry_id, by, reason="同一次签到记了两遍"):
    return reversing.ask_to_reverse(entry_id=entry_id, reason=reason, by=by, at=clocks.now())


def decide(asked, by, approved=True):
    return reversing.decide_reversal(reversal_id=asked.id, approved=approved, by=by, at=clocks.now())


def test_up_to_the_limit_one_person_takes_it_back_at_once(office):
    person_id, first, _second, _elsewhere = office
    heard = []
    events.wire([(EntryReversed, heard.append)])
    with transaction():
        make.give(person_id, 7)
        entry_id = wrong(person_id, 100)
        done = ask(entry_id, first)
        assert (done.state, done.decided_by, done.needs_second) == ("posted", first.id, False)
        assert balance_of(person_id).usable == 7
    assert [(each.for_rider, each.owed, each.written_off) for each in heard] == [(-100, 0, 0)]


def test_above_it_nothing_moves_until_another_agrees(office):
    person_id, first, second, _elsewhere = office
    heard = []
    events.wire([(ReversalAsked, heard.append), (EntryReversed, heard.append)])
    with transaction():
        asked = ask(wrong(person_id, 101), first)
        assert (asked.state, asked.needs_second) == ("waiting", True)
        assert balance_of(person_id).usable == 101
        with pytest.raises(ApproverIsAsker):
            decide(asked, first)
        assert [each.id for each in reversals.reversals(by=second, state="waiting").items] == [asked.id]
    with transaction():
        assert decide(asked, second).state == "posted"
        assert balance_of(person_id).usable == 0
        with pytest.raises(CorrectionDecided):
            decide(asked, second)
    assert [type(each) for each in heard] == [ReversalAsked, EntryReversed]


def test_refused_or_withdrawn_it_may_be_asked_for_again(office):
    person_id, first, second, _elsewhere = office
    heard = []
    events.wire([(ReversalRefused, heard.append)])
    with transaction():
        entry_id = wrong(person_id, 500)
        for by in (second, first):
            assert decide(ask(entry_id, first), by, approved=False).state == "refused"
        assert decide(ask(entry_id, first), second).state == "posted"
    assert len(heard) == 2


def test_an_entry_is_taken_back_once(office):
    person_id, first, second, _elsewhere = office
    with transaction():
        entry_id = wrong(person_id, 500)
        asked = ask(entry_id, first)
        with pytest.raises(ReversalOpen):
            ask(entry_id, second)
        decide(asked, second)
        with pytest.raises(AlreadyReversed):
            ask(entry_id, second)
        back = session.get_one(LedgerTransaction, asked.reversal_id)
        with pytest.raises(NotReversible):
            ask(line(back, person_id), second)


def test_two_that_take_it_back_at_once_take_it_back_once(office, app):
    person_id, first, second, _elsewhere = office
    with transaction():
        entry_id = wrong(person_id, 10)
    results = at_once(app, *[lambda by=by: ask(entry_id, by).state for by in (first, second) * 3])
    assert sorted(results) == ["already-reversed"] * 5 + ["posted"]


def test_what_was_spent_or_reserved_is_written_off_and_the_wallet_is_empty(office):
    person_id, first, _second, _elsewhere = office
    with transaction():
        entry_id = wrong(person_id, 60)
        make.give(person_id, -20, legs=[Leg(wallet_of(person_id).id, -20), Leg(correction_account().id, 20)])
        make.held(person_id, 25)
        seen = reversing.foresee(entry_id=entry_id, by=first, at=clocks.now())
        assert (seen.usable, seen.held, seen.missing, seen.written_off, seen.owed) == (15, 25, 45, 45, 0)
        done = ask(entry_id, first)
        assert (balance_of(person_id).usable, balance_of(person_id).held) == (0, 25)
        assert debts.owed_by(person_id) == 0
        assert write_off_account().balance == -45
        lent = booked(f"{reversing.source_of(done.id)}:debt")
        assert lent.words == {"slug": "ledger.lent-written-off", "points": 45}


def test_it_is_owed_where_the_policy_says_so(office):
    person_id, first, second, _elsewhere = office
    heard = []
    events.wire([(EntryReversed, heard.append)])
    with transaction():
        make.policy(50)
        entry_id = wrong(person_id, 130)
        make.give(
            person_id, -100, legs=[Leg(wallet_of(person_id).id, -100), Leg(correction_account().id, 100)]
        )
        decide(ask(entry_id, first), second)
        assert balance_of(person_id).usable == 0
        assert debts.owed_by(person_id) == 100
    assert [(each.for_rider, each.owed, each.written_off) for each in heard] == [(-130, 100, 0)]


@pytest.mark.once
def test_a_debt_is_told_by_the_policy_of_the_day_on_which_it_comes_about(office, clock):
    person_id, first, second, _elsewhere = office
    with transaction():
        entry_id = wrong(person_id, 130)
        make.give(
            person_id, -100, legs=[Leg(wallet_of(person_id).id, -100), Leg(correction_account().id, 100)]
        )
        asked = ask(entry_id, first)
    clock.advance(days=1)
    with transaction():
        make.policy(50)
        decide(asked, second)
        lent = booked(f"{reversing.source_of(asked.id)}:debt")
        assert (lent.words["slug"], debts.owed_by(person_id)) == ("ledger.lent-owed", 100)


@pytest.mark.once
def test_a_reversal_names_the_day_in_the_city_of_what_it_takes_back(office, clock):
    person_id, first, _second, _elsewhere = office
    clock.at = datetime(2026, 11, 24, 16, 30, tzinfo=UTC)  # 00:30 on the 25th
    with transaction():
        done = ask(wrong(person_id, 5), first)
        assert booked(reversing.source_of(done.id)).words["day"] == "2026-11-25"


def test_points_leave_the_lot_they_filled(office):
    person_id, first, _second, _elsewhere = office
    with transaction():
        make.give_until(person_id, 30, SOON)
        ask(wrong(person_id, 30, LATER), first)
        assert make.lots(person_id) == {SOON: (30, 0)}


def test_an_expiry_taken_back_gives_a_while_to_use_the_points(office, clock):
    person_id, first, _second, _elsewhere = office
    with transaction():
        make.give_until(person_id, 30, SOON)
    clock.advance(days=10)
    with transaction():
        assert expiring.expire_due(at=clocks.now()) == 1
        gone = session.scalars(sa.select(LedgerTransaction).where(LedgerTransaction.kind == "expiry")).one()
        ask(line(gone, person_id), first, "系统停了三天")
        due_on = clocks.city_day(clocks.now()) + timedelta(days=30)
        assert make.lots(person_id) == {due_on: (30, 0)}
        told = booked(f"reversal:{session.scalars(sa.select(Reversal.id)).one()}")
        assert told.words["slug"] == "ledger.reversed-up"
        assert told.words["what"]["zh"].startswith("有效期到")


def test_money_that_a_budget_got_by_mistake_goes_back_as_long_as_it_is_there(office):
    person_id, first, second, _elsewhere = office
    with transaction():
        at = clocks.now()
        facts = {"region_code": build.XUANWU, "period": quarter(at), "by": SYSTEM, "at": at}
        funded = budgets.fund_budget(points=5000, source="twice", **facts)
        entry_id = session.scalars(sa.select(Entry.id).where(Entry.transaction_id == funded.id)).first()
        asked = ask(entry_id, first, "拨了两遍")
        assert (asked.person_id, asked.region_path) == (None, "3201/320102/")
        from_id, to_id = (each for each, _ in sorted(_legs(funded.id), key=lambda leg: -leg[1]))
        make.give(person_id, 1, legs=[Leg(from_id, -4000), Leg(wallet_of(person_id).id, 4000)])
        with pytest.raises(BudgetExhausted), session.begin_nested():
            decide(asked, second)
        assert to_id != from_id


def _legs(transaction_id):
    found = sa.select(Entry.account_id, Entry.amount).where(Entry.transaction_id == transaction_id)
    return session.execute(found).all()


def test_vouchers_and_void_facts_have_ways_of_their_own(office):
    person_id, first, _second, _elsewhere = office
    with transaction():
        for kind in ("capture", "taking-back", "debt", "write-off", "gift"):
            with pytest.raises(EntryNotReversible):
                ask(line(make.give(person_id, 5, kind=kind), person_id), first)


def test_nobody_decides_on_their_own_points(office):
    with transaction():
        first, second = (build.actor(build.staff("department", region_code=build.CITY)) for _ in range(2))
        entry_id = wrong(first.id, 500)
        with pytest.raises(OwnPoints):
            ask(entry_id, first)
        asked = ask(entry_id, second)
        with pytest.raises(OwnPoints):
            decide(asked, first)
        assert decide(asked, first, approved=False).state == "refused"


def test_it_is_done_only_where_one_may(office):
    person_id, first, _second, elsewhere = office
    with transaction():
        auditor = build.actor(build.staff("auditor", region_code=build.XUANWU))
        entry_id = wrong(person_id, 500)
        for by in (elsewhere, auditor):
            with pytest.raises(EntryNotFound):
                reversing.foresee(entry_id=entry_id, by=by, at=clocks.now())
        asked = ask(entry_id, first)
        with pytest.raises(ReversalNotFound):
            decide(asked, elsewhere)
        assert reversals.reversals(by=elsewhere).items == []


def test_a_reversal_by_the_programme_itself_counts_too(office):
    person_id, first, _second, _elsewhere = office
    with transaction():
        entry_id = wrong(person_id, 5)
        mistaken = session.get_one(Entry, entry_id).transaction_id
        reverse(transaction_id=mistaken, source="undo", words=make.WORDS, by=SYSTEM, at=clocks.now())
        with pytest.raises(AlreadyReversed):
            ask(entry_id, first)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("second_approver", {"decided_by": Reversal.asked_by}),
        ("not_own", {"person_id": Reversal.decided_by}),
        ("limit", {"needs_second": False}),
        ("posted", {"reversal_id": None}),
        ("decided", {"decided_by": None, "decided_at": None}),
        ("points", {"points": 0}),
    ],
)
def test_the_database_holds_it_too(office, name, values):
    person_id, first, second, _elsewhere = office
    with transaction():
        decide(ask(wrong(person_id, 500), first), second)
    with pytest.raises(IntegrityError, match=name), transaction():
        session.execute(sa.update(Reversal).values(**values))


def test_of_two_who_decide_at_once_the_second_is_told_that_it_is_decided(office):
    person_id, first, second, _elsewhere = office
    with transaction():
        asked = ask(wrong(person_id, 500), first)
    both = crossed(lambda: decide(asked, first, approved=False).state, lambda: decide(asked, second).state)
    assert (both.first, both.then) == ("refused", "correction-decided")
    with transaction():
        assert balance_of(person_id).usable == 500


def test_of_two_who_ask_at_once_the_second_is_told_what_became_of_it(office):
    person_id, first, second, _elsewhere = office
    with transaction():
        small, large = wrong(person_id, 10), wrong(person_id, 500)
    both = [
        crossed(*(lambda by=by, entry=entry: ask(entry, by).state for by in (first, second)))
        for entry in (small, large)
    ]
    assert [(each.first, each.then) for each in both] == [
        ("posted", "already-reversed"),
        ("waiting", "reversal-open"),
    ]


def test_what_is_spent_while_it_is_taken_back_is_written_off(office):
    person_id, first, _second, _elsewhere = office
    with transaction():
        entry_id = wrong(person_id, 60)
        away = [Leg(wallet_of(person_id).id, -20), Leg(correction_account().id, 20)]
    both = crossed(lambda: make.give(person_id, -20, legs=away), lambda: ask(entry_id, first).state)
    assert both.then == "posted"
    with transaction():
        assert (balance_of(person_id).usable, write_off_account().balance) == (0, -20)
