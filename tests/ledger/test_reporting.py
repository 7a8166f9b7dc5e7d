"""The book at any past moment, any account line by line, and what is owed to riders and when."""

from __future__ import annotations

import csv
import io
import threading
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import current_app
from openpyxl import load_workbook

from app.audit.models import AuditRecord
from app.identity.actors import SYSTEM
from app.kernel.db import dialect_name, in_transaction, session, transaction
from app.kernel.errors import Forbidden
from app.ledger import budgets, exporting, reporting
from app.ledger.accounts import correction_account, debt_of, pending_of, settlement_of, wallet_of
from app.ledger.errors import AccountNotFound
from app.ledger.posting import Leg
from app.ledger.queries import BudgetState
from app.notices.models import Notice
from tests import make as build
from tests.ledger import make

TODAY = date(2026, 11, 24)


@pytest.fixture
def rider(app, clock):
    """Somebody who got 10 on Tuesday, 20 on Wednesday, and spent 5 on Thursday."""
    with transaction():
        build.regions()
        rider = build.rider(home_region_code=build.XUANWU)
        make.give_until(rider.id, 10, TODAY + timedelta(days=40))
    clock.advance(days=1)
    with transaction():
        make.give_until(rider.id, 20, None)
    clock.advance(days=1)
    with transaction():
        legs = [Leg(wallet_of(rider.id).id, -5), Leg(settlement_of(make.new_id()).id, 5)]
        make.give(rider.id, 5, legs=legs, words={"slug": "ledger.told", "text": "=1+1"})
    return rider


def auditor(region_code=build.CITY):
    return build.actor(build.staff("auditor", region_code=region_code))


def kinds(day):
    return {each.kind: each.balance for each in reporting.trial_balance(reporting.end_of(day), by=SYSTEM)}


def test_the_trial_balance_of_any_day_sums_to_zero_and_is_that_of_the_day(rider):
    with transaction(write=False):
        assert kinds(TODAY - timedelta(days=1)) == {}
        assert kinds(TODAY) == {"wallet": 10, "correction": -10}
        assert kinds(TODAY + timedelta(days=1)) == {"wallet": 30, "correction": -30}
        assert kinds(TODAY + timedelta(days=2)) == {"wallet": 25, "settlement": 5, "correction": -30}


def statement(rider, from_on, to_on=None, *, to_at=None, **more):
    first, last = reporting.span_asked(from_on, to_on, to_at, make.clock.now())
    account_id = wallet_of(rider.id).id
    return reporting.statement_of(account_id, from_at=first, to_at=last, by=auditor(), **more)


def test_the_book_is_shown_as_it_was_at_any_instant(rider, clock):
    """14:02 on Wednesday: one microsecond earlier the 20 were not there yet."""
    moment = clock.at - timedelta(days=1)
    with transaction():
        before = moment - timedelta(microseconds=1)
        for asked, balance in ((before, 10), (moment, 30)):
            found = {each.kind: each.balance for each in reporting.trial_balance(asked, by=SYSTEM)}
            assert found == {"wallet": balance, "correction": -balance}
            assert statement(rider, TODAY, to_at=asked).closing == balance
            wallet = wallet_of(rider.id)
            assert reporting.balances_at([wallet], asked) == {wallet.id: balance}
        made = exporting.trial_balance(moment=before, form="csv", by=auditor(), at=clock.at)
        assert "10" in made.data.decode()
        assert "30" not in made.data.decode()
        assert made.filename == "trial-balance-2026-11-25-140159.csv"


def test_a_statement_begins_and_ends_with_the_balance(rider):
    with transaction():
        day = TODAY + timedelta(days=1)
        found = statement(rider, day, day)
        assert (found.opening, found.closing, found.more) == (10, 30, 0)
        assert [(line.amount, line.balance) for line in found.lines] == [(20, 30)]
        whole = statement(rider, TODAY, TODAY + timedelta(days=9), limit=2)
        assert [line.balance for line in whole.lines] == [10, 30]
        assert (whole.opening, whole.closing, whole.more) == (0, 25, 1)


def test_a_statement_has_what_happened_at_its_first_and_at_its_last_instant(rider, clock):
    first, last = clock.at - timedelta(days=1), clock.at
    with transaction():
        account_id = wallet_of(rider.id).id
        found = reporting.statement_of(account_id, from_at=first, to_at=last, by=auditor())
        assert (found.opening, [line.amount for line in found.lines], found.closing) == (10, [20, -5], 25)
        moment = timedelta(microseconds=1)
        inside = reporting.statement_of(account_id, from_at=first + moment, to_at=last - moment, by=auditor())
        assert (inside.opening, inside.lines, inside.closing) == (30, [], 30)


def _while_points_move(monkeypatch, rider) -> None:
    """Whoever asks is looked at when the account has been read: at that moment somebody else posts."""
    app = current_app._get_current_object()

    def post() -> None:
        with app.app_context():
            in_transaction(lambda: make.give_until(rider.id, 7, None))

    def read(_found, _by) -> None:
        if dialect_name() == "postgresql":  # on SQLite a read sees one moment by itself
            thread = threading.Thread(target=post)
            thread.start()
            thread.join()

    monkeypatch.setattr(reporting, "must_read", read)


def test_a_statement_adds_up_though_points_move_while_it_is_read(rider, monkeypatch):
    with transaction(write=False):
        account_id = wallet_of(rider.id).id
    _while_points_move(monkeypatch, rider)
    first, last = reporting.span_asked(TODAY, TODAY + timedelta(days=9), None, make.clock.now())
    with transaction(write=False):
        found = reporting.statement_of(account_id, from_at=first, to_at=last, by=SYSTEM)
    assert found.opening == 0
    assert found.closing == found.lines[-1].balance == sum(line.amount for line in found.lines)


def test_balances_are_those_of_the_moment_asked_for_though_points_move_after_they_were_found(rider, clock):
    asked_at = clock.at
    with transaction(write=False):
        wallet = wallet_of(rider.id)
    clock.advance(seconds=1)
    with transaction():
        make.give_until(rider.id, 7, None)
    with transaction(write=False):
        assert reporting.balances_at([wallet], asked_at) == {wallet.id: 25}


def test_who_reads_the_ledger_of_a_district_reads_no_account_of_another(rider):
    with transaction():
        by = auditor(build.MEIYUAN)
        for account in (wallet_of(rider.id), correction_account()):
            with pytest.raises(AccountNotFound):
                reporting.account(account.id, by=by)
        with pytest.raises(Forbidden):
            reporting.accounts(by=by)
        with pytest.raises(Forbidden):
            exporting.trial_balance(moment=make.clock.now(), form="csv", by=by, at=make.clock.now())


def test_the_sums_of_the_city_are_for_who_reads_the_ledger_of_the_city(rider):
    with transaction():
        by = auditor(build.XUANWU)
        with pytest.raises(Forbidden):
            reporting.trial_balance(make.clock.now(), by=by)
        with pytest.raises(Forbidden):
            reporting.liability(by=by)


def test_the_liability_says_what_is_owed_and_when_it_runs_out(rider):
    with transaction():
        make.held(rider.id, 7)
        found = reporting.liability(by=auditor())
        assert (found.owed, found.usable, found.held, found.without_end) == (25, 18, 7, 20)
        assert [(each.month_on, each.points, each.held) for each in found.calendar] == [
            (date(2027, 1, 1), 5, 5)
        ]


def test_the_liability_says_what_waits_what_is_owed_and_what_can_still_be_given(rider):
    with transaction():
        legs = [Leg(correction_account().id, -8), Leg(pending_of(rider.id).id, 8)]
        make.give(rider.id, 8, legs=legs)
        make.give(rider.id, 3, legs=[Leg(debt_of(rider.id).id, -3), Leg(correction_account().id, 3)])
        make.fund(build.XUANWU, 40)
        found = reporting.liability(by=auditor())
        assert (found.usable, found.pending, found.owed, found.owed_by_riders) == (25, 8, 33, 3)
        assert [(each.region_code, each.left) for each in found.budgets] == [(build.XUANWU, 40)]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_an_export_has_every_line_holds_no_formula_and_leaves_a_trace(rider, form):
    with transaction():
        by = auditor()
        first, last = reporting.span_asked(TODAY, TODAY + timedelta(days=9), None, make.clock.now())
        made = exporting.statement(
            account_id=wallet_of(rider.id).id,
            from_at=first,
            to_at=last,
            form=form,
            by=by,
            at=make.clock.now(),
        )
        trace = session.scalars(sa.select(AuditRecord).where(AuditRecord.action == "ledger.exported")).one()
        assert (trace.actor_id, trace.facts["rows"]) == (by.id, 3)
    if form == "csv":
        rows = list(csv.reader(io.StringIO(made.data.decode("utf-8-sig"))))[1:]
    else:
        sheet = load_workbook(io.BytesIO(made.data)).worksheets[0]
        rows = [list(row) for row in sheet.iter_rows(min_row=2, values_only=True)]
        assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}
    assert [int(row[4]) for row in rows] == [10, 30, 25]
    assert str(rows[2][2]).lstrip("'") == "=1+1"


def test_a_budget_is_warned_of_once_at_each_mark_and_anew_after_more_funds(app, clock):
    with transaction():
        build.regions()
        boss = build.staff("department", region_code=build.CITY)
        build.staff("department", region_code=build.MEIYUAN)
        make.fund(build.CITY, 100)
    given = []
    for points in (79, 1, 14, 1, 5):
        with transaction():
            person_id = make.new_id()
            budget = budgets.own_budget_of(build.CITY, budgets.quarter(clock()))
            make.give(person_id, points, legs=[Leg(budget.id, -points), Leg(wallet_of(person_id).id, points)])
            given.append(budgets.warn_due(at=clock()) + budgets.warn_due(at=clock()))
    assert given == [0, 1, 0, 1, 1]
    with transaction():
        make.fund(build.CITY, 10)
        assert budgets.warn_due(at=clock()) == 1
        told = session.execute(sa.select(Notice.person_id, Notice.slug).order_by(Notice.id)).all()
    assert told == [(boss.id, slug) for slug in ("budget-low", "budget-low", "budget-empty", "budget-low")]


def test_all_of_a_budget_is_spent_only_when_nothing_is_left():
    state = BudgetState(region_code=build.CITY, period="2026Q4", funded=1000, left=4)
    assert (state.percent, state.level) == (99, "alarm")


def test_a_statement_of_nobody_s_account_is_not_found(rider):
    with transaction(), pytest.raises(AccountNotFound):
        reporting.account(make.new_id(), by=SYSTEM)
